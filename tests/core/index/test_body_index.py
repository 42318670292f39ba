"""The index of message bodies: the indexed text, resuming after an interruption, and unusable files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from core.errors import Cancelled, PatchdeskError
from core.index.body_index import author_text, open_body_index, remove_bodies
from core.index.index import Index, open_index
from core.progress import Progress
from core.search import maintenance as bodies_module
from core.search.maintenance import index_new_bodies
from tests.core.indexing import NOBODY, Log, bring, quiet
from tests.core.search.finding import MAILS, letter


@pytest.fixture
def log() -> Log:
    log = Log("letters")
    log.entries = [(raw, True) for raw in MAILS]
    return log


@pytest.fixture
def index(tmp_path: Path, log: Log) -> Iterator[Index]:
    index = open_index(tmp_path / "index.sqlite3")
    bring(index, log)
    yield index
    index.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "bodies.sqlite3"


def found(index: Index, file: Path, phrase: str) -> int:
    bodies = open_body_index(file, index.identity)
    assert bodies is not None
    try:
        return len(bodies.mails(phrase))
    finally:
        bodies.close()


def test_what_is_indexed_of_a_mail() -> None:
    text = author_text(
        letter(
            "x",
            "[PATCH] subjects are not",
            body="Größe counts\n> quoted does not\n  > nor this\nx_y",
            files=["a.c"],
        )
    )
    assert text.split() == ["grosse", "counts", "x", "y", "signed", "off", "by", "ann", "author", "ann", "example", "org"]  # fmt: skip
    assert author_text(b"") == author_text(b"\0\x01 --") == ""
    assert len(author_text(letter("x", "long", body="word " * 100_000))) < 70_000


def test_each_mail_is_indexed_once(index: Index, file: Path, log: Log) -> None:
    assert index_new_bodies(index.mails, index.identity, file, stop=NOBODY, report=quiet) == len(
        MAILS
    )
    assert index_new_bodies(index.mails, index.identity, file, stop=NOBODY, report=quiet) == 0
    assert found(index, file, '"use after free"') == 1
    assert file.stat().st_mode & 0o077 == 0
    log.entries.append((letter("new", "more", body="another use after free"), True))
    bring(index, log)
    assert index_new_bodies(index.mails, index.identity, file, stop=NOBODY, report=quiet) == 1
    assert found(index, file, '"use after free"') == 2


def test_a_number_is_never_given_twice(index: Index, file: Path, log: Log) -> None:
    log.entries.append((letter("gone", "gone", body="peculiar"), True))
    bring(index, log)
    index_new_bodies(index.mails, index.identity, file, stop=NOBODY, report=quiet)
    log.entries.append((log.entries[-1][0], False))
    bring(index, log)
    log.entries.append((letter("other", "other", body="usual"), True))
    bring(index, log)
    index_new_bodies(index.mails, index.identity, file, stop=NOBODY, report=quiet)
    (number,) = [number for number, _ in index.mails.raw_after(0, 1000)][-1:]
    bodies = open_body_index(file, index.identity)
    assert bodies is not None
    assert number not in bodies.mails("peculiar")
    assert bodies.mails("usual") == [number]
    bodies.close()


def test_what_was_done_stays_when_it_is_stopped(
    index: Index, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies_module, "_BATCH", 4)
    stop = Event()
    told: list[Progress] = []

    def report(progress: Progress) -> None:
        told.append(progress)
        stop.set()

    with pytest.raises(Cancelled):
        index_new_bodies(index.mails, index.identity, file, stop=stop, report=report)
    assert told[0].total == len(MAILS)
    bodies = open_body_index(file, index.identity)
    assert bodies is not None
    done = bodies.known[1]
    bodies.close()
    assert 0 < done < len(MAILS)
    assert index_new_bodies(
        index.mails, index.identity, file, stop=NOBODY, report=quiet
    ) == index.mails.count_after(done)


def test_another_index_has_nothing_of_it(index: Index, file: Path, tmp_path: Path) -> None:
    index_new_bodies(index.mails, index.identity, file, stop=NOBODY, report=quiet)
    other = open_index(tmp_path / "other.sqlite3")
    log = Log("letters")
    log.entries = [(letter("x", "x", body="alone"), True)]
    bring(other, log)
    assert open_body_index(file, other.identity) is None
    index_new_bodies(other.mails, other.identity, file, stop=NOBODY, report=quiet)
    assert found(other, file, "alone") == 1
    assert found(other, file, "leaks") == 0
    other.close()


def junk(file: Path) -> None:
    file.write_bytes(b"no database at all " * 500)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def somebody_elses(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE precious (thing)")
    connection.close()


def torn(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:9000])


@pytest.mark.parametrize("spoil", [junk, empty, somebody_elses, torn])
def test_a_file_that_cannot_be_used_is_made_anew(
    index: Index, file: Path, spoil: Callable[[Path], None]
) -> None:
    index_new_bodies(index.mails, index.identity, file, stop=NOBODY, report=quiet)
    if spoil is not torn:
        remove_bodies(file)
    spoil(file)
    index_new_bodies(index.mails, index.identity, file, stop=NOBODY, report=quiet)
    assert found(index, file, "leaks") == 1
    assert index.mails.count_after(0) == len(MAILS)


def test_where_it_cannot_be_written_a_sentence_says_so(index: Index, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with pytest.raises(PatchdeskError, match="cannot be indexed"):
        index_new_bodies(
            index.mails,
            index.identity,
            tmp_path / "plain" / "bodies.sqlite3",
            stop=NOBODY,
            report=quiet,
        )
