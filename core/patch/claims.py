"""One mail → the place in a series that its subject claims: cover letter, patch 3 of 7, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.model import Identity, Message
from core.patch.thread import Forest

PATCH_WORDS: Final = frozenset({"patch", "patches", "patchset"})
_NO_SERIES_TAGS: Final = PATCH_WORDS | {"resend", "repost"}


@dataclass(frozen=True, slots=True)
class Claim:
    """The place that a mail's subject claims."""

    mail: int
    number: int
    """0 for a cover letter."""
    total: int
    version: int
    minor: int
    sender: str
    tags: frozenset[str]
    """In lower case, without those that say nothing about which series it is."""
    counted: bool
    """It has a counter; a lone patch mostly has none."""


def sender_key(who: Identity) -> str:
    """Return what tells senders apart: the address, but the name where a list or relay sends for them.

    `A Person via Some List <some-list@…>` shares its address with every other sender of that list.
    """
    name, via, _ = who.name.partition(" via ")
    if via:
        return "via " + " ".join(name.strip(" '\"").casefold().split())
    return who.address.casefold() or who.name.casefold()


def read_claim(forest: Forest, mail: int) -> Claim | None:
    """Return the place that a mail claims, None where it is no patch and no counted cover letter.

    A diff in an answer (`Re: [PATCH]`) is a suggestion, no patch. A pull request, and what it carries, is none.
    """
    message = forest.messages[mail]
    subject = message.subject
    if subject.is_reply:
        return None
    tags = frozenset(tag.casefold() for tag in subject.tags)
    if "pull" in tags or (tags.isdisjoint(PATCH_WORDS) and any(":" in tag for tag in tags)):
        return None  # [tip: x86/urgent], [linux-next:master 2/7]: what a robot says of a commit
    number, total, counted = 1, 1, False
    if subject.is_patch and subject.number is not None and subject.total is not None:
        number, total, counted = subject.number, subject.total, True
    elif not message.has_diff:
        return None
    parent = forest.parents[mail]
    if parent >= 0 and _echoes(message, forest.messages[parent], number):
        return None
    return make_claim(message, mail, number=number, total=total, counted=counted)


def make_claim(message: Message, mail: int, *, number: int, total: int, counted: bool) -> Claim:
    """Return the claim of a mail to a number that its subject says, or that it is given."""
    tags = frozenset(tag.casefold() for tag in message.subject.tags)
    return Claim(
        mail=mail,
        number=number,
        total=total,
        version=message.subject.version,
        minor=message.subject.minor,
        sender=sender_key(message.sender),
        tags=tags - _NO_SERIES_TAGS,
        counted=counted,
    )


def _echoes(message: Message, parent: Message, number: int) -> bool:
    """Whether it is an answer that only lacks its `Re:`."""
    mine, theirs = message.subject, parent.subject
    same_title = mine.title.casefold() == theirs.title.casefold()
    if message.has_diff:
        return same_title and not mine.is_patch
    others = sender_key(message.sender) != sender_key(parent.sender)
    if number == 0:
        return same_title and others
    return others or (same_title and mine.number == theirs.number)
