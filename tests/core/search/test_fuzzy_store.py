"""The search arrays change, are saved and come back."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from core.search.fuzzy.index import FuzzyEntry, FuzzyIndex
from tests.core.search.search_corpus import Asker, corpus


@pytest.fixture(scope="module")
def entries() -> list[FuzzyEntry]:
    return corpus(5, titles=300)


def asked(entries: list[FuzzyEntry]) -> list[str]:
    return [question.query for question in Asker(entries, 6).questions(3)]


def answers(index: FuzzyIndex, queries: list[str]) -> list[list[tuple[int, float]]]:
    return [[(hit.row, hit.score) for hit in index.search(query)] for query in queries]


def test_what_was_added_is_found_as_if_it_had_been_there(entries: list[FuzzyEntry]) -> None:
    queries = asked(entries)
    whole = answers(FuzzyIndex.build(entries), queries)
    grown = FuzzyIndex.build(entries[:400])
    for start in range(400, len(entries), 97):
        grown.add(entries[start : start + 97])
    assert len(grown) == len(entries)
    assert answers(grown, queries) == whole
    grown.merge()
    assert answers(grown, queries) == whole


def test_a_row_added_again_takes_the_place_of_the_old() -> None:
    one, other = corpus(1, titles=3)[:2]
    index = FuzzyIndex.build([one, other])
    for merge in (False, True):
        index.add([replace(one, subject="zebra crossing")])
        index.add([replace(one, subject="lion walking")])
        if merge:
            index.merge()
        assert len(index) == 2
        assert index.search("zebra") == []
        assert [hit.row for hit in index.search("lion")] == [one.row]
        assert [hit.row for hit in index.search(one.message_id)] == [one.row]
        assert one.row not in {hit.row for hit in index.search(one.subject)}


def test_what_was_removed_is_gone() -> None:
    rows = corpus(1, titles=5)
    index = FuzzyIndex.build(rows[:-1])
    index.add(rows[-1:])
    index.remove([rows[0].row, rows[-1].row, 10**15])
    assert len(index) == len(rows) - 2
    for row in (rows[0], rows[-1]):
        for query in (row.subject, row.message_id, row.message_id[3:]):
            assert row.row not in {hit.row for hit in index.search(query)}
    index.remove(entry.row for entry in rows)
    assert len(index) == 0
    assert index.search(rows[1].subject) == []


def test_a_merge_is_due_when_much_was_added(entries: list[FuzzyEntry]) -> None:
    index = FuzzyIndex.build(entries[:10])
    index.add(entries[10:20])
    due = [index.needs_merge]
    index.add([replace(entries[0], row=row) for row in range(5001)])
    due.append(index.needs_merge)
    index.merge()
    due.append(index.needs_merge)
    assert due == [False, True, False]


def test_saved_and_loaded_it_answers_the_same(tmp_path: Path, entries: list[FuzzyEntry]) -> None:
    queries = asked(entries)
    index = FuzzyIndex.build(entries[:-7], stamp="one")
    index.add(entries[-7:])
    index.save(tmp_path / "search", stamp="seven more")
    loaded = FuzzyIndex.load(tmp_path / "search")
    assert loaded is not None
    assert loaded.stamp == "seven more"
    assert len(loaded) == len(entries)
    assert answers(loaded, queries) == answers(index, queries)
    loaded.add([replace(entries[0], row=10**12, subject="zebra")])
    assert loaded.search("zebra")


def test_an_empty_index_is_saved_too(tmp_path: Path) -> None:
    FuzzyIndex.build([]).save(tmp_path)
    loaded = FuzzyIndex.load(tmp_path)
    assert loaded is not None
    assert len(loaded) == 0
    for query in ("anything", "a", "kvmpmupart", "some@body.example", "20250606192702.6-1"):
        assert loaded.search(query) == []


def test_the_newest_counts_and_a_reader_of_the_old_goes_on(
    tmp_path: Path, entries: list[FuzzyEntry]
) -> None:
    FuzzyIndex.build(entries[:100], stamp="old").save(tmp_path)
    old = FuzzyIndex.load(tmp_path)
    FuzzyIndex.build(entries, stamp="new").save(tmp_path)
    new = FuzzyIndex.load(tmp_path)
    assert old is not None
    assert new is not None
    assert (old.stamp, len(old)) == ("old", 100)
    assert (new.stamp, len(new)) == ("new", len(entries))
    assert old.search(entries[0].subject)
    assert len(list(tmp_path.iterdir())) == 1


def test_it_is_for_the_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    FuzzyIndex.build(corpus(1, titles=3)).save(folder)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in modes.items())


def _no_head(folder: Path) -> None:
    (folder / "head.json").unlink()


def _no_arrays(folder: Path) -> None:
    (folder / "arrays").unlink()


def _cut_short(folder: Path) -> None:
    os.truncate(folder / "arrays", (folder / "arrays").stat().st_size // 2)


def _emptied(folder: Path) -> None:
    os.truncate(folder / "arrays", 0)


def _other_format(folder: Path) -> None:
    head = json.loads((folder / "head.json").read_text())
    (folder / "head.json").write_text(json.dumps({**head, "format": 0}))


def _another_array(folder: Path) -> None:
    head = json.loads((folder / "head.json").read_text())
    head["arrays"].pop("ids")
    (folder / "head.json").write_text(json.dumps(head))


def _no_json(folder: Path) -> None:
    (folder / "head.json").write_bytes(b"\xff{[" * 1000)


def _a_list(folder: Path) -> None:
    (folder / "head.json").write_text("[1]")


@pytest.mark.parametrize(
    "spoil",
    [_no_head, _no_arrays, _cut_short, _emptied, _other_format, _another_array, _no_json, _a_list],
)
def test_what_cannot_be_used_is_not_there(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    FuzzyIndex.build(corpus(1, titles=3)).save(tmp_path)
    (saved,) = tmp_path.iterdir()
    spoil(saved)
    assert FuzzyIndex.load(tmp_path) is None
    FuzzyIndex.build(corpus(1, titles=3)).save(tmp_path)
    assert FuzzyIndex.load(tmp_path) is not None


def test_no_folder_is_no_index(tmp_path: Path) -> None:
    assert FuzzyIndex.load(tmp_path / "nowhere") is None


def test_a_crash_while_saving_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = corpus(1, titles=3)
    FuzzyIndex.build(rows, stamp="before").save(tmp_path)

    def crash(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="full"):
        FuzzyIndex.build(rows[:1], stamp="after").save(tmp_path)
    monkeypatch.undo()
    (tmp_path / "new-left-over").mkdir()  # what a killed process leaves
    loaded = FuzzyIndex.load(tmp_path)
    assert loaded is not None
    assert loaded.stamp == "before"
    assert len([path for path in tmp_path.iterdir() if path.name != "new-left-over"]) == 1


def test_searching_goes_on_while_rows_are_added(entries: list[FuzzyEntry]) -> None:
    index = FuzzyIndex.build(entries[:200])
    failed: list[BaseException] = []

    def search() -> None:
        try:
            for query in asked(entries) * 3:
                index.search(query)
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(200, len(entries), 20):
        index.add(entries[start : start + 20])
        index.remove([start - 100])
    index.merge()
    for thread in threads:
        thread.join()
    assert failed == []
