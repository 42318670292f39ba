"""Lists in memory that an index follows, and the content of an index in a comparable form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from threading import Event

from core.errors import Cancelled
from core.index.index import Index, RowView
from core.index.list_ingest import IngestResult
from core.index.row_summary import MessageRole, count_trailers
from core.mail.message import parse_message
from core.model import Message, RawMessage, Series, Thread
from core.progress import Progress, ProgressCallback, ProgressJob
from core.series.grouping import group_messages
from core.sources.source import IncrementalSource, MailChange, StoredPart, git_blob_id

NOBODY = Event()
"""Never set: nobody stops the run."""


def quiet(_: Progress) -> None:
    """Take a report, and say nothing."""


class Log:
    """A list as a log of additions (True) and removals; a source and its only feed."""

    part_name = ""
    order = 0
    path = ""
    notes = ()
    is_list = True

    def __init__(self, name: str = "list") -> None:
        self.name = name
        self.entries: list[tuple[bytes, bool]] = []
        self.fails_after: int | None = None
        """Entries after which it raises Cancelled."""
        self._done = 0

    def incremental_parts(self) -> list[IncrementalSource]:
        """Return itself."""
        return [self]

    @property
    def cursor(self) -> str:
        return str(self._done) if self._done else ""

    def changes(self, cursor: str, held: StoredPart, job: ProgressJob) -> Iterator[MailChange]:
        self._done = int(cursor or 0)
        for at in range(self._done, len(self.entries)):
            if self.fails_after is not None and at >= self.fails_after:
                raise Cancelled
            raw, added = self.entries[at]
            self._done = at + 1
            yield MailChange(git_blob_id(raw), added, raw=raw if added else None)

    def read(self, _: object) -> bytes:
        """Return nothing: additions have their bytes, and removed mails are never read."""
        raise AssertionError

    def mails(self, *, stop: Event, report: ProgressCallback) -> Iterator[RawMessage]:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


def bring(index: Index, log: Log, read_before: float = 0) -> IngestResult:
    """Ingest the mails of a log."""
    return index.writer.ingest(log.name, log, stop=NOBODY, report=quiet, read_before=read_before)


def grouped(raws: Iterable[tuple[str, bytes]]) -> dict[str, Series | Thread]:
    """Return the result of grouping all mails at once, each with its list; as an index names lists."""
    lists: dict[str, set[str]] = {}
    messages: list[Message] = []
    for name, raw in raws:
        message = parse_message(raw, git_blob_id(raw).hex())
        messages.append(message)
        lists.setdefault(message.message_id, set()).add(name)
    return {
        item.id: replace(
            item, lists=tuple(sorted({name for one in item.message_ids for name in lists[one]}))
        )
        for item in group_messages(messages)
    }


def held(index: Index) -> dict[str, Series | Thread]:
    """Return the content of an index, after checking that its tables agree."""
    items: dict[str, Series | Thread] = {}
    rows = index.rows.order(RowView())
    summaries = index.rows.summaries(rows)
    assert [one.row for one in summaries] == list(rows)
    dates = [one.date for one in summaries]
    assert dates == sorted(dates, reverse=True)
    for row, one in zip(rows, summaries, strict=True):
        item = index.mails.series(row)
        assert item is not None
        assert one.id == item.id not in items
        items[item.id] = item
        assert (one.subject, one.author, one.date) == (item.subject, item.author, item.date)
        assert one.date.utcoffset() == item.date.utcoffset()
        assert one.lists == item.lists
        assert one.mails == len(item.message_ids)
        assert one.is_thread == isinstance(item, Thread)
        unseen = index.mails.unread_of(row)
        assert one.unread == len(unseen) <= one.mails
        assert unseen <= item.message_ids
        assert bool(one.news) == bool(unseen)
        for message_id in item.message_ids:
            assert index.mails.find_row(message_id) == row
        if isinstance(item, Series):
            newest = item.versions[-1]
            assert (one.version, one.minor, one.tags) == (
                newest.version,
                newest.minor,
                newest.tags,
            )
            assert (one.versions, one.have, one.total) == (
                len(item.versions),
                len(newest.patches),
                newest.total,
            )
            assert one.replies == item.replies
            assert dict(one.given) == count_trailers(item, newest)
        else:
            assert one.replies == len(item.replies)
            assert one.news in (MessageRole(0), MessageRole.REPLY)
    for each in index.rows.lists():
        of_list = index.rows.order(RowView(lists=(each.name,)))
        assert len(of_list) == each.series + each.threads
        mine = [one for row in of_list for one in index.rows.summaries([row])]
        assert all(each.name in one.lists for one in mine)
        assert each.unread <= sum(one.unread for one in mine)
    return items


def check_whole(index: Index) -> None:
    """See that nothing waits to be grouped, and that SQLite finds the file in order."""
    assert index.writer.pending_conversations() == 0
    with index.connection() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for what in (
            "message JOIN node ON node.id = node WHERE list_row IS NULL",
            "message WHERE id NOT IN (SELECT message FROM part_message)",
            "part_message WHERE message NOT IN (SELECT id FROM message)",
            "raw_message WHERE message NOT IN (SELECT id FROM message)",
            "patch_file WHERE message NOT IN (SELECT id FROM message)",
            "node WHERE list_row IS NOT NULL AND list_row NOT IN (SELECT id FROM list_row)",
            "node WHERE list_row IS NOT NULL AND id NOT IN (SELECT node FROM message)",
            "posting WHERE list_row IS NULL OR list_row NOT IN (SELECT id FROM list_row)",
            "blocking_key WHERE posting NOT IN (SELECT id FROM posting)",
            "row_list WHERE list_row NOT IN (SELECT id FROM list_row)",
        ):
            count = connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
            assert count == 0, what
