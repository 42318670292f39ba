"""The values of a reply that is being written: its comments, its recipients and its state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from core.model import Identity, MessageId
from core.series.review_comments import Part

TRAILERS: Final = ("Reviewed-by", "Acked-by", "Tested-by", "NACKed-by")
"""The trailers that a reviewer gives by one key, in their order in a reply."""


class DraftState(StrEnum):
    """The state of a draft; every change is on disk before the act it announces."""

    DRAFT = "draft"
    READY = "ready"
    HANDING = "handing"
    """Another program has it, or had it when this one died: then it reads UNSURE."""
    SENT = "sent"
    FAILED = "failed"
    UNSURE = "unsure"
    """It may have left. Nothing sends it again until a person, or the list, settles it."""


SENDABLE: Final = frozenset({DraftState.READY, DraftState.FAILED})
EDITABLE: Final = frozenset({DraftState.DRAFT, DraftState.READY, DraftState.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A line of the answered mail, named by its content, so that it is found after another fetch."""

    part: Part
    path: str = ""
    """The file of a diff's line; "" elsewhere."""
    text: str
    """The line unchanged, with the sign of a diff's line."""
    ordinal: int = 0
    """Which of the equal lines of that part, or of that file, counted from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftComment:
    """The user's comment on a line, or, without an anchor, on the mail as a whole."""

    text: str
    anchor: Anchor | None = None
    line: int | None = None
    """The line's number in the file after the patch (of a removed line: before it); None outside a diff."""
    span: int = 1
    """How many lines it is about, the anchor's the last of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One time that a draft was handed to another program."""

    time: datetime
    way: str
    """The way it went, as `[send] with` names it."""
    result: str = ""
    """"" while unknown; else `sent`, or a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A reply, from its first comment until long after it was sent."""

    id: str
    """Its file's name, without the ending."""
    state: DraftState = DraftState.DRAFT
    answers: MessageId
    """The mail it replies to."""
    message_id: MessageId
    """Made once, with the draft: a second sending is the same mail to every archive."""
    sender: Identity
    to: tuple[Identity, ...]
    cc: tuple[Identity, ...]
    subject: str
    references: tuple[MessageId, ...] = ()
    """Ends with the answered mail's id."""
    comments: tuple[DraftComment, ...] = ()
    trailers: tuple[str, ...] = ()
    """Whole lines: `Reviewed-by: A B <a@example.org>`."""
    text: str | None = None
    """The text as edited by the user, which is sent unchanged; None: composed from the comments."""
    composed: str = ""
    """The text composed when it was made ready, so that sending needs no mail but this one."""
    created: datetime
    changed: datetime
    attempts: tuple[Attempt, ...] = ()
    series: str = ""
    """The id of the series it was written for, to list a review; "" where there is none."""

    @property
    def body(self) -> str:
        """The text that leaves."""
        return self.composed if self.text is None else self.text

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing yet."""
        return not self.comments and not self.trailers and self.text is None
