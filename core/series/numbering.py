"""One mail → the place in a series that its subject claims: cover letter, patch 3 of 7, or none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.model import Identity, Message
from core.series.threading import ThreadForest

PATCH_WORDS: Final = frozenset({"patch", "patches", "patchset"})
# What stable and -mm robots say of a patch that they took, or could not take.
_NOTICE: Final = re.compile(
    r"FAILED: patch|has been (?:added|queued) |\.patch (?:added|removed) |removed from -mm",
    re.IGNORECASE,
)
_RELEASE: Final = re.compile(r"\d+(?:\.\d+)*")
_RESEND: Final = re.compile(r"(?:re){1,3}(?:send|sent|post|posted)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PatchNumber:
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

    @property
    def release_tags(self) -> frozenset[str]:
        """Releases named by its tags: 5.10 and 5.15 are for different trees."""
        return release_tags(self.tags)


def is_resend_tag(tag: str) -> bool:
    """Whether a tag says that a posting was sent before: RESEND, REPOST, RERESEND."""
    return _RESEND.fullmatch(tag) is not None


def release_tags(tags: Iterable[str]) -> frozenset[str]:
    """Return the numbers in tags: 5.13 of `for-5.13` and `5.13`."""
    return frozenset(number for tag in tags for number in _RELEASE.findall(tag))


def sender_identity_key(who: Identity) -> str:
    """Return the key of a sender: the address, but the name where a list or relay sends for them.

    `A Person via Some List <some-list@…>` shares its address with every other sender of that list.
    """
    name, via, _ = who.name.partition(" via ")
    if via:
        return "via " + " ".join(name.strip(" '\"").casefold().split())
    return who.address.casefold() or who.name.casefold()


def read_patch_number(forest: ThreadForest, mail: int) -> PatchNumber | None:
    """Return the number that a mail claims, None where it is neither a patch nor a counted cover letter.

    A diff in an answer (`Re: [PATCH]`) is a suggestion, no patch. Neither is a pull request, nor a patch that it
    carries.
    """
    message = forest.messages[mail]
    subject = message.subject
    if subject.is_reply:
        return None
    tags = frozenset(tag.casefold() for tag in subject.tags)
    is_lone_patch = subject.number is None and message.has_diff and not tags.isdisjoint(PATCH_WORDS)
    if "pull" in tags and not is_lone_patch:
        return None
    if tags.isdisjoint(PATCH_WORDS) and any(":" in tag for tag in tags):
        return None  # [tip: x86/urgent], [linux-next:master 2/7]: what a robot says of a commit
    if "patchset" in tags and not message.has_diff and subject.number:
        return None  # [PATCHSET 2/3]: the cover letter of one series among several
    number, total, counted = 1, 1, False
    if subject.is_patch and subject.number is not None and subject.total is not None:
        number, total, counted = subject.number, subject.total, True
    elif not message.has_diff:
        return None
    parent = forest.messages[forest.parents[mail]] if forest.parents[mail] >= 0 else None
    if parent is not None and _is_reply_without_re(message, parent, number):
        return None
    if not subject.is_patch and not _is_bare_patch(message, parent):
        return None
    return make_patch_number(message, mail, number=number, total=total, counted=counted)


def _is_bare_patch(message: Message, parent: Message | None) -> bool:
    """Whether a mail with a diff is a patch though its subject does not say so: most are bug reports.

    It is signed off, or begins with a bracket that got out of hand, or follows its sender's own patch.
    """
    text = message.subject.text
    if "(was" in text or _NOTICE.search(text):
        return False
    if "patch" in text[:10].casefold() or is_signed_off(message):
        return True
    return (
        parent is not None
        and parent.subject.is_patch
        and not parent.subject.is_reply
        and sender_identity_key(parent.sender) == sender_identity_key(message.sender)
    )


def is_signed_off(message: Message) -> bool:
    """Whether it carries a `Signed-off-by`, as patches meant for applying do."""
    return any(trailer.name.casefold() == "signed-off-by" for trailer in message.trailers)


def make_patch_number(
    message: Message, mail: int, *, number: int, total: int, counted: bool
) -> PatchNumber:
    """Return the claim of a mail to a number that its subject says, or that it is given."""
    subject = message.subject
    tags = frozenset(tag.casefold() for tag in subject.tags)
    return PatchNumber(
        mail=mail,
        number=number,
        total=total,
        version=subject.version,
        minor=subject.minor,
        sender=sender_identity_key(message.sender),
        tags=frozenset(tag for tag in tags - PATCH_WORDS if not is_resend_tag(tag)),
        counted=counted,
    )


def _is_reply_without_re(message: Message, parent: Message, number: int) -> bool:
    """Whether it is an answer that only lacks its `Re:`."""
    mine, theirs = message.subject, parent.subject
    same_title = mine.title.casefold() == theirs.title.casefold()
    if message.has_diff:
        return same_title and not mine.is_patch
    others = sender_identity_key(message.sender) != sender_identity_key(parent.sender)
    if number == 0:
        return same_title and others
    return others or (same_title and mine.number == theirs.number)
