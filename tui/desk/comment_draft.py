"""A comment that is being written, and the draft on disk that holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import PatchdeskError
from core.model import Message, MessageId, OpenedMessage
from core.series.review_comments import PatchLine
from tui.desk.own_drafts import AnsweredMessage, OwnDrafts

if TYPE_CHECKING:
    from core.reply.draft import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentSubject:
    """The subject of a comment: the message, and the lines or comment it stands under."""

    target: AnsweredMessage
    place: PatchLine | None = None
    """The line of the message; None where the comment is on it as a whole."""
    span: int = 1
    """How many lines it is about, the one at `place` the last of them."""
    quoted: str = ""
    """A line of a reply, to be found in its text; "" where `place` is known."""
    edited: tuple[str, int] | None = None
    """The draft's id and the comment's number, of one that is written again."""


class CommentDraft:
    """Reads and writes one draft; all methods but `is_saved` block, and are called from one thread at a time."""

    def __init__(
        self,
        own: OwnDrafts,
        subject: CommentSubject,
        first: str,
        find_message: Callable[[MessageId], Message],
    ) -> None:
        """`first` is the text that it begins with; `find_message` returns the message that a draft answers."""
        self._own = own
        self._subject = subject
        self.first = first
        self._find_message = find_message
        self._saved = first
        self._base: Draft | None = None
        """The draft without this comment, as it was last read or written."""
        self._mail: OpenedMessage | None = None

    def is_saved(self, text: str) -> bool:
        """Whether a text equals the one on disk."""
        return text == self._saved

    def prepare(self) -> tuple[Draft, OpenedMessage]:
        """Return the draft without the comment, and the mail it answers; read them where that was not done. Raises PatchdeskError."""
        if self._base is None or self._mail is None:
            self._base, self._mail = self._read()
        return self._base, self._mail

    def _read(self) -> tuple[Draft, OpenedMessage]:
        subject, service = self._subject, self._own.service()
        target = subject.target
        if subject.edited is None:
            mail = target.session.mail(target.message)
            if subject.quoted:
                place = service.place_of_text(subject.quoted, mail)
                self._subject = replace(subject, place=place)
            return self._own.draft_for(target), mail
        draft_id, number = subject.edited
        draft = service.draft(draft_id)
        if number >= len(draft.comments):
            raise PatchdeskError("The draft was changed elsewhere meanwhile.", "Look again.")
        message = target.message
        if draft.answers != message.message_id:
            message = self._find_message(draft.answers)
        mail = target.session.mail(message)
        comment = draft.comments[number]
        place = service.place_of(comment, mail)
        self._subject = replace(subject, place=place, span=comment.span)
        return service.without_comment(draft, comment), mail

    def hold(self, text: str) -> tuple[Draft, int]:
        """Put the comment into its draft, on disk, even an empty one; return the draft, and the comment's number.

        What an editor leaves of it after a crash can then be put where it belongs. Raises PatchdeskError.
        """
        base, mail = self.prepare()
        service, subject = self._own.service(), self._subject
        changed = service.with_comment(base, mail, subject.place, text, subject.span)
        written = service.keep_composed(changed, mail) if text.strip() else service.keep(changed)
        self._base = replace(base, changed=written.changed)
        self._saved = text
        return written, len(base.comments)

    def write(self, text: str) -> None:
        """Put the comment into its draft, on disk; an empty text takes it out. Raises PatchdeskError."""
        base, mail = self.prepare()
        service, changed = self._own.service(), base
        if text.strip():
            subject = self._subject
            changed = service.with_comment(base, mail, subject.place, text, subject.span)
        written = service.keep_composed(changed, mail)
        self._base = replace(base, changed=written.changed)
        self._saved = text
