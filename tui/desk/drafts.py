"""The list of all drafts: those that an editor left, those that wait, those sent and those deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from core.reply.draft import Draft, DraftState
from core.text import SafeText, shown
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.own_drafts import OwnDrafts
from tui.desk.reply_review import NO_DRAFT, ReplyReview

if TYPE_CHECKING:
    from core.reply.draft_store import EditorFile
    from tui.desk.requests import Session
    from tui.tasks import Task, Tasks

_OFFERED_FOR: Final = 20
"""Seconds that the offer at the start stays."""
_SUBJECT: Final = 46
"""Characters of a subject in the list."""


@dataclass(frozen=True, slots=True)
class ListedDraft:
    """A line of the list."""

    draft: Draft
    left: EditorFile | None = None
    """What an editor left of it."""
    is_deleted: bool = False

    @property
    def state(self) -> str:
        """Its state, as the list shows it."""
        if self.is_deleted:
            return "deleted"
        return "in editor" if self.left is not None else self.draft.state.value


class Drafts(Controller):
    """Offers what an editor left at the start, and lists the drafts of the last 30 days."""

    def __init__(self, desk: DeskView, tasks: Tasks, own: OwnDrafts, review: ReplyReview) -> None:
        super().__init__(desk, tasks)
        self._own = own
        self._review = review

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"reply.drafts": partial(self._start, self._listed, self._choose)}

    def on_session(self, session: Session, before: Session | None, /) -> None:
        """Offer, once, the texts that an editor left when it or the program crashed."""
        del session
        if before is None and self._own.are_kept:
            self._start(lambda _: self._own.service().left_in_editor(), self._offer)

    def _offer(self, left: Sequence[EditorFile]) -> None:
        if left:
            count = "1 reply was" if len(left) == 1 else f"{len(left)} replies were"
            self._desk.app.notify(
                f"{count} left in an editor. :drafts lists them.",
                title="Unfinished replies", severity="warning", timeout=_OFFERED_FOR, markup=False,
            )  # fmt: skip

    def _listed(self, _: Task) -> list[ListedDraft]:
        """Return all drafts: first what an editor left, then the newest, at last the deleted ones."""
        service = self._own.service()
        drafts = service.drafts().drafts
        left = {one.draft: one for one in service.left_in_editor()}
        listed = [ListedDraft(one, left.get(one.id)) for one in reversed(drafts)]
        listed.sort(key=lambda one: one.left is None)
        return [*listed, *(ListedDraft(one, None, True) for one in reversed(service.deleted()))]

    def _choose(self, listed: list[ListedDraft]) -> None:
        from tui.widgets.choose import Choice, ChooseDialog

        if not listed:
            self._desk.show_message(NO_DRAFT)
            return
        choices = [
            Choice(
                one,
                SafeText(f"{one.state:<9}  {one.draft.changed:%m-%d %H:%M}  {shown(one.draft.subject[:_SUBJECT])}"),
                shown(f"to {one.draft.to[0] if one.draft.to else '?'}"),
            )
            for one in listed
        ]  # fmt: skip
        dialog = ChooseDialog(self._desk.keymap, "Drafts of the last 30 days", choices)
        self._desk.app.push_screen(dialog, self._open)

    def _open(self, one: ListedDraft | None) -> None:
        if one is None:
            return
        draft = one.draft
        if one.is_deleted:
            self._start(
                lambda _: self._own.service().restore(draft.id),
                lambda back: self._desk.show_message("Restored: {subject}", subject=back.subject),
            )
        elif one.left is not None and one.left.comment is None:
            self._review.edit_again(draft)
        elif (left := one.left) is not None:
            self._start(lambda _: self._own.service().take_comment(left), self._taken)
        elif draft.state is DraftState.UNSURE:
            self._review.ask_whether_sent(draft)
        elif draft.state in (DraftState.SENT, DraftState.HANDING):
            self._desk.show_report(draft.subject, [shown(line) for line in draft.body.split("\n")])
        else:
            self._review.show(draft.id)

    def _taken(self, draft: Draft) -> None:
        self._desk.show_message(
            "Comment taken over. Open the message it is on: {subject}", subject=draft.subject
        )

    def _start(self, work: Callable[[Task], object], then: Callable[..., object]) -> None:
        self._own.run(self._tasks, work, then, self._desk.show_error)
