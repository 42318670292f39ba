"""Indexes of other versions and other rules: opened, migrated, rebuilt from their mails, and never without a row."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk
from core.errors import Cancelled
from core.index.database import asides, open_database, pending_asides
from core.index.index import Index, RowView, open_index
from core.index.rebuild import StoredMessages, remove_taken_over, take_over
from core.index.regroup import regroup_dirty
from core.model import MessageId
from core.progress import ProgressJob
from core.series import RULES_VERSION, posting_builder
from core.series.numbering import PatchNumber, read_patch_number
from core.series.threading import ThreadForest
from core.sources.source import MailChange, StoredPart
from tests.core.indexing import NOBODY, Log, bring, check_whole, held, quiet
from tests.core.triage.triage_kit import mail, series

FILES = Path(__file__).resolve().parents[2] / "data" / "indexes"
MAILS = [
    *series("lamp"),
    *series("lamp", 2, day=3),
    *series("desk", patches=4, day=1),
    mail(
        "re@x",
        "Re: [PATCH v2 1/2] lamp: part 1",
        day=4,
        to="lamp-v2-1@x",
        body="Reviewed-by: Rex Reviewer <rex@example.com>\n",
    ),
    mail("q@x", "Where is the chair?", day=2),
]
READ = {MessageId("q@x")}


class Letters(Log):
    """The list that the files in tests/data/indexes follow; fails where a stored mail is asked for."""

    def __init__(self) -> None:
        super().__init__("letters")
        self.entries = [(raw, True) for raw in MAILS]
        self.asked_from: list[str] = []

    def changes(self, cursor: str, held: StoredPart, job: ProgressJob) -> Iterator[MailChange]:
        self.asked_from.append(cursor)
        return super().changes(cursor, held, job)


def fresh(path: Path) -> Index:
    """Return an index that is made of the same mails today."""
    index = open_index(path)
    bring(index, Letters())
    index.writer.mark_read(READ, True)
    return index


def opened(tmp_path: Path, name: str) -> Path:
    """Return a copy of one of the files."""
    path = tmp_path / "data" / "index.sqlite3"
    path.parent.mkdir()
    shutil.copy(FILES / name, path)
    return path


def unread(index: Index) -> set[MessageId]:
    return {one for row in index.rows.order(RowView()) for one in index.mails.unread_of(row)}


def test_a_file_of_every_version_opens(tmp_path: Path) -> None:
    wanted = fresh(tmp_path / "fresh.sqlite3")
    files = sorted(FILES.glob("version-*.sqlite3"))
    assert files
    for file in files:
        folder = tmp_path / file.stem
        folder.mkdir()
        index = open_index(opened(folder, file.name))
        assert index.notes == ()
        index.writer.regroup(stop=NOBODY, report=quiet)
        assert held(index) == held(wanted)
        assert unread(index) == unread(wanted)
        check_whole(index)
        index.close()
    wanted.close()


def test_what_an_index_of_before_the_release_stored_is_not_fetched_again(tmp_path: Path) -> None:
    path = opened(tmp_path, "prerelease.sqlite3")
    index = open_index(path)
    assert "made before version 0.1.0" in index.notes[0]
    assert len(asides(path)) == 1
    log = Letters()
    bring(index, log)
    assert log.asked_from == [str(len(MAILS))]
    wanted = fresh(tmp_path / "fresh.sqlite3")
    assert held(index) == held(wanted)
    assert unread(index) == unread(wanted)
    assert asides(path) == []
    check_whole(index)
    wanted.close()
    index.close()


@pytest.mark.parametrize("reports", [0, 1])
def test_taking_over_goes_on_where_it_was_stopped(tmp_path: Path, reports: int) -> None:
    path = opened(tmp_path, "prerelease.sqlite3")
    index = open_index(path)
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        index.writer.ingest("letters", Letters(), stop=stop, report=quiet)
    index.close()
    # Damaged before it was done: what was set aside first still counts.
    if reports:
        path.write_bytes(b"no index" * 1000)
        index = open_index(path)
        index.close()
    index = open_index(path)
    log = Letters()
    bring(index, log)
    if not reports:
        assert log.asked_from == [str(len(MAILS))]
        assert asides(path) == []
    assert len(index.rows.order(RowView())) == 3
    index.close()


def test_a_damaged_message_is_fetched_again(tmp_path: Path) -> None:
    path = opened(tmp_path, "prerelease.sqlite3")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE body SET packed = x'00' WHERE message = 3")
        connection.commit()
    index = open_index(path)
    log = Letters()
    bring(index, log)
    assert log.asked_from == [""]
    wanted = fresh(tmp_path / "fresh.sqlite3")
    assert held(index) == held(wanted)
    wanted.close()
    index.close()


def test_what_can_be_read_of_a_damaged_aside_is_taken_over(tmp_path: Path) -> None:
    """Nothing waits for ever: unreadable mails come with the next sync, and the file is removed then."""
    path = opened(tmp_path, "prerelease.sqlite3")
    index = open_index(path)
    (aside,) = asides(path)
    with closing(sqlite3.connect(aside)) as connection:
        connection.execute("UPDATE body SET packed = ? WHERE message = 3", (b"MARK" * 9000,))
        connection.commit()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    data = bytearray(aside.read_bytes())
    page = (
        data.index(b"MARK" * (size // 4 - 2)) // size
    )  # an overflow page, which begins with the number of the next
    data[page * size : page * size + 4] = b"\xff" * 4
    aside.write_bytes(data)
    with closing(StoredMessages(aside)) as stored:
        ((part, *_),) = stored.parts("letters")
        came = list(stored.messages(part))
    assert came.count(None) == 1
    assert len(came) == len(MAILS)  # all others
    log = Letters()
    bring(index, log)
    assert log.asked_from == [""]
    assert asides(path) == []
    assert index.writer.is_complete()
    wanted = fresh(tmp_path / "fresh.sqlite3")
    assert held(index) == held(wanted)
    wanted.close()
    index.close()


def test_an_index_that_is_removed_loses_nothing_that_lies_beside_it(tmp_path: Path) -> None:
    path = opened(tmp_path, "prerelease.sqlite3")
    open_index(path).close()
    for file in path.parent.glob("index.sqlite3*"):
        if not file.name.endswith(".aside"):
            file.unlink()
    index = open_index(path)
    assert not index.writer.is_complete()
    log = Letters()
    bring(index, log)
    assert log.asked_from == [str(len(MAILS))]  # nothing was fetched again
    assert asides(path) == []
    index.close()


def test_an_aside_stays_until_what_it_held_is_grouped(tmp_path: Path) -> None:
    path = opened(tmp_path, "prerelease.sqlite3")
    index = open_index(path)
    with index.connection() as connection:
        take_over(connection, path, None, stop=NOBODY, report=quiet)
        remove_taken_over(connection, path)
        assert len(asides(path)) == 1
        assert not index.writer.is_complete()
        regroup_dirty(connection, stop=NOBODY, report=quiet)
        remove_taken_over(connection, path)
    assert asides(path) == []
    assert index.writer.is_complete()
    index.close()


def other_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no mail about the lamp be a patch any more: a change of the rules that splits and joins rows."""
    old = read_patch_number

    def changed(forest: ThreadForest, mail: int) -> PatchNumber | None:
        return None if "lamp" in forest.messages[mail].subject.text else old(forest, mail)

    monkeypatch.setattr(posting_builder, "read_patch_number", changed)


