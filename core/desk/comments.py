"""The use case of review comments followed: choose two postings, open their mails, and build the ledger."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any

from core.comments.ledger import CommentedMail, LaterVersion, LedgerOptions, comment_ledger
from core.comments.values import CommentLedger, CommentState, FollowedComment
from core.coverage.given_tags import GivenTags
from core.desk.coverage import reply_facts
from core.desk.versions import VersionComparer
from core.errors import Cancelled, PatchdeskError
from core.mail.message import mail_text
from core.model import Message, MessageId, OpenedMessage, Patch, Series
from core.series.review_comments import ReplyInThread, ReplyText
from core.versions.choose import Choice, Posting, choose, postings

if TYPE_CHECKING:
    from core.desk.export import MailOpener
    from core.desk.version_cache import ComparisonCache


class _OpenOnce:
    """Opens each mail once, since the newest posting is compared with all others."""

    def __init__(self, opener: MailOpener) -> None:
        self._opener = opener
        self._opened: dict[MessageId, OpenedMessage] = {}
        self._texts: dict[MessageId, str] = {}

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail for reading. Raises PatchdeskError."""
        name = message.message_id
        if name not in self._opened:
            self._opened[name] = self._opener.mail(message)
        return self._opened[name]

    def text(self, message: Message) -> str:
        """Return the text of one mail. Raises PatchdeskError."""
        name = message.message_id
        if name not in self._texts:
            self._texts[name] = mail_text(self._opener.raw(message))
        return self._texts[name]


class SeriesComments:
    """Reads the review comments of a series, and follows them to later postings."""

    def __init__(
        self,
        opener: MailOpener,
        series: Series,
        *,
        cache: ComparisonCache | None = None,
        options: LedgerOptions | None = None,
        stop: Event | None = None,
    ) -> None:
        self._opener = _OpenOnce(opener)
        self._series = series
        self._comparer = VersionComparer(self._opener, cache)
        self._options = options or LedgerOptions()
        self._stop = stop

    def ledgers(
        self, of: str | None = None, seen_in: str | None = None
    ) -> tuple[CommentLedger, ...]:
        """Return the ledger of the posting that is named, else those of all that `carried` has.

        Raises PatchdeskError and Cancelled.
        """
        if of is None and not seen_in and (carried := self.carried()):
            return carried
        return (self.of_posting(of, seen_in),)

    def of_posting(self, of: str | None = None, seen_in: str | None = None) -> CommentLedger:
        """Return the comments of a posting, followed to a later one; without names, from the one before to the newest.

        Raises PatchdeskError where there is no such posting, and Cancelled.
        """
        return self._ledger(*_chosen(self._series, of, seen_in))

    def carried(self) -> tuple[CommentLedger, ...]:
        """Return the comments of every posting, oldest first, each followed straight to the newest.

        A comment is carried on until it is settled: of a posting that is older than the one before the newest only open
        ones are left. Raises PatchdeskError and Cancelled.
        """
        known = postings(self._series)
        found = []
        for at, posting in enumerate(known):
            if not any(entry.replies for entry in self._series.versions[posting.at].entries()):
                continue
            ledger = self._ledger(posting, known[-1] if at < len(known) - 1 else None)
            if at < len(known) - 2:
                ledger = only_open(ledger)
            if ledger.comments:
                found.append(ledger)
        return tuple(found)

    def _ledger(self, old: Posting, new: Posting | None) -> CommentLedger:
        version = self._series.versions[old.at]
        mails = [self._commented(entry) for entry in version.entries()]
        later = None
        if new is not None:
            choice = Choice(old=old, new=new)
            comparison = self._comparer.compare(choice, self._stop)
            newest = new.version
            cover = self._opener.mail(newest.cover.message) if newest.cover is not None else None
            later = LaterVersion(
                version=newest,
                comparison=comparison,
                interdiffs=self._comparer.interdiffs(choice, comparison, self._stop),
                cover=cover,
            )
        if self._options.given is None:
            facts = reply_facts(self._opener.text, self._series, self._stop)
            self._options = replace(self._options, given=GivenTags(self._series, facts))
        return comment_ledger(self._series, version, mails, later, self._options)

    def _commented(self, entry: Patch) -> CommentedMail:
        if self._stop is not None and self._stop.is_set():
            raise Cancelled
        return CommentedMail(
            number=entry.number,
            mail=self._opener.mail(entry.message),
            replies=tuple(
                ReplyInThread(
                    ReplyText(reply.message, self._opener.text(reply.message)),
                    reply.depth,
                )
                for reply in entry.replies
            ),
        )


def only_open(ledger: CommentLedger) -> CommentLedger:
    """Return a ledger with its open comments alone."""
    comments = tuple(one for one in ledger.comments if one.state is CommentState.OPEN)
    return replace(ledger, comments=comments)


def comment_record(ledger: CommentLedger, one: FollowedComment) -> dict[str, Any]:
    """Return a followed comment as the JSON object that scripts read."""
    return {
        "kind": "comment",
        "key": one.key,
        "series": ledger.series,
        "by": {"name": one.person.name, "address": one.person.address},
        "message_id": one.message_id,
        "version": one.version,
        "number": one.number,
        "part": one.place.part if one.place else None,
        "path": one.path or None,
        "quoted": one.quoted,
        "text": one.text,
        "talk": one.discussion.replies,
        "next": None
        if ledger.seen_in is None
        else {
            "version": one.next.version,
            "number": one.next.number,
            "evidence": one.next.evidence.value,
            "rows_away": one.next.rows_away,
            "rewritten": one.next.rewritten,
            "as_suggested": one.next.evidence.value == "taken as suggested",
        },
        "answered": one.discussion.author_answered,
        "returned": one.discussion.reviewer_returned,
        "tag": one.discussion.tag or None,
        "in_changelog": one.discussion.in_changelog,
        "after_next": one.after_next,
        "state": one.state.value,
        "by_hand": one.settled_by_hand,
    }


def _chosen(series: Series, of: str | None, seen_in: str | None) -> tuple[Posting, Posting | None]:
    known = postings(series)
    if len(known) == 1 and not seen_in:
        if of is not None and of.strip().removeprefix("v") != str(known[0].version.version):
            raise PatchdeskError(
                f"There is no version {of} of “{series.subject}”.", f"There is {known[0].name}."
            )
        return known[0], None
    if of is not None and not seen_in:  # the newest posting has no later one
        named = choose(series, known[0].name, of) if of != known[0].name else None
        if named is not None and named.new.at == known[-1].at:
            return known[-1], None
    choice = choose(series, of, seen_in)
    if choice.old.at > choice.new.at and choice.old.series.id == choice.new.series.id:
        raise PatchdeskError(
            f"{choice.new.name} came before {choice.old.name}.",
            "Comments are followed only to later versions.",
        )
    return choice.old, choice.new
