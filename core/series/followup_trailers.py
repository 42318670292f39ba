"""Follow-up trailers: those in replies, attached to the patch or cover letter that they were given to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from core.model import FollowupTrailer, Identity, Message, MessageId, Patch, Version

_NAME_MARKS: Final = str.maketrans(dict.fromkeys(",\"'’", " "))
_ADDRESS: Final = re.compile(r"<([^<>\s]{1,320})>|([^<>\s()]{1,64}@[^<>\s()]{1,255})")
# What some mailers put into an address when they make text of HTML: <a@b.c<mailto:a@b.c>>
_MAILTO: Final = re.compile(r"<mailto:[^<>\s]{1,320}>(?=>)")


def followup_trailers(
    versions: Iterable[Version], directly_attached: Collection[MessageId]
) -> tuple[list[FollowupTrailer], list[FollowupTrailer]]:
    """Return the trailers that count, and those whose name is not their sender's.

    Each is there once for a patch, by the first reply that gives it; trailers that the patch carries itself do not
    count again. `directly_attached` are the replies between which and the patch they stand under no mail is missing.
    """
    counting: list[FollowupTrailer] = []
    foreign: list[FollowupTrailer] = []
    seen: set[tuple[object, ...]] = set()
    for version in versions:
        for entry in version.entries():
            carried = {(t.name.casefold(), t.value.casefold()) for t in entry.message.trailers}
            for reply in entry.replies:
                message = reply.message
                number = (
                    entry.number
                    if message.message_id in directly_attached
                    else _patch_number_from_subject(message, entry, version)
                )
                if number is None:
                    continue
                for given in _of_reply(message, number, version):
                    mine = names_sender(given.value, message.sender)
                    key = (given.name.casefold(), given.value.casefold(), number, given.posting)
                    if key in seen or (not mine and key[:2] in carried):
                        continue
                    seen.add(key)
                    (counting if mine else foreign).append(given)
    return counting, foreign


def _of_reply(message: Message, number: int, version: Version) -> Iterator[FollowupTrailer]:
    posting = next(version.entries()).message.message_id
    for trailer in message.trailers:
        yield FollowupTrailer(
            name=trailer.name,
            value=_MAILTO.sub("", trailer.value),
            number=number,
            version=version.version,
            posting=posting,
            message_id=message.message_id,
        )


def _patch_number_from_subject(message: Message, entry: Patch, version: Version) -> int | None:
    """Return the number that a reply means by its subject alone."""
    subject = message.subject
    if subject.number is not None:
        same = (subject.version, subject.total) == (entry.message.subject.version, version.total)
        return subject.number if same else None
    if entry.number > 0 or subject.title == entry.message.subject.title:
        return entry.number
    return None


def names_sender(value: str, sender: Identity) -> bool:
    """Whether a trailer's value names its sender, or nobody (`Fixes: abc123`).

    Like b4: the address is the same but for a `+extension` or one label of its domain, or the name is the same.
    """
    match = _ADDRESS.search(value)
    address = (match[1] or match[2]) if match else ""
    if match is None or "@" not in address:
        return True
    if _same_address(address.casefold(), sender.address.casefold()):
        return True
    words = _name_words(sender.name.casefold().partition(" via ")[0])
    return bool(words) and words == _name_words(value[: match.start()].casefold())


def _name_words(name: str) -> set[str]:
    return set(name.translate(_NAME_MARKS).split())


def _same_address(one: str, other: str) -> bool:
    name, _, domain = one.rpartition("@")
    other_name, _, other_domain = other.rpartition("@")
    if name.partition("+")[0] != other_name.partition("+")[0]:
        return False
    if domain == other_domain:
        return True
    if abs(domain.count(".") - other_domain.count(".")) != 1:
        return False
    return domain.endswith("." + other_domain) or other_domain.endswith("." + domain)
