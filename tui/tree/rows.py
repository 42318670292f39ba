"""The rows of the tree: which there are and how they nest. Knows no widget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import groupby
from typing import TYPE_CHECKING

from core.index.row_summary import MessageRole, SeriesSummary
from core.model import Message, MessageId, Patch, Reply, Series, Thread, Version
from tui.widgets.row_text import TRAILER_LETTERS, join_counts, trailer_counts

if TYPE_CHECKING:
    from core.triage.state import TriageState

Key = tuple[str, ...]
"""The stable key of a row; it begins with the id of its series or thread."""

Whole = Series | Thread
Item = Series | Thread | SeriesSummary
"""The item of a row. A folded row of a long list has only a summary."""


class Kind(Enum):
    """The kinds of rows."""

    HEADING = auto()
    SERIES = auto()
    THREAD = auto()
    VERSION = auto()
    COVER = auto()
    PATCH = auto()
    MISSING = auto()
    REPLY = auto()
    MORE = auto()
    """Further patches of a series that were found."""


Span = tuple[int, int]
"""Where letters begin and end in a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlights:
    """The letters of a row that were looked for."""

    subject: tuple[Span, ...] = ()
    name: tuple[Span, ...] = ()
    """In the author's name, and in the address."""
    address: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingPatches:
    """Patches of a series that were found."""

    patches: tuple[MessageId, ...]
    """Matching patches that are shown, the best first; at least one."""
    more: int = 0
    """Number of other matching patches."""
    beside: bool = False
    """The count of the others is shown beside the last of them, not in a row of its own."""

    def __len__(self) -> int:
        """Return how many rows show them."""
        return len(self.patches) + (self.more > 0 and not self.beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchMarks:
    """The matches of a search in the series and threads of a list."""

    highlights: Mapping[Key, Highlights]
    """The letters that were looked for, by the keys of the rows that have them."""
    inside: Mapping[int, MatchingPatches] = field(default_factory=dict)
    """By the place of a series, the matching patches shown though it is folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the tree."""

    key: Key
    kind: Kind
    depth: int
    item: Item
    message: Message | None
    """The message that this row opens; None where a patch is missing."""
    version: Version | None = None
    entry: Patch | None = None
    """The patch or cover letter of this row, or that it is a reply to."""
    numbers: tuple[int, int] = (0, 0)
    """The first and the last of the patches that are missing here."""
    replies: int = 0
    """How many mails answer it."""
    expandable: bool = False
    expanded: bool = False
    unread: int = 0
    """How many mails in it, or is it, were not read."""
    news: str = ""
    """News of a series or thread; of a heading, its text."""
    words: str = ""
    """The first words of a reply, once they are read."""
    marked: bool = False
    """It is marked: the next verb applies to it."""
    standing: TriageState | None = None
    """The triage state of its series or thread, where there is one."""
    highlights: Highlights | None = None
    """The spans matched by a search; None where the row itself did not match."""


IsOpen = Callable[[Key, bool], bool]
"""Whether the row of a key is unfolded, given whether it is at first."""


def group_row(item: Item, text: str, count: int, *, expanded: bool, expandable: bool = True) -> Row:
    """Return the heading of a group of `count`, whose first series or thread is `item`."""
    return Row(
        key=("", text),
        kind=Kind.HEADING,
        depth=0,
        item=item,
        message=None,
        news=text if expanded else f"{text}  ({count:,})",
        expandable=expandable,
        expanded=expanded,
    )


def series_row(item: Item, *, expanded: bool) -> Row:
    """Return the row of a series or thread."""
    if isinstance(item, SeriesSummary):
        expandable = not item.is_thread or item.mails > 1
        return Row(
            key=(item.id,),
            kind=Kind.THREAD if item.is_thread else Kind.SERIES,
            depth=0,
            item=item,
            message=None,
            replies=item.replies,
            expandable=expandable,
            expanded=expanded and expandable,
            unread=item.unread,
            news=badge_of(item),
        )
    if isinstance(item, Thread):
        return Row(
            key=(item.id,),
            kind=Kind.THREAD,
            depth=0,
            item=item,
            message=item.root,
            replies=len(item.replies),
            expandable=bool(item.replies),
            expanded=expanded and bool(item.replies),
        )
    newest = item.versions[-1]
    return Row(
        key=(item.id,),
        kind=Kind.SERIES,
        depth=0,
        item=item,
        message=_first_message(newest),
        version=newest,
        entry=next(newest.entries(), None),
        replies=item.replies,
        expandable=True,
        expanded=expanded,
    )


def badge_of(item: SeriesSummary) -> str:
    """Return the news since a row was last visited, in a word or two."""
    if not item.unread:
        return ""
    if item.unread >= item.mails or item.news & MessageRole.PATCH:
        return "new"
    if item.news & MessageRole.VERSION:
        minor = f".{item.minor}" if item.minor else ""
        return f"v{item.version}{minor} new"
    return "trailer" if item.news & MessageRole.TRAILER else f"{item.unread:,} new"


def with_unread(row: Row, unseen: Collection[MessageId]) -> Row:
    """Return a row inside of a series or thread with how much of it was not read."""
    if row.kind is Kind.VERSION and row.version is not None:
        names = {
            message.message_id
            for entry in row.version.entries()
            for message in (entry.message, *(reply.message for reply in entry.replies))
        }
        unread = len(names.intersection(unseen))
    else:
        unread = int(row.message is not None and row.message.message_id in unseen)
    return replace(row, unread=unread) if unread else row


def child_rows(item: Whole, is_open: IsOpen) -> Iterator[Row]:
    """Yield the rows inside of an unfolded series or thread, without its own."""
    if isinstance(item, Thread):
        yield from _replies(item, None, None, item.replies, 1, is_open)
        return
    if len(item.versions) == 1:
        # No row for the only version, and a lone patch shows its replies at once.
        version = item.versions[0]
        lone = version.cover is None and len(version.patches) == 1 and not version.missing
        yield from _entries(item, version, 1, is_open, unfolded=lone)
        return
    for version in reversed(item.versions):  # the newest is what one came for
        key = (item.id, _name_in(item, version))
        unfolded = is_open(key, version is item.versions[-1])
        yield Row(
            key=key,
            kind=Kind.VERSION,
            depth=1,
            item=item,
            message=_first_message(version),
            version=version,
            entry=next(version.entries(), None),
            replies=sum(len(entry.replies) for entry in version.entries()),
            expandable=True,
            expanded=unfolded,
        )
        if unfolded:
            yield from _entries(item, version, 2, is_open)


def child_count(item: Whole) -> int:
    """Return how many rows there are inside of a series or thread with everything unfolded, without making them."""
    if isinstance(item, Thread):
        return len(item.replies)
    count = len(item.versions) if len(item.versions) > 1 else 0
    for version in item.versions:
        count += len(version.patches)
        count += sum(len(patch.replies) for patch in version.patches)
        if version.cover is not None:
            count += 1 + len(version.cover.replies)
        if version.missing:
            count += sum(1 for _ in _runs(version.missing))
    return count


def match_rows(item: Item, whole: Whole | None, found: MatchingPatches) -> list[Row]:
    """Return the rows under a folded series that show which of its patches were found, the best first."""
    rows: dict[MessageId, Row] = {}
    if whole is not None:
        wanted = set(found.patches)
        for row in child_rows(whole, lambda *_: True):
            if row.kind is not Kind.VERSION and row.message is not None:
                name = row.message.message_id
                if name in wanted:
                    rows.setdefault(name, row)
    shown = []
    for name in found.patches:
        row = rows.get(name) or Row(  # taken away since
            key=(item.id, name), kind=Kind.MORE, depth=1, item=item, message=None, news="(no longer here)"
        )  # fmt: skip
        shown.append(replace(row, depth=1, expandable=False, expanded=False))
    if found.more and not found.beside:
        words = f"{found.more:,} more matching patches"
        last = shown[-1]
        shown.append(
            Row(key=(item.id, "more"), kind=Kind.MORE, depth=1, item=last.item, message=last.message, news=words)
        )  # fmt: skip
    elif found.more:
        shown[-1] = replace(shown[-1], news=f"+{found.more:,}")
    return shown


def _name_in(item: Series, version: Version) -> str:
    """Return the distinct name of a version: a RESEND has the number of the version it repeats."""
    number = (version.version, version.minor)
    same = [other for other in item.versions if (other.version, other.minor) == number]
    nth = next(place for place, other in enumerate(same) if other is version)
    return f"v{version.version}.{version.minor} {nth}"


def _first_message(version: Version) -> Message | None:
    return next((entry.message for entry in version.entries()), None)


def _entries(
    item: Series, version: Version, depth: int, is_open: IsOpen, *, unfolded: bool = False
) -> Iterator[Row]:
    """Yield the cover letter, the patches and the gaps between them, by number."""
    gaps = [(run[0], run[-1]) for run in _runs(version.missing)]
    entries = list(version.entries())
    places = [(entry.number, 0, index) for index, entry in enumerate(entries)]
    places += [(first, 1, index) for index, (first, _) in enumerate(gaps)]
    for number, is_gap, index in sorted(places):
        if is_gap:
            yield Row(
                key=(item.id, _name_in(item, version), f"missing {number}"),
                kind=Kind.MISSING,
                depth=depth,
                item=item,
                message=None,
                version=version,
                numbers=gaps[index],
            )
            continue
        entry = entries[index]
        key = (item.id, entry.message.message_id)
        is_cover = entry is version.cover
        expanded = bool(entry.replies) and is_open(key, unfolded)
        yield Row(
            key=key,
            kind=Kind.COVER if is_cover else Kind.PATCH,
            depth=depth,
            item=item,
            message=entry.message,
            version=version,
            entry=entry,
            replies=len(entry.replies),
            expandable=bool(entry.replies),
            expanded=expanded,
        )
        if expanded:
            yield from _replies(item, version, entry, entry.replies, depth + 1, is_open)


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Yield the runs of consecutive numbers: a hostile `[PATCH 1/9999]` gets one row, not thousands."""
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        yield [number for _, number in run]


def _replies(
    item: Whole,
    version: Version | None,
    entry: Patch | None,
    replies: Sequence[Reply],
    depth: int,
    is_open: IsOpen,
) -> Iterator[Row]:
    folded_at: int | None = None
    for index, reply in enumerate(replies):
        if folded_at is not None:
            if reply.depth > folded_at:
                continue
            folded_at = None
        answered = index + 1 < len(replies) and replies[index + 1].depth > reply.depth
        key = (item.id, reply.message.message_id)
        expanded = answered and is_open(key, True)
        if answered and not expanded:
            folded_at = reply.depth
        yield Row(
            key=key,
            kind=Kind.REPLY,
            depth=depth + reply.depth,
            item=item,
            message=reply.message,
            version=version,
            entry=entry,
            expandable=answered,
            expanded=expanded,
        )


def open_comments(row: Row) -> int:
    """Return how many review comments of a row's series are open, of a row that its list counts."""
    if row.kind is not Kind.SERIES or not isinstance(row.item, SeriesSummary):
        return 0
    settled = (row.standing or row.item.state).settled
    return row.item.review.open_comments(settled)


def row_trailers(row: Row) -> str:
    """Return the trailers given to a row's patch, or version, as `R3 A1 T2`: each person counts once."""
    if isinstance(row.item, SeriesSummary):
        stale = dict(row.item.review.stale)
        counts = Counter(dict.fromkeys(stale, 0))
        counts.update(
            {TRAILER_LETTERS[name]: n for name, n in row.item.given if name in TRAILER_LETTERS}
        )
        # Where the newest version was given none, those that it took over are all that there is.
        return join_counts({one: n or stale[one] for one, n in counts.items()}, stale)
    if not isinstance(row.item, Series) or row.version is None or row.kind is Kind.MISSING:
        return ""
    if row.kind is Kind.REPLY and row.message is not None:
        from_here = row.message.message_id
        return trailer_counts(
            (t.name, t.value) for t in row.item.trailers if t.message_id == from_here
        )
    version = row.version
    of_version = (t for t in row.item.trailers if t.version == version.version)
    if sum(other.version == version.version for other in row.item.versions) > 1:
        # A RESEND, or a part sent again, has the same number: what answers tells them apart.
        answers = {r.message.message_id for entry in version.entries() for r in entry.replies}
        of_version = (t for t in of_version if t.message_id in answers)
    if row.kind is Kind.PATCH and row.entry is not None:
        # What is given to the cover letter is given to every patch.
        wanted = {0, row.entry.number}
        return trailer_counts((t.name, t.value) for t in of_version if t.number in wanted)
    if row.kind is Kind.COVER:
        return trailer_counts((t.name, t.value) for t in of_version if t.number == 0)
    return trailer_counts((t.name, t.value) for t in of_version)
