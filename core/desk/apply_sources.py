"""The patches of a version as they came, for applying them, and their lines that do not read as they compile."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from core.apply.values import PatchSource
from core.diff.trojan_source import DIRECTION, HIDDEN, find_suspicious
from core.model import Body, OpenedMessage, Version

if TYPE_CHECKING:
    from core.desk.export import MailOpener

_REFUSED = frozenset({DIRECTION, HIDDEN})
"""Kinds of characters with which a patch does not read as it compiles."""


def sources_of(
    opener: MailOpener, version: Version, wanted: Collection[int] | None = None
) -> tuple[list[PatchSource], list[OpenedMessage]]:
    """Return a version's patches as they came, missing ones too, and those that are there opened.

    `wanted` are the numbers to take, None for all. Raises PatchdeskError.
    """
    there = {patch.number: patch for patch in version.patches}
    sources: list[PatchSource] = []
    mails: list[OpenedMessage] = []
    for number in sorted({*there, *version.missing}):
        if wanted is not None and number not in wanted:
            continue
        patch = there.get(number)
        if patch is None:
            sources.append(PatchSource(number=number, message_id=None))
            mails.append(_nothing(version))
            continue
        message = patch.message
        sources.append(
            PatchSource(
                number=number,
                message_id=message.message_id,
                title=message.subject.title,
                raw=opener.raw(message),
            )
        )
        mails.append(opener.mail(message))
    return sources, mails


def suspicious_lines(mails: Sequence[OpenedMessage]) -> Iterator[str]:
    """Yield the added lines that hold characters which hide or reorder text; such a version is not applied unasked."""
    for mail in mails:
        for line in mail.body.diff.split("\n"):
            if line.startswith("+") and any(
                span.why in _REFUSED for span in find_suspicious(line[1:])
            ):
                yield line


def _nothing(version: Version) -> OpenedMessage:
    """Return an empty mail in place of a missing patch."""
    first = (version.cover or version.patches[0]).message
    return OpenedMessage(message=first, headers=(), text="", body=Body())
