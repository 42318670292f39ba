"""Series made by hand, grouped from their mails, and a function that opens these."""

from __future__ import annotations

from collections.abc import Sequence

from core.mail.message import parse_mail, parse_message
from core.model import Message, OpenedMessage, Series, TargetListing
from core.series.grouping import group_messages


class Mails:
    """An archive in memory: opens its mails, and counts how often."""

    def __init__(self, raws: Sequence[str]) -> None:
        self._raws = {str(at): raw.encode() for at, raw in enumerate(raws)}
        self.opened = 0

    def raws(self) -> list[str]:
        return [raw.decode() for raw in self._raws.values()]

    def listing(self) -> TargetListing:
        messages = [parse_message(raw, key) for key, raw in self._raws.items()]
        items = tuple(group_messages(messages))
        return TargetListing(name="made up", items=items, mails=len(messages), done=True)

    def series(self) -> Series:
        (only,) = (item for item in self.listing().items if isinstance(item, Series))
        return only

    def mail(self, message: Message) -> OpenedMessage:
        self.opened += 1
        return parse_mail(self._raws[message.key], message.key)

    def raw(self, message: Message) -> bytes:
        return self._raws[message.key]


def raw_mail(
    local: str,
    subject: str,
    body: str = "Words.\n",
    *,
    day: int = 1,
    answers: str = "",
    sender: str = "Ada <ada@example.org>",
) -> str:
    """Return a mail; `local` and `answers` are local parts of Message-IDs."""
    parent = f"In-Reply-To: <{answers}@x.example>\n" if answers else ""
    return (
        f"From: {sender}\nTo: list@example.org\nSubject: {subject}\n"
        f"Date: {day:02} Nov 2026 06:40:00 +0000\nMessage-ID: <{local}@x.example>\n{parent}\n{body}"
    )


def raw_patch(
    local: str,
    subject: str,
    rows: Sequence[str],
    *,
    day: int = 1,
    answers: str = "",
    notes: str = "",
) -> str:
    """Return a patch mail that changes one file, named after the subject's last word."""
    name = subject.split()[-1]
    old = sum(row[:1] in {"-", " "} for row in rows)
    new = sum(row[:1] in {"+", " "} for row in rows)
    diff = "\n".join(
        [f"diff --git a/{name}.c b/{name}.c", f"--- a/{name}.c", f"+++ b/{name}.c", f"@@ -1,{old} +1,{new} @@", *rows]
    )  # fmt: skip
    body = f"Why {name}.\n\nSigned-off-by: Ada <ada@example.org>\n---\n{notes}\n{diff}\n-- \n2.40\n"
    return raw_mail(local, subject, body, day=day, answers=answers)
