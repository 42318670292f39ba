"""Torn sends: mails of one run of git send-email that the grouping puts into several postings.

PATCHDESK_ARCHIVES names the archives. A send is recognised without the grouping: by the stem of the Message-IDs that
git send-email makes, else by the cover letter or patch that a mail answers within the hour.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from core.mail.message import parse_message
from core.model import Message, MessageId
from core.series.grouping import Grouping
from tests.bench.corpus import mails_of, more_archives

_STEM: Final = re.compile(r"(\d{14}\.\d+|\d{9,10}-\d+-git-send-email)-\d*")
_HOUR: Final = 3600
SHOWN: Final = 10

SendKey = tuple[str, int | None, str]


def run(folder: Path) -> Iterator[str]:
    """Yield a line for each archive, and one for each torn send, up to `SHOWN`."""
    archives = more_archives()
    if not archives:
        yield "torn sends: PATCHDESK_ARCHIVES names no archive"
    for archive in archives:
        messages = [parse_message(mail.raw, mail.key) for mail in mails_of(archive)]
        grouping = Grouping(messages)
        posting_of = {
            grouping.messages[mail].message_id: at
            for at, posting in enumerate(grouping.postings)
            for mails in posting.slots.values()
            for mail in mails
        }
        sent = list(sends(grouping.messages))
        torn = [one for one in sent if len({posting_of.get(m.message_id) for m in one}) > 1]
        yield f"{archive.name}: {len(torn)} of {len(sent):,} sends are torn (asked: <= 1 in 5,000)"
        for one in torn[:SHOWN]:
            yield f"  {one[0].message_id} {one[0].subject.text[:80]}"


def sends(messages: Iterable[Message]) -> Iterator[Sequence[Message]]:
    """Yield the counted patches and cover letters of each send of two mails or more, none of whose numbers comes twice."""
    claims = {
        message.message_id: message
        for message in messages
        if message.subject.is_patch
        and not message.subject.is_reply
        and message.subject.number is not None
    }
    sent: dict[SendKey, list[Message]] = {}
    for message in claims.values():
        sent.setdefault(_send_key(message, claims), []).append(message)
    for one in sent.values():
        numbers = {message.subject.number for message in one}
        if len(one) > 1 and len(numbers) == len(one):
            yield one


def _send_key(message: Message, claims: dict[MessageId, Message]) -> SendKey:
    """Return the key that the mails of one send share."""
    address = message.sender.address.casefold()
    if stem := _STEM.match(message.message_id):
        return (stem[1], message.subject.total, address)
    head = message
    seen: set[MessageId] = set()
    while head.subject.number and head.in_reply_to and head.message_id not in seen:
        seen.add(head.message_id)
        above = claims.get(head.in_reply_to)
        if above is None or not _is_sent_with(above, message):
            break
        head = above
    return (head.message_id, message.subject.total, address)


def _is_sent_with(above: Message, message: Message) -> bool:
    same = (above.subject.total, above.sender.address) == (
        message.subject.total,
        message.sender.address,
    )
    return same and abs((message.date - above.date).total_seconds()) <= _HOUR
