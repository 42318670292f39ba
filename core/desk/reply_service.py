"""Replies as screens and commands make them: begin a draft, comment, give trailers, make it ready, send it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.config import Config, with_git
from core.errors import PatchdeskError
from core.model import Identity, MessageId, OpenedMessage
from core.reply.anchors import anchor_of, last_line, resolve
from core.reply.compose import compose_text, full_quote, with_trailers
from core.reply.delivery import DeliveryWay, SendSettings, delivery_way
from core.reply.draft import Draft, DraftComment, DraftState
from core.reply.draft_store import DraftList, DraftStore, EditorFile
from core.reply.editing import read_edited
from core.reply.message import clean_text, new_message_id, reply_references, reply_subject
from core.reply.recipient_edit import edited_recipients
from core.reply.recipients import Recipients, is_address, reply_recipients
from core.reply.sending import Preview, preview, send_draft

if TYPE_CHECKING:
    from core.series.review_comments import PatchLine


class ReplyService:
    """The drafts of one user, and the ways to send them; blocking, without UI."""

    def __init__(self, config: Config, store: DraftStore | None = None) -> None:
        """Raises PatchdeskError where there is no home for drafts."""
        self._config = with_git(config)
        self._store = store or DraftStore.default()

    @property
    def me(self) -> Identity:
        """The sender. Raises PatchdeskError where neither the configuration nor git has one."""
        addresses = self._config.me_addresses
        if not addresses or not is_address(addresses[0]):
            raise PatchdeskError(
                "No address to send from is set.",
                "Set git's user.email, or addresses under [me] in config.toml.",
            )
        return Identity(self._config.me_name, addresses[0])

    @property
    def signature(self) -> str:
        """The user's signature, else name and address. Raises PatchdeskError where there is neither."""
        return self._config.signature or str(self.me)

    # ------------------------------------------------------------------- drafts

    def drafts(self) -> DraftList:
        """Return every draft of the last 30 days, and all that have not left."""
        return self._store.list()

    def open_drafts(self) -> dict[MessageId, Draft]:
        """Return the drafts that have not left yet, by the mail they answer."""
        return self._store.open_drafts()

    def draft(self, draft_id: str) -> Draft:
        """Return a draft. Raises PatchdeskError."""
        return self._store.load(draft_id)

    def draft_for(self, raw: bytes, mail: OpenedMessage, series: str = "") -> Draft:
        """Return the open draft that answers a mail, else a new one that is not on disk yet.

        `raw` is the mail. Raises PatchdeskError where it cannot be answered.
        """
        message = mail.message
        found = self.open_drafts().get(message.message_id)
        return found or self.new_draft(raw, mail, series)

    def new_draft(self, raw: bytes, mail: OpenedMessage, series: str = "") -> Draft:
        """Return a new draft that answers a mail, not on disk yet. Raises PatchdeskError."""
        message, me = mail.message, self.me
        now = datetime.now().astimezone()
        people = self.recipients(raw, mail)
        return Draft(
            id=self._store.new_id(),
            answers=message.message_id,
            message_id=new_message_id(me, now),
            sender=me,
            to=people.to,
            cc=people.cc,
            subject=reply_subject(message.subject.text),
            references=reply_references(message),
            created=now,
            changed=now,
            series=series,
        )

    def recipients(self, raw: bytes, mail: OpenedMessage) -> Recipients:
        """Return the recipients of a reply."""
        return reply_recipients(
            raw, mail.message, self._config.me_addresses, self._config.reply_never
        )

    def keep(self, draft: Draft) -> Draft:
        """Write a draft to disk, and return it. Raises PatchdeskError."""
        return self._store.keep(draft)

    def keep_composed(self, draft: Draft, mail: OpenedMessage) -> Draft:
        """Write a draft to disk with the text that it would send now, which a preview then shows. Raises PatchdeskError.

        One that says nothing any more is deleted.
        """
        if draft.is_empty:
            if self._store.exists(draft.id):
                self.delete(draft.id)
            return draft
        return self.keep(replace(draft, composed=self.composed(draft, mail)))

    def editor_file(self, draft: Draft) -> Path:
        """Return where a draft's text lies while an editor has it."""
        return self._store.editor_file(draft.id)

    def comment_file(self, draft: Draft, number: int) -> Path:
        """Return where a comment of a draft lies while an editor has it."""
        return self._store.comment_file(draft.id, number)

    def editing(self, draft: Draft) -> AbstractContextManager[None]:
        """Lock a draft while an editor has it. Raises PatchdeskError where another editor has it."""
        return self._store.locked(draft.id)

    def left_in_editor(self) -> Sequence[EditorFile]:
        """Return the texts that an editor left when it, or this program, crashed."""
        return self._store.left_in_editor()

    def take_comment(self, left: EditorFile) -> Draft:
        """Put the text that an editor left into the comment it is of, and return the draft. Raises PatchdeskError.

        The draft has no text to send then until `keep_composed` makes it from the answered mail.
        """
        text = clean_text(read_edited(left.path)).rstrip("\n")

        def changed(draft: Draft) -> Draft:
            comments = list(draft.comments)
            if left.comment is not None and left.comment < len(comments):
                comments[left.comment] = replace(comments[left.comment], text=text)
            else:
                comments.append(DraftComment(text=text))
            return self._changed(draft, comments=tuple(comments))

        draft = self._store.edit(left.draft, changed)
        left.path.unlink(missing_ok=True)
        return draft

    def delete(self, draft_id: str) -> None:
        """Delete a draft; it is kept aside for 30 days. Raises PatchdeskError."""
        self._store.delete(draft_id)

    def deleted(self) -> tuple[Draft, ...]:
        """Return the drafts deleted in the last 30 days that say something."""
        return tuple(one for one in self._store.deleted() if not one.is_empty)

    def restore(self, draft_id: str) -> Draft:
        """Bring a deleted draft back. Raises PatchdeskError where it is not there any more."""
        return self._store.restore(draft_id)

    def edit_recipients(self, draft_id: str, line: str) -> Draft:
        """Change a draft's recipients as a line says, see `core.reply.recipient_edit`. Raises PatchdeskError."""

        def changed(draft: Draft) -> Draft:
            people = edited_recipients(Recipients(to=draft.to, cc=draft.cc), line)
            return replace(draft, to=people.to, cc=people.cc)

        return self._store.edit(draft_id, changed)

    # ------------------------------------------------------------------- its text

    def with_comment(
        self,
        draft: Draft,
        mail: OpenedMessage,
        place: PatchLine | None,
        text: str,
        span: int = 1,
    ) -> Draft:
        """Return a draft with a comment at a line, or on the mail as a whole; it is no longer ready.

        `span` is how many lines the comment is about; the one at `place` is the last of them.
        """
        text = clean_text(text).rstrip("\n")
        if place is None:
            comment = DraftComment(text=text)
        else:
            found = anchor_of(place, mail.body)
            comment = DraftComment(text=text, anchor=found.anchor, line=found.line, span=span)
        if draft.text is not None:  # an edited text is the truth: the comment goes to its end
            alone = replace(draft, text=None, comments=(comment,), trailers=())
            added = compose_text(alone, mail, wrap=self._config.reply_wrap).partition("\n")[2]
            draft = replace(draft, text=f"{draft.text.rstrip(chr(10))}\n\n{added}")
        return self._changed(draft, comments=(*draft.comments, comment))

    def drop_comment(self, draft: Draft, comment: DraftComment) -> None:
        """Take a comment out of a draft on disk; a draft that says nothing then is deleted. Raises PatchdeskError."""
        left = self.without_comment(draft, comment)
        if left.is_empty:
            self.delete(draft.id)
        else:
            self.keep(left)

    @staticmethod
    def place_of(comment: DraftComment, mail: OpenedMessage) -> PatchLine | None:
        """Return the line of the answered mail that a comment is about."""
        return resolve([comment.anchor], mail.body)[0] if comment.anchor is not None else None

    @staticmethod
    def place_of_text(text: str, mail: OpenedMessage) -> PatchLine | None:
        """Return the last line of a mail's text that is a given one."""
        return last_line(text, mail.body)

    def without_comment(self, draft: Draft, comment: DraftComment) -> Draft:
        """Return a draft without a comment; it is no longer ready."""
        left = tuple(one for one in draft.comments if one != comment)
        return self._changed(draft, comments=left)

    def with_trailer_lines(self, draft: Draft, names: Iterable[str]) -> Draft:
        """Return a draft that gives exactly these trailers, in the user's name; it is no longer ready."""
        lines = tuple(dict.fromkeys(f"{name}: {self.me}" for name in names))
        if draft.text is not None:
            draft = replace(draft, text=with_trailers(draft.text, draft.trailers, lines))
        return self._changed(draft, trailers=lines)

    def with_text(self, draft: Draft, text: str) -> Draft:
        """Return a draft with an edited text; it is no longer ready."""
        return self._changed(draft, text=clean_text(text))

    def keep_edited(self, draft: Draft, before: str, text: str) -> Draft | None:
        """Keep the text that an editor saved, ready to leave; `before` is the text that the editor began with.

        Where nothing was changed the draft stays as it is. Return None where it says nothing, and is deleted: the text is
        empty, or still the quote alone. Raises PatchdeskError.
        """
        is_same = text.rstrip() == before.rstrip()
        kept: Draft | None = None
        if not text.strip() or (is_same and draft.is_empty):
            self.delete(draft.id)
        elif is_same:
            kept = draft
        else:
            kept = self.keep(replace(self.with_text(draft, text), state=DraftState.READY))
        self.editor_file(draft).unlink(missing_ok=True)
        return kept

    def composed(self, draft: Draft, mail: OpenedMessage) -> str:
        """Return the text that a draft would send now."""
        return compose_text(
            draft, mail, wrap=self._config.reply_wrap, signature=self._config.signature
        )

    def text_to_edit(self, draft: Draft, mail: OpenedMessage) -> str:
        """Return the text that an editor begins with: the draft's own, or the whole mail quoted."""
        if draft.is_empty:
            return full_quote(mail, signature=self._config.signature)
        return self.composed(draft, mail)

    def make_ready(self, draft: Draft, mail: OpenedMessage) -> Draft:
        """Freeze a draft's text, keep it and mark it ready to leave. Raises PatchdeskError where it says nothing."""
        if draft.is_empty:
            raise PatchdeskError("The reply is empty.", "Write a comment or give a trailer.")
        text = self.composed(draft, mail)
        return self.keep(replace(draft, composed=text, state=DraftState.READY))

    def take_back(self, draft_id: str) -> Draft:
        """Make a ready draft a draft again. Raises PatchdeskError where it left already."""
        return self._store.edit(draft_id, lambda one: replace(one, state=DraftState.DRAFT))

    def release(self, draft_id: str) -> Draft:
        """Mark a draft ready to leave as it was last kept. Raises PatchdeskError where it left already, or says nothing."""
        draft = self._store.load(draft_id)
        if not draft.body.strip():
            raise PatchdeskError("The reply is empty.", "Write a comment first.")
        return self._store.edit(draft_id, lambda one: replace(one, state=DraftState.READY))

    # ------------------------------------------------------------------- sending

    def way(self) -> DeliveryWay:
        """Return the way replies leave. Raises PatchdeskError where none is set that can be used."""
        config = self._config
        settings = SendSettings(
            way=config.send_with,
            command=config.send_command,
            identity=config.send_identity,
            repo=config.send_repo,
        )
        return delivery_way(settings, os.environ)

    @property
    def send_setup(self) -> str:
        """All that the configuration says of sending, as one text: another one is asked about anew."""
        config = self._config
        parts = (self.me.address, config.send_with, config.send_command, config.send_identity)
        return "\n".join((*parts, config.send_repo))

    def preview(self, draft: Draft) -> Preview:
        """Return the mail as it would leave now, and the call that takes it. Raises PatchdeskError."""
        return preview(draft, self.way(), _now(), self._blind_copy())

    def send(self, draft_id: str) -> Draft:
        """Send a draft, and return it with its new state. Raises PatchdeskError where it is not to be sent."""
        return send_draft(self._store, draft_id, self.way(), _now, self._blind_copy())

    def settle(self, draft_id: str, *, sent: bool) -> Draft:
        """Record whether an unsure draft left. Raises PatchdeskError."""
        return self._store.settle(draft_id, sent=sent)

    def _blind_copy(self) -> str:
        return self.me.address if self._config.reply_bcc_me else ""

    @staticmethod
    def _changed(draft: Draft, **changes: object) -> Draft:
        return replace(draft, state=DraftState.DRAFT, composed="", **changes)  # type: ignore[arg-type]


def _now() -> datetime:
    return datetime.now().astimezone()
