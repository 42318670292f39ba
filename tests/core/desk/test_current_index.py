"""Reading commands see the journal, whichever process wrote it and in whatever state the index is."""

from __future__ import annotations

from pathlib import Path

from core.config import Config
from core.desk.current_index import open_current_index
from core.desk.export import open_for_commands
from core.desk.triage_service import TriageService
from core.index.index import open_index
from core.model import MessageId
from core.search.list_search import ListSearch
from core.triage.journal import FILE, Journal
from core.triage.transitions import Verb
from tests.core.indexing import Log, bring
from tests.core.triage.triage_kit import series

LAMP, WICK = MessageId("lamp-v1-0@x"), MessageId("wick-v1-0@x")
MAILS = [*series("lamp"), *series("wick", day=1)]


def make_index(path: Path) -> None:
    index = open_index(path)
    log = Log("letters")
    log.entries = [(raw, True) for raw in MAILS]
    bring(index, log)
    index.close()


def done_in(path: Path) -> list[str]:
    index = open_current_index(path)
    assert index is not None
    try:
        return [hit.id for hit in ListSearch(index, Config()).find("is:done").hits]
    finally:
        index.close()


def test_without_an_index_there_is_none(tmp_path: Path) -> None:
    assert open_current_index(tmp_path / "index.sqlite3") is None
    assert not list(tmp_path.iterdir())


def test_a_rebuilt_index_and_lines_of_another_machine_are_taken_in(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite3"
    make_index(path)
    index = open_index(path)
    TriageService(index, Journal(tmp_path / FILE)).apply(Verb.DONE, [LAMP])
    index.close()
    assert done_in(path) == [LAMP]

    for file in tmp_path.glob("index.sqlite3*"):
        file.unlink()
    make_index(path)
    assert done_in(path) == [LAMP]

    other = tmp_path / "other"
    other.mkdir()
    make_index(other / "index.sqlite3")
    index = open_index(other / "index.sqlite3")
    TriageService(index, Journal(other / FILE)).apply(Verb.DONE, [WICK])
    index.close()
    with (tmp_path / FILE).open("ab") as journal:
        journal.write((other / FILE).read_bytes())
    indexed = open_for_commands(path)
    assert indexed is not None
    found = {
        row.id for row in indexed.index.rows.summaries(range(1, 9)) if row.state.status == "done"
    }
    indexed.close()
    assert found == {LAMP, WICK}


def test_a_journal_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite3"
    make_index(path)
    (tmp_path / FILE).mkdir()
    index = open_current_index(path)
    assert index is not None
    assert any("Triage states may be old" in note for note in index.notes)
    index.close()
