"""Builds the mails of a thread from a short notation, and writes their grouping in one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from core.mail.subject import parse_subject
from core.model import Identity, Message, MessageId, Series, Thread, Trailer, Version
from core.series.grouping import group_messages

START = datetime(2025, 6, 2, 12, 0, tzinfo=UTC)
ANN = Identity("Ann Author", "ann@example.org")
REX = Identity("Rex Reviewer", "rex@example.com")
DAY = 24 * 60
"""In minutes, as `mail` counts."""


def mail(
    name: str,
    subject: str,
    *above: str,
    at: float = 0,
    sender: Identity = ANN,
    diff: bool | None = None,
    trailers: Sequence[str] = (),
    lists: Sequence[str] = (),
    change_id: str | None = None,
    fingerprint: str | None = None,
    author: Identity | None = None,
    links: Sequence[tuple[int, str]] = (),
) -> Message:
    """Return a mail `at` minutes after the start, answering the last of `above`.

    It carries a diff where its subject says so: it claims a patch that is no cover letter.
    """
    parts = parse_subject(subject)
    if diff is None:
        diff = parts.is_patch and not parts.is_reply and parts.number != 0
    return Message(
        message_id=MessageId(name),
        subject=parts,
        sender=sender,
        author=author or sender,
        date=START + timedelta(minutes=at),
        in_reply_to=MessageId(above[-1]) if above else None,
        references=tuple(MessageId(one) for one in above),
        has_diff=diff,
        trailers=tuple(Trailer(*line.split(": ", 1)) for line in trailers),
        list_ids=tuple(lists),
        change_id=change_id,
        version_links=tuple((number, MessageId(name)) for number, name in links),
        fingerprint=name if fingerprint is None else fingerprint,
        key=f"key of {name}",
    )


def series(messages: Sequence[Message]) -> list[Series]:
    """Return the series alone."""
    return [item for item in group_messages(messages) if isinstance(item, Series)]


def only(messages: Sequence[Message]) -> Series:
    """Return the one series that all mails make."""
    (item,) = group_messages(messages)
    assert isinstance(item, Series)
    return item


def outline(messages: Sequence[Message]) -> list[str]:
    """Return one line for each item, by its first mail: `v1 0=c 1=p 2=q(double)<reply /2 | v2 …`, `thread r<s`."""
    items = sorted(group_messages(messages), key=lambda item: item.id)
    return [_thread(item) if isinstance(item, Thread) else versions(item) for item in items]


def versions(item: Series) -> str:
    """Return a series' versions in one line."""
    return " | ".join(_version(version) for version in item.versions)


def _version(version: Version) -> str:
    words = [f"v{version.version}" + (f".{version.minor}" if version.minor else "")]
    words += version.tags
    for entry in version.entries():
        duplicates = "".join(f"({double.message_id})" for double in entry.duplicates)
        replies = "".join(f"{'<' * (r.depth + 1)}{r.message.message_id}" for r in entry.replies)
        words.append(f"{entry.number}={entry.message.message_id}{duplicates}{replies}")
    return " ".join([*words, f"/{version.total}"])


def _thread(item: Thread) -> str:
    replies = "".join(f"{'<' * (r.depth + 1)}{r.message.message_id}" for r in item.replies)
    return f"thread {item.root.message_id}{replies}"
