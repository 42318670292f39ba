"""The fuzzy engine beside the index: built apart, mapped, brought up to date, and never trusted blindly."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from core.errors import Cancelled, PatchdeskError
from core.index.index import Index, RowView, open_index
from core.search.fuzzy import cache as fuzzy_cache
from core.search.fuzzy.cache import FuzzyCache, is_stale, load, rebuild
from tests.core.indexing import NOBODY, Log, bring
from tests.core.search.finding import MAILS, letter

ROOT = Path(__file__).resolve().parents[3]
VIEW = RowView()


@pytest.fixture
def log() -> Log:
    log = Log("letters")
    log.entries = [(raw, True) for raw in MAILS]
    return log


@pytest.fixture
def index(tmp_path: Path, log: Log) -> Iterator[Index]:
    index = open_index(tmp_path / "data" / "index.sqlite3")
    bring(index, log)
    yield index
    index.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "search"


def rows(engine: FuzzyCache, text: str) -> list[int]:
    found = engine.search(text, 50, None, None)
    assert found is not None
    return [row for row, _, _ in found]


def numbers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.isdecimal())


def test_it_is_built_once_and_mapped_from_then_on(index: Index, folder: Path) -> None:
    engine = FuzzyCache(index, folder)
    assert (engine.ready, engine.saved) == (False, False)
    assert engine.search("pmu", 10, None, None) is None
    assert engine.ensure_ready(NOBODY)
    assert (engine.ready, engine.saved) == (True, True)
    assert rows(engine, "guest_memdf")
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in [folder, *folder.rglob("*")]}
    assert modes == {0}
    again = FuzzyCache(index, folder)
    assert again.ensure_ready(NOBODY)
    assert rows(again, "guest_memdf") == rows(engine, "guest_memdf")
    assert numbers(folder) == ["1"]
    assert not is_stale(index, folder)


def test_rows_and_patches_are_told_apart_and_kept_within_limits(index: Index, folder: Path) -> None:
    engine = FuzzyCache(index, folder)
    engine.ensure_ready(NOBODY)
    found = engine.search("cpucap", 50, None, None)
    assert found
    (row, node, hit) = found[0]
    assert node > 0
    assert index.search.search_rows_of([node])[node].row == row
    assert hit.subject
    assert engine.search("cpucap", 50, None, [row]) == found
    others = [each for each in index.rows.order(VIEW) if each != row]
    assert engine.search("cpucap", 50, None, others) == []
    assert engine.search("cpucap", 50, None, []) == []
    # A patch that did not change from one version to the next is there once.
    assert len([each for each in found if each[0] == row]) == 1


def test_what_changes_is_taken_in(index: Index, folder: Path, log: Log) -> None:
    engine = FuzzyCache(index, folder)
    engine.ensure_ready(NOBODY)
    log.entries += [
        (letter("plum", "[PATCH] plums and quinces"), True),
        (MAILS[12], False),
        (
            letter("pmu3", "[PATCH v3] arm64: PMU partitioning", answers="pmu2-0", files=["x.c"]),
            True,
        ),
    ]
    bring(index, log)
    assert rows(engine, "quinces") == []
    assert engine.ensure_ready(NOBODY)
    assert len(rows(engine, "quinces")) == 1
    assert rows(engine, "sic explained") == []
    assert rows(engine, "v3 partitioning")
    assert numbers(folder) == ["1"]
    late = FuzzyCache(index, folder)
    late.ensure_ready(NOBODY)
    assert rows(late, "quinces") == rows(engine, "quinces")
    assert rows(late, "arm64") == rows(engine, "arm64")


def test_much_that_changes_is_for_the_other_process(
    index: Index, folder: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = FuzzyCache(index, folder)
    engine.ensure_ready(NOBODY)
    monkeypatch.setattr(fuzzy_cache, "MAX_INLINE_CHANGES", 3)
    log.entries += [(letter(f"n{at}", f"[PATCH] number {at} of many"), True) for at in range(9)]
    bring(index, log)
    assert is_stale(index, folder)
    assert engine.ensure_ready(NOBODY)
    assert len(rows(engine, "many")) == 9
    assert numbers(folder) == ["2"]
    assert not is_stale(index, folder)


def test_an_index_built_anew_has_nothing_of_the_old_arrays(
    index: Index, folder: Path, tmp_path: Path
) -> None:
    FuzzyCache(index, folder).ensure_ready(NOBODY)
    other = open_index(tmp_path / "data" / "other.sqlite3")
    another = Log("letters")
    another.entries = [(letter("plum", "[PATCH] plums"), True)]
    bring(other, another)
    assert load(other, folder) is None
    assert is_stale(other, folder)
    engine = FuzzyCache(other, folder)
    assert engine.ensure_ready(NOBODY)
    assert rows(engine, "pmu") == []
    assert len(rows(engine, "plums")) == 1
    other.close()


def no_head(saved: Path) -> None:
    (saved / "head.json").unlink()


def odd_head(saved: Path) -> None:
    (saved / "head.json").write_text('{"format": 1, "stamp": 5}')


def foreign_stamp(saved: Path) -> None:
    head = json.loads((saved / "head.json").read_text())
    (saved / "head.json").write_text(json.dumps({**head, "stamp": "of nobody"}))


def cut_short(saved: Path) -> None:
    data = (saved / "arrays").read_bytes()
    (saved / "arrays").write_bytes(data[: len(data) // 3])


def empty(saved: Path) -> None:
    (saved / "arrays").write_bytes(b"")


def wild(saved: Path) -> None:
    size = (saved / "arrays").stat().st_size
    (saved / "arrays").write_bytes(b"\xfe" * size)


def a_file(saved: Path) -> None:
    shutil.rmtree(saved)
    saved.write_text("I am no folder.")


@pytest.mark.parametrize(
    "spoil", [no_head, odd_head, foreign_stamp, cut_short, empty, wild, a_file]
)
def test_what_is_damaged_is_built_anew(
    index: Index, folder: Path, spoil: Callable[[Path], None]
) -> None:
    rebuild(index, folder, NOBODY)
    spoil(folder / "1")
    engine = FuzzyCache(index, folder)
    engine.ensure_ready(NOBODY)
    if engine.search("guest_memfd", 10, None, None) is None:  # seen when it was looked into
        engine.ensure_ready(NOBODY)
    assert rows(engine, "guest_memfd")
    assert rows(engine, "pmu")


def test_several_processes_at_once_leave_one_whole_engine(index: Index, folder: Path) -> None:
    command = [
        sys.executable,
        "-P",
        "-m",
        "core.system.child_process",
        "core.search.fuzzy.cache",
        "",
        "0",
        str(index.path),
        str(folder),
    ]
    children = [
        subprocess.Popen(command, cwd="/", env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    assert numbers(folder) == ["1"]
    assert not list(folder.glob("new-*"))
    engine = FuzzyCache(index, folder)
    assert engine.ensure_ready(NOBODY)
    assert rows(engine, "pmu")


def test_a_set_stop_and_a_closed_engine_end_the_wait(index: Index, folder: Path) -> None:
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        FuzzyCache(index, folder).ensure_ready(stop)
    engine = FuzzyCache(index, folder)
    engine.close()
    with pytest.raises(Cancelled):
        engine.ensure_ready(NOBODY)


def test_two_threads_warm_it_once(index: Index, folder: Path) -> None:
    engine = FuzzyCache(index, folder)
    threads = [threading.Thread(target=engine.ensure_ready, args=(NOBODY,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert engine.ready
    assert numbers(folder) == ["1"]


def test_where_nothing_can_be_written_words_are_looked_up_plainly(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    engine = FuzzyCache(index, tmp_path / "file" / "search")
    assert not engine.ensure_ready(NOBODY)
    monkeypatch.setattr(fuzzy_cache, "ChildProcess", None)  # it is not tried again at once
    assert not engine.ensure_ready(NOBODY)
    with pytest.raises(PatchdeskError):
        rebuild(index, tmp_path / "file" / "search", NOBODY)


def test_neither_numpy_nor_rapidfuzz_comes_before_words_are_matched() -> None:
    code = (
        "import sys; import core.search.list_search; from core.config import Config; from core.index.index import open_index;"
        "from pathlib import Path; import tempfile;"
        "folder = Path(tempfile.mkdtemp());"
        "finder = core.search.list_search.ListSearch(open_index(folder / 'i'), Config(me_addresses=('a@b',)), cache=folder / 's');"
        "finder.find('pmu f:ann'); finder.count('is:open'); finder.rows('x');"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'rapidfuzz', 'b4', 'requests')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0
