"""The values of a digest: made by `core.digest.build.build_digest`, rendered by `core.digest.formats` or a screen.

Texts are as the mails have them: whoever shows one passes it through `core.text`. People are those of
`core.digest.people`, unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.digest.people import IdentityMerge
from core.model import FollowupTrailer, Identity, MessageId

Counts = tuple[tuple[Identity, int], ...]
"""People with a number each, the largest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diffstat:
    """The files and lines that diffs change."""

    files: int = 0
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchSummary:
    """A patch in its place in a version."""

    number: int
    subject: str
    author: Identity
    """As written."""
    message_id: MessageId
    arrived: bool
    """In the range; else before it."""
    diffstat: Diffstat
    replies: int
    """In the range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionChanges:
    """A version of a series, as of the range's end."""

    version: int
    minor: int
    tag: str
    """Its brackets without the counter: `[PATCH RFC v2]`."""
    subject: str
    total: int
    date: datetime
    cover: MessageId | None
    arrived: tuple[int, ...]
    """The numbers of the patches that arrived in the range."""
    before: tuple[int, ...]
    """Of those that arrived before it; of a version from before the range, those that were looked up."""
    missing: tuple[int, ...]
    is_news: bool
    """Something of it, a cover letter too, arrived in the range."""
    patches: tuple[PatchSummary, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeChanges:
    """The patches of a version by what became of their code since the version before, by their numbers."""

    since: str
    """The version before: `v2`."""
    changed: tuple[int, ...] = ()
    unchanged: tuple[int, ...] = ()
    """Those whose added and removed lines are the same."""
    new: tuple[int, ...] = ()
    """Empty where the version before is not here as a whole."""
    gone: tuple[int, ...] = ()
    """Numbers of the version before; empty where the newer one is not here as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesChanges:
    """A series of which something arrived in the range."""

    id: MessageId
    subject: str
    author: Identity
    """The sender of the newest version."""
    versions: tuple[VersionChanges, ...]
    """Oldest first; those before the range as far as they were found."""
    message_ids: tuple[MessageId, ...]
    """The cover letters and patches that arrived."""
    replies: int
    """In the range."""
    unanswered: bool
    """Nobody has replied to the newest version at the range's end."""
    trailers: tuple[FollowupTrailer, ...]
    """Given in the range."""
    diffstat: Diffstat
    """Of the newest version's patches."""
    text: str
    """Of its cover letter or single patch, through the diffstat; empty where there is none."""
    code: CodeChanges | None = None
    """Between the newest version and the one before; None without one, and where no patch of it is here."""

    @property
    def newest(self) -> VersionChanges:
        """The newest version that arrived in the range."""
        return next(version for version in reversed(self.versions) if version.is_news)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadChanges:
    """A discussion that moved in the range: no series, or one of which nothing but replies arrived."""

    id: MessageId
    is_series: bool
    subject: str
    author: Identity
    """The author of the first message, if known."""
    began: bool
    """In the range."""
    replies: int
    """In the range."""
    people: int
    """Authors of its messages in the range."""
    unanswered: bool
    """It began in the range, and had no reply at its end."""
    trailers: tuple[FollowupTrailer, ...]
    date: datetime
    """Of its latest mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """A person with answers to patches."""

    person: Identity
    trailers: int
    """Number of trailers in their replies in the range."""
    series: int
    """Number of other people's series that they replied to in the range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A person whose first message in the archive is in the range."""

    person: Identity
    message_id: MessageId
    subject: str
    mails: int
    """In the range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A mail that announces a series or patch, as the seed's page prints it."""

    title: str
    subject: str
    author: Identity
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The arrivals in an archive between two commits or dates."""

    list_name: str
    start: str
    end: str
    """The end of the range as the user wrote it; "" for an open end."""
    first: datetime | None
    last: datetime | None
    """When the first and the last mail arrived (UTC); None where there is none."""
    messages: int
    days: tuple[tuple[str, int], ...]
    """Mails by the day (UTC) of their arrival; days without mail are left out."""
    domains: tuple[tuple[str, int], ...]
    contributors: Counts
    bots: Counts
    """The machines that the user named; they are in no other table."""
    reviewers: tuple[Reviewer, ...]
    series: tuple[SeriesChanges, ...]
    """The latest to arrive first."""
    threads: tuple[ThreadChanges, ...]
    """The most moved first."""
    newcomers: tuple[Newcomer, ...]
    """In the order of their mails."""
    entries: tuple[Entry, ...]
    """The entries of the seed layout, the latest arrival first."""
    merges: tuple[IdentityMerge, ...]
    """Which identities were taken for one person."""
    notes: tuple[str, ...]
    """Messages that could not be read, each as a sentence."""

    @property
    def ends(self) -> tuple[str, str]:
        """Its ends as words for a title."""
        return self.start or "the beginning", self.end or "the end"

    def most_discussed(self, top: int) -> tuple[SeriesChanges | ThreadChanges, ...]:
        """Return the series and threads with the most replies in the range."""
        everything: list[SeriesChanges | ThreadChanges] = [*self.series, *self.threads]
        moved = [one for one in everything if one.replies]
        return tuple(sorted(moved, key=lambda one: (-one.replies, one.id))[:top])

    def unanswered_items(self) -> tuple[SeriesChanges | ThreadChanges, ...]:
        """Return the series and threads that `unanswered` names."""
        return (
            *(one for one in self.series if one.unanswered),
            *(one for one in self.threads if one.unanswered),
        )
