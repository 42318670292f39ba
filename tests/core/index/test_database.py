"""The index's file: made private, brought up to date, set aside where it cannot be used, and a sentence for every
failure.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from core.index import database
from core.index.connection_pool import MOST_IDLE
from core.index.database import APPLICATION_ID, connect, open_database, schema, transaction
from core.index.errors import IndexFileError
from core.index.index import Index, RowView, open_index
from core.index.migrations import MIGRATIONS
from tests.core.indexing import NOBODY, Log, bring, check_whole, grouped, held, quiet

MAIL = b"From: Ann <ann@example.org>\nSubject: [PATCH] x\nMessage-ID: <%d@example.org>\nDate: Mon, 2 Jun 2025 12:00:00 +0000\n\nHello.\n"


def mails(count: int, first: int = 0) -> list[bytes]:
    return [MAIL % number for number in range(first, first + count)]


def log_of(raws: list[bytes], name: str = "list") -> Log:
    log = Log(name)
    log.entries = [(raw, True) for raw in raws]
    return log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "index.sqlite3"


def filled(path: Path, count: int = 3) -> None:
    index = open_index(path)
    bring(index, log_of(mails(count)))
    index.close()


def test_a_new_index_is_private_and_empty(path: Path) -> None:
    index = open_index(path)
    assert index.notes == ()
    assert (list(index.rows.order(RowView())), index.rows.lists()) == ([], [])
    bring(index, log_of(mails(1)))
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "index.sqlite3-wal" in modes
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    index.close()


def test_what_is_stored_is_there_again(path: Path) -> None:
    filled(path)
    index = open_index(path)
    assert index.notes == ()
    assert held(index) == grouped(("list", raw) for raw in mails(3))
    index.close()


def junk(path: Path) -> None:
    path.write_bytes(b"This is no database at all.\n" * 500)


def somebody_elses(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE precious (thing)")
    connection.commit()
    connection.close()


def cut_short(path: Path) -> None:
    filled(path, 200)
    data = path.read_bytes()
    path.write_bytes(data[:3000])


def without_tables(path: Path) -> None:
    filled(path)
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE meta")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("spoil", [junk, somebody_elses, cut_short, without_tables])
def test_what_is_no_index_is_set_aside_untouched(path: Path, spoil: object) -> None:
    path.parent.mkdir()
    assert callable(spoil)
    spoil(path)
    before = path.read_bytes()
    index = open_index(path)
    (note,) = index.notes
    (aside,) = path.parent.glob("*.aside")
    assert aside.name in note
    assert "sync" in note
    assert aside.read_bytes() == before
    bring(index, log_of(mails(2)))
    check_whole(index)
    index.close()
    assert open_index(path).notes == ()


def test_an_empty_file_becomes_an_index(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert open_index(path).notes == ()


def test_damage_found_later_ends_in_a_sentence_and_the_next_start_builds_anew(path: Path) -> None:
    filled(path, 300)
    connection = connect(path)
    roots = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE tbl_name IN ('node', 'message', 'item')"
    ).fetchall()
    connection.close()
    data = bytearray(path.read_bytes())
    for (page,) in roots:
        data[(page - 1) * 4096 : (page - 1) * 4096 + 200] = os.urandom(200)
    path.write_bytes(data)
    index = open_index(path)
    assert index.notes == ()
    with pytest.raises(IndexFileError, match="damaged"):
        bring(index, log_of(mails(600)))
    index.close()
    index = open_index(path)
    assert "damaged" in index.notes[0]
    bring(index, log_of(mails(1)))
    assert len(held(index)) == 1
    index.close()


def test_a_damaged_index_that_another_has_open_keeps_its_name(path: Path) -> None:
    """Later writes of the other process would go into the file set aside, and be lost."""
    filled(path, 3)
    other = open_index(path)
    path.with_name(f"{path.name}-damaged").touch()
    with pytest.raises(
        IndexFileError, match="was damaged, and another patchdesk has it open"
    ) as caught:
        open_index(path)
    assert "start again" in caught.value.hint
    assert not list(path.parent.glob("*.aside"))
    bring(other, log_of(mails(5)))
    assert len(held(other)) == 5
    other.close()
    index = open_index(path)
    assert "damaged" in index.notes[0]
    assert len(list(path.parent.glob("*.aside"))) == 1
    index.close()


def test_of_two_that_open_a_damaged_index_one_sets_it_aside(path: Path) -> None:
    filled(path, 3)
    path.with_name(f"{path.name}-damaged").touch()
    begin = threading.Barrier(3)
    opened: list[Index] = []

    def open_at_once() -> None:
        begin.wait(20)
        opened.append(open_index(path))

    threads = [threading.Thread(target=open_at_once) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(path.parent.glob("*.aside"))) == 1
    assert sum(bool(index.notes) for index in opened) == 1
    assert len({index.identity for index in opened}) == 1
    for index in opened:
        index.close()


def test_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    filled(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.execute("DROP TABLE meta")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(IndexFileError, match="newer patchdesk") as caught:
        open_index(path)
    assert caught.value.hint
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.aside"))


def test_an_older_version_is_brought_up_to_date_at_once_or_not_at_all(path: Path) -> None:
    filled(path)
    works = "ALTER TABLE meta ADD COLUMN note TEXT;\nCREATE TABLE added (x);\n-- done\nINSERT INTO added VALUES (1);"
    fails = "CREATE TABLE half (x);\nINSERT INTO nowhere VALUES (1);\n"
    with pytest.raises(IndexFileError):
        open_database(path, steps=(*MIGRATIONS, works, fails))
    connection = connect(path)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    assert tables.isdisjoint({"added", "half"})
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
    connection.close()
    assert open_database(path, steps=(*MIGRATIONS, works)) == ()
    connection = connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 2,)
    assert connection.execute("SELECT x FROM added").fetchone() == (1,)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.close()


def test_a_folder_that_cannot_be_made_ends_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IndexFileError, match="cannot be written") as caught:
        open_index(tmp_path / "file" / "data" / "index.sqlite3")
    assert caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(IndexFileError, match="cannot be written"):
            open_index(tmp_path / "index.sqlite3")
    finally:
        tmp_path.chmod(0o700)


def test_an_index_that_may_not_be_written_is_still_read(path: Path) -> None:
    filled(path)
    index = open_index(path)
    with index.connection() as connection:
        connection.execute("PRAGMA query_only = ON")
    assert len(held(index)) == 3
    with pytest.raises(IndexFileError, match="cannot be written"):
        bring(index, log_of(mails(5)))
    index.close()


def test_a_full_disk_loses_nothing_that_was_stored(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.index import list_ingest as ingest

    monkeypatch.setattr(ingest, "BATCH", 50)
    index = open_index(path)
    log = log_of(mails(600))
    with index.connection() as connection:
        connection.execute("PRAGMA max_page_count = 100")
    with pytest.raises(IndexFileError, match="No space is left") as caught:
        bring(index, log)
    assert "sync" in caught.value.hint
    with index.connection() as connection:
        connection.execute("PRAGMA max_page_count = 100000")
    result = bring(index, log)
    assert 0 < result.added < 600
    assert held(index) == grouped(("list", raw) for raw in mails(600))
    check_whole(index)
    index.close()


def test_a_busy_index_ends_in_a_sentence(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(path)
    monkeypatch.setattr(database, "BUSY_FOR", 0.1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    index = open_index(path)
    assert len(held(index)) == 3  # reading goes on
    with pytest.raises(IndexFileError, match="busy"):
        bring(index, log_of(mails(4)))
    other.execute("ROLLBACK")
    other.close()
    assert bring(index, log_of(mails(4))).added == 1
    index.close()


def test_a_transaction_that_fails_leaves_nothing(path: Path) -> None:
    filled(path)
    connection = connect(path)
    with suppress(ZeroDivisionError), transaction(connection):
        connection.execute("DELETE FROM list_row")
        raise ZeroDivisionError
    assert connection.execute("SELECT count(*) FROM list_row").fetchone() == (3,)
    connection.close()


SYNC = """
import sys
from pathlib import Path
from tests.core.index.test_database import bring, log_of, mails, open_index
index = open_index(Path(sys.argv[1]))
from core.index import list_ingest as ingest
ingest.BATCH = 20
first, count, name = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
print(bring(index, log_of(mails(count, first), name)).added)
index.close()
"""


def start(path: Path, first: int, count: int, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SYNC, str(path), str(first), str(count), name],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_at_once_on_two_lists(path: Path) -> None:
    both = [start(path, 0, 400, "one"), start(path, 200, 400, "two")]
    added = [int(process.communicate(timeout=60)[0]) for process in both]
    assert added == [400, 400]
    index = open_index(path)
    expected = [("one", raw) for raw in mails(400)] + [("two", raw) for raw in mails(400, 200)]
    assert held(index) == grouped(expected)
    assert {info.name: info.messages for info in index.rows.lists()} == {"one": 400, "two": 400}
    check_whole(index)
    index.close()


def test_two_processes_at_once_on_one_list_share_the_work(path: Path) -> None:
    both = [start(path, 0, 400, "one"), start(path, 0, 400, "one")]
    added = [int(process.communicate(timeout=60)[0]) for process in both]
    assert sum(added) == 400
    index = open_index(path)
    assert held(index) == grouped(("one", raw) for raw in mails(400))
    check_whole(index)
    index.close()


def test_a_reader_in_another_thread_sees_what_was_committed(path: Path) -> None:
    import threading

    index = open_index(path)
    bring(index, log_of(mails(3)))
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(len(index.rows.order(RowView()))))
    thread.start()
    thread.join()
    assert seen == [3]
    index.close()


def test_the_schema_says_what_it_makes() -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema())
    plans = connection.execute(
        "EXPLAIN QUERY PLAN SELECT id FROM list_row ORDER BY active DESC, id DESC"
    ).fetchall()
    assert all("TEMP B-TREE" not in plan for *_, plan in plans)
    connection.close()


def test_forgetting_what_is_not_there(path: Path) -> None:
    index: Index = open_index(path)
    assert index.writer.forget("nothing", stop=NOBODY, report=quiet) == 0
    index.close()


def test_a_connection_in_use_is_closed_only_afterwards(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index.sqlite3")
    with index.connection() as connection:
        index.close()
        assert connection.execute("SELECT count(*) FROM list").fetchone() == (0,)
    with pytest.raises(sqlite3.ProgrammingError):  # and it is closed
        connection.execute("SELECT 1")
    assert index.rows.lists() == []  # a search that was not told yet still gets its answer


def test_threads_that_end_leave_few_connections_behind(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index.sqlite3")
    all_in = threading.Barrier(12)
    lent: list[sqlite3.Connection] = []

    def ask() -> None:
        with index.connection() as connection:
            lent.append(connection)
            all_in.wait(20)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, lent))) == 12
    assert sum(map(is_open, lent)) == MOST_IDLE
    with index.connection() as connection:
        assert connection in lent  # and these are lent again
    index.close()
    assert not any(map(is_open, lent))


def is_open(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return False
    return True


def test_a_look_at_the_file_keeps_the_locks_on_it(path: Path) -> None:
    """Closing any handle on a database drops the process's locks: another's last close would then delete the log."""
    index = open_index(path)
    bring(index, log_of(mails(1)))
    index.check_file()
    assert start(path, 1, 3, "other").communicate()[0] == "3\n"
    assert len(held(index)) == 4
    index.close()