def test_other_rules_group_again_and_no_row_is_gone_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index.sqlite3"
    fresh(path).close()
    other_rules(monkeypatch)
    open_database(path, rules=RULES_VERSION + 1)
    index = Index(path)
    rows = index.rows.order(RowView())
    assert index.writer.pending_conversations() > 0
    for row in rows:
        item = index.mails.series(row)
        assert item is not None
        assert {index.mails.find_row(one) for one in item.message_ids} == {row}
    index.writer.regroup(stop=NOBODY, report=quiet)
    wanted = fresh(tmp_path / "fresh.sqlite3")
    assert held(index) == held(wanted)
    assert len(index.rows.order(RowView())) != len(rows)
    check_whole(index)
    index.close()
    wanted.close()
    open_database(path, rules=RULES_VERSION + 1)
    index = Index(path)
    assert index.writer.pending_conversations() == 0
    index.close()


def test_an_open_desk_groups_again_in_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = opened(tmp_path, "prerelease.sqlite3")
    open_index(path).close()
    desk = ListDesk(path, ListQuery())
    stop = Event()
    for page in desk.pages(stop):
        assert page.items is not None
        if desk.index.writer.is_complete() and len(page.items) == 3:
            stop.set()
    index = open_index(path)
    wanted = fresh(tmp_path / "fresh.sqlite3")
    assert held(index) == held(wanted)
    assert asides(path) == []
    index.close()
    wanted.close()


def test_a_list_that_was_unfollowed_is_not_taken_over(tmp_path: Path) -> None:
    path = opened(tmp_path, "prerelease.sqlite3")
    index = open_index(path)
    assert not index.writer.is_complete()
    index.writer.forget("letters", stop=NOBODY, report=quiet)
    index.writer.ingest("other", Log("other"), stop=NOBODY, report=quiet)
    assert asides(path) == []
    assert index.writer.is_complete()
    assert [each.name for each in index.rows.lists()] == ["other"]
    index.close()


def test_an_index_that_was_set_aside_is_told_of(tmp_path: Path) -> None:
    path = opened(tmp_path, "prerelease.sqlite3")
    index = open_index(path)
    (aside,) = asides(path)
    assert pending_asides(path) == [aside.name]
    bring(index, Letters())
    assert pending_asides(path) == []
    index.close()
