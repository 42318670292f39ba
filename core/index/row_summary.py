"""The summary of a series or thread in a row of the tree, made once when it is grouped, so that a list needs no join."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag
from typing import Any, Final

from core.index.codec import datetime_at
from core.index.review_summary import NO_REVIEW, ReviewSummary
from core.model import Identity, Message, MessageId, Series, Thread, Version
from core.triage.state import INITIAL_STATE, TriageState

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


class MessageRole(IntFlag):
    """The role of a mail in its series or thread; or-ed over unread mails, the kinds of news there."""

    VERSION = 1
    """A patch or cover letter of the newest of several versions."""
    PATCH = 2
    """Another patch or cover letter."""
    REPLY = 4
    """An answer, or any mail of a thread."""
    TRAILER = 8
    """A reply that gives a trailer."""
    REVIEWED = 16
    ACKED = 32
    TESTED = 64
    NACKED = 128
    """Replies that give the trailer of a review."""


REVIEW_ROLES: Final = {
    "reviewed-by": MessageRole.REVIEWED,
    "acked-by": MessageRole.ACKED,
    "tested-by": MessageRole.TESTED,
    "nacked-by": MessageRole.NACKED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSummary:
    """A row of the tree."""

    row: int
    """Its number in the index; stable as long as it holds the same mails."""
    is_thread: bool
    """It is not a patch series; `version` to `total` are unused then."""
    id: MessageId
    """As `core.model.Series` and `Thread` have it: it changes when an earlier version turns up."""
    lists: tuple[str, ...]
    subject: str
    author: Identity
    date: datetime
    """The latest activity."""
    posted: datetime
    """When the newest version, or the thread's first mail, was sent."""
    version: int
    minor: int
    tags: tuple[str, ...]
    """The newest version's, beside PATCH."""
    versions: int
    """Number of versions."""
    have: int
    total: int
    """(patches of the newest version here, patches in all)."""
    given: tuple[tuple[str, int], ...]
    """Of the trailers given to the newest version, by their names in lower case, from how many people each comes."""
    replies: int
    mails: int
    unread: int
    news: MessageRole
    change_id: str | None
    state: TriageState = INITIAL_STATE
    """Its triage state at the time of the query."""
    review: ReviewSummary = NO_REVIEW
    """What its reviews come to, once they were counted."""


@dataclass(frozen=True, slots=True)
class RowHead:
    """The stored summary of a row; times are seconds of the Unix epoch and minutes east of Greenwich."""

    subject: str
    name: str
    address: str
    active: tuple[float, float]
    posted: tuple[float, float]
    version: int = 1
    minor: int = 0
    tags: tuple[str, ...] = ()
    versions: int = 1
    have: int = 0
    total: int = 0
    given: tuple[tuple[str, int], ...] = ()
    change_id: str | None = None

    def encode(self) -> bytes:
        """Return it as it is stored."""
        values: list[Any] = [getattr(self, name) for name in self.__slots__]
        return _encode(values).encode("ascii")


def decode_row_head(data: bytes) -> RowHead:
    """Return the head that was packed."""
    values = json.loads(data)
    for at, name in enumerate(RowHead.__slots__):
        if name in {"active", "posted", "tags"}:
            values[at] = tuple(values[at])
        elif name == "given":
            values[at] = tuple((trailer, count) for trailer, count in values[at])
    return RowHead(*values)


def row_head(item: Series | Thread) -> RowHead:
    """Return the summary of a series or thread."""
    active = _when(item.date)
    if isinstance(item, Thread):
        return RowHead(
            subject=item.subject,
            name=item.author.name,
            address=item.author.address,
            active=active,
            posted=_when(item.root.date),
        )
    newest = item.versions[-1]
    return RowHead(
        subject=item.subject,
        name=item.author.name,
        address=item.author.address,
        active=active,
        posted=_when(newest.date),
        version=newest.version,
        minor=newest.minor,
        tags=newest.tags,
        versions=len(item.versions),
        have=len(newest.patches),
        total=newest.total,
        given=tuple(sorted(count_trailers(item, newest).items())),
        change_id=item.change_id,
    )


def count_trailers(series: Series, version: Version) -> Counter[str]:
    """Count the givers of each kind of trailer of a version."""
    given = [trailer for trailer in series.trailers if trailer.version == version.version]
    if sum(other.version == version.version for other in series.versions) > 1:
        # A RESEND, or a part sent again, has the same number: what answers tells them apart.
        answers = {r.message.message_id for entry in version.entries() for r in entry.replies}
        given = [trailer for trailer in given if trailer.message_id in answers]
    return Counter(name for name, _ in {(each.name.casefold(), each.value) for each in given})


def message_roles(item: Series | Thread) -> Iterator[tuple[Message, MessageRole]]:
    """Yield every mail of an item with its role there."""
    if isinstance(item, Thread):
        yield item.root, MessageRole.REPLY
        for reply in item.replies:
            yield reply.message, MessageRole.REPLY
        return
    given: dict[MessageId, MessageRole] = {}
    for trailer in item.trailers:
        role = REVIEW_ROLES.get(trailer.name.casefold(), MessageRole(0)) | MessageRole.TRAILER
        given[trailer.message_id] = given.get(trailer.message_id, MessageRole.REPLY) | role
    for version in item.versions:
        is_newest = version is item.versions[-1] and len(item.versions) > 1
        own = MessageRole.VERSION if is_newest else MessageRole.PATCH
        for entry in version.entries():
            yield entry.message, own
            for double in entry.duplicates:
                yield double, own
            for reply in entry.replies:
                yield reply.message, given.get(reply.message.message_id, MessageRole.REPLY)


def summary(
    row: int, *, is_thread: bool, message_id: MessageId, lists: tuple[str, ...], head: RowHead,
    replies: int, mails: int, unread: int, news: int, state: TriageState = INITIAL_STATE,
) -> SeriesSummary:  # fmt: skip
    """Return a row as the screens have it."""
    return SeriesSummary(
        row=row,
        is_thread=is_thread,
        id=message_id,
        lists=lists,
        subject=head.subject,
        author=Identity(head.name, head.address),
        date=datetime_at(*head.active),
        posted=datetime_at(*head.posted),
        version=head.version,
        minor=head.minor,
        tags=head.tags,
        versions=head.versions,
        have=head.have,
        total=head.total,
        given=head.given,
        replies=replies,
        mails=mails,
        unread=unread,
        news=MessageRole(news),
        change_id=head.change_id,
        state=state,
    )


def _when(date: datetime) -> tuple[float, float]:
    offset = date.utcoffset()
    return date.timestamp(), offset.total_seconds() / 60 if offset else 0
