"""The review of drafts: each is shown as it will leave, and sent, changed, held back or deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.reply.draft import Draft, DraftState
from core.text import SafeText, shown
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.external import lend_terminal
from tui.desk.own_drafts import OwnDrafts

if TYPE_CHECKING:
    from core.desk.reply_service import ReplyService
    from tui.tasks import Task, Tasks
    from tui.widgets.mail_preview import PreviewAnswer, PreviewedDraft

_STATE_TEXTS: Final = {
    DraftState.SENT: "Sent",
    DraftState.FAILED: "Not sent",
    DraftState.UNSURE: "It may have been sent",
}


class ReplyReview(Controller):
    """Shows the drafts that can still leave, and sends them."""

    def __init__(self, desk: DeskView, tasks: Tasks, own: OwnDrafts) -> None:
        super().__init__(desk, tasks)
        self._own = own

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"reply.review": self._review}

    def _review(self) -> None:
        self._start(self._previews, self._show_previews)

    def _previews(self, _: Task) -> list[PreviewedDraft]:
        """Return the drafts that can still be sent, each as it would leave."""
        from tui.widgets.mail_preview import PreviewedDraft

        service = self._own.service()
        found = []
        for draft in service.drafts().drafts:
            if draft.state in {DraftState.SENT, DraftState.HANDING} or not draft.body.strip():
                continue
            try:
                seen = service.preview(draft)
            except PatchdeskError as error:
                problem = f"{error.message} {error.hint}"
                found.append(PreviewedDraft(draft, draft.body, problem=problem))
            else:
                text = seen.mail.raw.decode("utf-8", "replace")
                found.append(PreviewedDraft(draft, text, seen.call))
        return found

    def _show_previews(self, drafts: list[PreviewedDraft], at: int = 0) -> None:
        from tui.widgets.mail_preview import MailPreview

        if not drafts:
            self._desk.show_message(
                "There is no draft: {reply.comment}, {reply.trailers} or {reply.whole} makes one"
            )
            return
        dialog = MailPreview(self._desk.keymap, drafts, at)
        self._desk.app.push_screen(dialog, partial(self._answered, drafts))

    def _answered(self, drafts: list[PreviewedDraft], answer: PreviewAnswer | None) -> None:
        from tui.widgets.mail_preview import PreviewAction

        if answer is None:
            return
        one = drafts[answer.at]
        if answer.action is PreviewAction.SEND:
            if one.problem:
                self._desk.show_message("{problem}", "error", problem=one.problem)
                return
            self._confirm_first(one)
        elif answer.action is PreviewAction.HOLD:
            if one.draft.state is DraftState.READY:
                self._act(
                    lambda service: service.take_back(one.draft.id), "Held back: {subject}", one
                )
            else:
                self._act(lambda service: service.release(one.draft.id), "Ready: {subject}", one)
        elif answer.action is PreviewAction.DELETE:
            self._act(lambda service: service.delete(one.draft.id), "Draft deleted: {subject}", one)
        else:
            self._edit_again(one.draft)

    def _confirm_first(self, one: PreviewedDraft) -> None:
        """Ask once for each way of sending, with all recipients; then send."""
        from tui.widgets.choose import Choice, ChooseDialog

        way = one.call[0] if one.call else ""
        known = self._desk.settings.ui_state.get("send")
        if known.get("way") == way:
            self._send(one)
            return
        people = [str(person) for person in (*one.draft.to, *one.draft.cc)]
        choices = [
            Choice(True, SafeText("send"), shown(f"to {', '.join(people)}"), "y"),
            Choice(False, SafeText("keep it"), key="n"),
        ]
        title = f"First mail through {way}: {len(people)} recipients"
        dialog = ChooseDialog(self._desk.keymap, shown(title), choices)

        def chosen(sure: bool | None) -> None:
            if sure:
                self._desk.settings.ui_state.set("send", {"way": way})
                self._send(one)

        self._desk.app.push_screen(dialog, chosen)

    def _send(self, one: PreviewedDraft) -> None:
        self._desk.show_message("Sending: {subject}", subject=one.draft.subject)
        self._start(partial(self._handed_over, one.draft), self._sent, group="send")

    def _handed_over(self, draft: Draft, _: Task) -> Draft:
        """Send a draft that was previewed, and return it with its new state. Raises PatchdeskError."""
        service = self._own.service()
        if draft.state is DraftState.DRAFT:
            service.release(draft.id)
        return service.send(draft.id)

    def _sent(self, draft: Draft) -> None:
        result = draft.attempts[-1].result if draft.attempts else ""
        outcome = _STATE_TEXTS.get(draft.state, draft.state.value)
        if draft.state is DraftState.SENT:
            self._start(self._previews, partial(self._show_next, draft))
        else:
            self._desk.show_message(
                f"{outcome}: {{result}} · {{subject}}",
                "error",
                result=result,
                subject=draft.subject,
            )

    def _show_next(self, sent: Draft, drafts: list[PreviewedDraft]) -> None:
        """Show the next draft; after the last one offer to wait for the author."""
        text = "Sent: {subject}"
        if drafts:
            self._show_previews(drafts)
        elif self._desk.settings.triage is not None:
            text += " · {triage.wait} waits for the author"
        self._desk.show_message(text, subject=sent.subject)

    def _act(
        self, act: Callable[[ReplyService], object], sentence: str, one: PreviewedDraft
    ) -> None:
        self._start(
            lambda _: act(self._own.service()),
            lambda _: self._desk.show_message(sentence, subject=one.draft.subject),
        )

    def _edit_again(self, draft: Draft) -> None:
        """Open a draft's text in the editor again, and mark the draft ready."""
        from core.reply.editing import edit_text

        service = self._own.service()
        file = service.editor_file(draft)
        edited = lend_terminal(self._desk, lambda: edit_text(file, draft.body))
        if edited is None:
            return

        def keep(_: Task) -> str:
            changed = replace(service.with_text(draft, edited), state=DraftState.READY)
            service.keep(changed)
            file.unlink(missing_ok=True)
            return f"Reply ready: {draft.subject}; :review sends it"

        self._start(keep, self._kept)

    def _kept(self, sentence: str) -> None:
        self._desk.show_message("{sentence}", sentence=sentence)

    def _start(
        self,
        work: Callable[[Task], object],
        then: Callable[..., object],
        *,
        group: str = "reply",
    ) -> None:
        self._own.run(self._tasks, work, then, self._desk.show_error, group=group)
