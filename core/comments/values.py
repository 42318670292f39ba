"""A review comment and the evidence of its outcome. Evidence is never a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.model import Identity, MessageId
from core.series.review_comments import PatchLine, ReviewComment


class Evidence(StrEnum):
    """The change of the next version at the place of a comment."""

    AS_SUGGESTED = "taken as suggested"
    """Code that the comment proposes was added."""
    LINE_CHANGED = "line changed"
    NEARBY = "changed nearby"
    """Within three rows."""
    IN_HUNK = "changed in the hunk"
    AS_IT_WAS = "as it was"
    """The patch changed, but elsewhere."""
    PATCH_AS_IT_WAS = "patch as it was"
    PATCH_GONE = "patch gone"
    PATCH_MERGED = "patch merged"
    TEXT_CHANGED = "text changed"
    TEXT_AS_IT_WAS = "text as it was"
    NO_PLACE = "no place"
    """Its quote is not found in the patch."""
    NO_NEXT = "no newer version"


class CommentState(StrEnum):
    """Whether a comment still waits for an answer or a change."""

    OPEN = "open"
    LIKELY_SETTLED = "likely settled"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discussion:
    """The discussion below a comment."""

    replies: int = 0
    author_answered: bool = False
    reviewer_returned: bool = False
    tag: str = ""
    """A review trailer that the reviewer gave to the patch later, "" for none."""
    in_changelog: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NextVersion:
    """The place of a comment's patch in a later posting, and the changes there."""

    version: int
    number: int | None
    """None where the patch is gone."""
    evidence: Evidence
    rows_away: int | None = None
    """Rows from the comment's line to the nearest change; None where there is none in the hunk."""
    row: tuple[str, int] | None = None
    """The file, and the row among those of its hunks in the later patch, where the line is, or its nearest neighbor."""
    rewritten: bool = False
    """Most of the patch changed, so that any line did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedComment:
    """A review comment of one posting, followed to a later one."""

    key: str
    """Names it in the journal; of the reply's id and the comment's text."""
    message_id: MessageId
    """The Message-ID of the reply with the comment."""
    person: Identity
    version: int
    number: int
    """The patch, 0 for the cover letter."""
    patch: MessageId
    place: PatchLine | None
    path: str
    quoted: str
    """The line it was written under; "" where that is not known."""
    text: str
    discussion: Discussion
    next: NextVersion
    after_next: bool = False
    """It was sent after the later posting."""
    settled_by_hand: bool | None = None

    @property
    def state(self) -> CommentState:
        """Return a person's decision, else the state that follows from the evidence."""
        if self.settled_by_hand is not None:
            return CommentState.SETTLED if self.settled_by_hand else CommentState.OPEN
        if self.discussion.tag or self.next.evidence is Evidence.PATCH_GONE:
            return CommentState.SETTLED
        heard = self.discussion.author_answered or self.discussion.in_changelog
        changed = self.next.evidence in {Evidence.LINE_CHANGED, Evidence.TEXT_CHANGED}
        if self.next.evidence is Evidence.AS_SUGGESTED or (changed and heard):
            return CommentState.LIKELY_SETTLED
        return CommentState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedComment(ReviewComment):
    """An open comment on the diff of an older posting."""

    key: str
    """Its key in the journal."""
    version: int
    """The version that it was made on."""
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentLedger:
    """The comments of one posting, and the texts left out of them."""

    series: MessageId
    version: int
    seen_in: int | None
    comments: tuple[FollowedComment, ...]
    left_out: int = 0
    """Comments that ask for nothing: the author's own, trailers alone, thanks, those of bots."""

    @property
    def open(self) -> int:
        """How many comments are open."""
        return sum(one.state is CommentState.OPEN for one in self.comments)
