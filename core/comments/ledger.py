"""The ledger of a posting: each of its review comments, followed to a later posting."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.comments.evidence import next_version, text_evidence
from core.comments.items import comment_keys, senders_of
from core.comments.values import (
    CommentLedger,
    Discussion,
    Evidence,
    FollowedComment,
    NextVersion,
)
from core.coverage.given_tags import GivenTags, Place
from core.coverage.people import is_same_person
from core.diff.parse import DiffFile, read_diff
from core.model import OpenedMessage, Series, Version
from core.series.identities import NO_BOTS, Bots
from core.series.review_comments import (
    PatchLine,
    ReplyInThread,
    ReviewComment,
    place_comments,
)
from core.versions.comparison import Comparison, PairInterdiff

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{4,}")
_FEWEST_SHARED: Final = 2
_NACKED: Final = "nacked-by"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentedMail:
    """A patch or cover letter opened, with its replies opened, in the order of reading."""

    number: int
    mail: OpenedMessage
    replies: tuple[ReplyInThread, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterVersion:
    """The posting that comments are followed to."""

    version: Version
    comparison: Comparison
    interdiffs: Sequence[PairInterdiff]
    cover: OpenedMessage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOptions:
    """Additions of a person or of the configuration."""

    bots: Bots = NO_BOTS
    """Senders whose comments ask for nothing."""
    settled: Mapping[str, bool] = field(default_factory=dict)
    """Key of a comment → whether somebody settled it, or opened it again."""
    given: GivenTags | None = None
    """The review trailers of the series; None: as the trailers alone tell."""


def comment_ledger(
    series: Series,
    version: Version,
    mails: Sequence[CommentedMail],
    later: LaterVersion | None,
    options: LedgerOptions | None = None,
) -> CommentLedger:
    """Return the comments of a posting; `later` is None where there is no newer posting to follow them to."""
    return _Ledger(series, version, later, options or LedgerOptions()).build(mails)


class _Ledger:
    def __init__(
        self, series: Series, version: Version, later: LaterVersion | None, options: LedgerOptions
    ) -> None:
        self._series = series
        self._version = version
        self._later = later
        self._options = options
        self._own = senders_of(series)
        self._given = self._options.given or GivenTags(series, {})
        self._posting = series.versions.index(version)
        self._later_posting = (
            series.versions.index(later.version)
            if later is not None and later.version in series.versions
            else None
        )
        self._interdiffs = {
            one.pair.old.number: one
            for one in (later.interdiffs if later else ())
            if one.pair.old is not None
        }

    def build(self, mails: Sequence[CommentedMail]) -> CommentLedger:
        """Place and follow the comments of each mail; every top-level comment is followed or counted as left out."""
        followed: list[FollowedComment] = []
        left_out = 0
        for one in mails:
            placed = place_comments(one.mail, one.replies)
            keys = comment_keys(placed, self._own, self._options.bots)
            files = tuple(read_diff(one.mail.body.diff).files) if keys else ()
            followed += (
                self._follow(one, files, placed[at], _below(placed, at), key)
                for at, key in keys.items()
            )
            left_out += sum(not comment.depth for comment in placed) - len(keys)
        return CommentLedger(
            series=self._series.id,
            version=self._version.version,
            seen_in=self._later.version.version if self._later else None,
            comments=tuple(followed),
            left_out=left_out,
        )

    def _follow(
        self,
        one: CommentedMail,
        files: Sequence[DiffFile],
        comment: ReviewComment,
        below: Sequence[ReviewComment],
        key: str,
    ) -> FollowedComment:
        reply = comment.message
        interdiff = self._interdiffs.get(one.number)
        quoted, path = _quoted_line(one.mail, files, comment.place)
        later_date = self._later.version.date if self._later else None
        return FollowedComment(
            key=key,
            message_id=reply.message_id,
            person=reply.sender,
            version=self._version.version,
            number=one.number,
            patch=one.mail.message.message_id,
            place=comment.place,
            path=path,
            quoted=quoted,
            text="\n".join(comment.lines).strip("\n"),
            discussion=self._discussion(one.number, comment, below, interdiff, quoted),
            next=self._next(one, files, comment, interdiff),
            after_next=later_date is not None and reply.date > later_date,
            settled_by_hand=self._options.settled.get(key),
        )

    def _next(
        self,
        one: CommentedMail,
        files: Sequence[DiffFile],
        comment: ReviewComment,
        interdiff: PairInterdiff | None,
    ) -> NextVersion:
        if self._later is None:
            return NextVersion(
                version=self._version.version, number=one.number, evidence=Evidence.NO_NEXT
            )
        number = self._later.version.version
        if one.number == 0:
            evidence = Evidence.NO_PLACE
            if self._later.cover is not None:
                evidence = text_evidence(comment.place, one.mail, self._later.cover)
            return NextVersion(version=number, number=0, evidence=evidence)
        if interdiff is None:
            return NextVersion(version=number, number=None, evidence=Evidence.PATCH_GONE)
        return next_version(number, comment.place, comment.lines, one.mail, files, interdiff)

    def _discussion(
        self,
        number: int,
        comment: ReviewComment,
        below: Sequence[ReviewComment],
        interdiff: PairInterdiff | None,
        quoted: str,
    ) -> Discussion:
        person = comment.message.sender
        senders = [one.message.sender for one in below]
        return Discussion(
            replies=len(below),
            author_answered=any(is_same_person(one, own) for one in senders for own in self._own),
            reviewer_returned=any(is_same_person(one, person) for one in senders),
            tag=self._later_tag(number, comment),
            in_changelog=self._is_in_changelog(comment, interdiff, quoted),
        )

    def _later_tag(self, number: int, comment: ReviewComment) -> str:
        """Return a review trailer that the reviewer gave to the patch, or the series, in a later mail."""
        places: set[Place] = {(self._posting, number)}
        new = self._interdiffs.get(number)
        if self._later_posting is not None and new is not None and new.pair.new is not None:
            places.add((self._later_posting, new.pair.new.number))
        for tag in self._given.at(places):
            if (
                tag.is_review
                and tag.name != _NACKED
                and tag.reply.date > comment.message.date
                and is_same_person(comment.message.sender, tag.person)
                and not self._given.is_retracted(tag, places)
            ):
                return tag.trailer.name
        return ""

    def _is_in_changelog(
        self, comment: ReviewComment, interdiff: PairInterdiff | None, quoted: str
    ) -> bool:
        """Whether the author's changelog names the reviewer, or shares telling words with the comment."""
        if self._later is None or interdiff is None:
            return False
        name = (comment.message.sender.name.split() or [""])[0].casefold()
        words = {one.casefold() for one in _WORD.findall(f"{quoted} {' '.join(comment.lines)}")}
        for item in self._later.comparison.items_of(interdiff.pair):
            text = item.text.casefold()
            if name and re.search(rf"[(\[][^)\]]*\b{re.escape(name)}\b", text):
                return True
            shared = words.intersection(one.casefold() for one in _WORD.findall(item.text))
            symbols = [one for one in shared if "_" in one]
            if symbols or len(shared) >= _FEWEST_SHARED:
                return True
        return False


def _below(placed: Sequence[ReviewComment], at: int) -> list[ReviewComment]:
    """Return the comments that answer a top-level one: those after it, up to the next top-level one."""
    found = []
    for comment in placed[at + 1 :]:
        if comment.depth == 0:
            break
        found.append(comment)
    return found


def _quoted_line(
    mail: OpenedMessage, files: Sequence[DiffFile], place: PatchLine | None
) -> tuple[str, str]:
    """Return the line a comment was written under, and the file it is of."""
    if place is None:
        return "", ""
    lines = getattr(mail.body, place.part).split("\n")
    text = lines[place.line] if place.line < len(lines) else ""
    path = ""
    if place.part == "diff":
        for file in files:
            if file.start > place.line:
                break
            path = file.path
    return text, path
