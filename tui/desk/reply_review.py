"""The review of drafts: each is shown as it will leave, and sent, changed, held back or deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.reply.draft import Draft, DraftState
from core.reply.recipients import ASK_ABOVE
from core.text import SafeText, shown
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.ready_replies import ReadyReplies
from tui.keys.commands import BY_NAME

if TYPE_CHECKING:
    from core.desk.lists_desk import ListPage
    from core.desk.reply_service import ReplyService
    from tui.desk.requests import Session
    from tui.tasks import Task, Tasks
    from tui.widgets.mail_preview import PreviewAnswer, PreviewedDraft

NO_DRAFT: Final = "There is no draft: {reply.comment}, {reply.trailers} or {reply.whole} makes one"
_STATE_TEXTS: Final = {
    DraftState.SENT: "Sent",
    DraftState.FAILED: "Not sent",
    DraftState.UNSURE: "It may have been sent",
}
_SETUPS: Final = 20
"""Setups of sending that are remembered as asked about."""
_NOT_COMPOSED: Final = "Its text is made once you open the message that it answers."


class ReplyReview(Controller):
    """Shows the drafts that can still leave, and sends them."""

    def __init__(self, desk: DeskView, tasks: Tasks, ready: ReadyReplies) -> None:
        super().__init__(desk, tasks)
        self._ready = ready
        self._own = ready.own
        self._seen: set[tuple[str, datetime]] = set()
        """The drafts that a preview showed as they are: id, and time of their last change."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"reply.review": self._review, "reply.send": self._send_ready}

    def on_session(self, session: Session, before: Session | None, /) -> None:
        """Settle what arrived while the program did not run."""
        del session
        if before is None and self._own.are_kept:
            # It reads files and the index, which the first picture does not need.
            self._desk.set_timer(self._desk.settings.timings.settled_in, self._settle_arrived)

    def on_page(self, page: ListPage) -> None:
        """Settle the unsure replies that a list now has."""
        del page
        if any(one.state is DraftState.UNSURE for one in self._own.drafts):
            self._settle_arrived()

    def _settle_arrived(self) -> None:
        def settle(_: Task) -> Sequence[Draft]:
            from core.desk.arrived_replies import settle_arrived_replies
            from core.system.paths import data_dir

            return settle_arrived_replies(data_dir() / "index.sqlite3")

        self._start(settle, self._arrived)

    def _arrived(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            self._desk.show_message("Sent, as the list has it: {subject}", subject=draft.subject)

    # ------------------------------------------------------------- the preview

    def _review(self) -> None:
        self._start(self._previews, self._show_previews)

    def _previews(self, _: Task) -> list[PreviewedDraft]:
        """Return the drafts that can still be sent, each as it would leave."""
        from tui.widgets.mail_preview import PreviewedDraft

        service = self._own.service()
        found = []
        for draft in service.drafts().drafts:
            if draft.state in {DraftState.SENT, DraftState.HANDING}:
                continue
            if not draft.body.strip():
                if draft.comments:
                    text = "\n\n".join(one.text for one in draft.comments)
                    found.append(PreviewedDraft(draft, text, problem=_NOT_COMPOSED))
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
            self._desk.show_message(NO_DRAFT)
            return
        dialog = MailPreview(self._desk.keymap, drafts, at, seen=self._was_seen)
        self._desk.app.push_screen(dialog, partial(self._answered, drafts))

    def _was_seen(self, draft: Draft) -> None:
        self._seen.add((draft.id, draft.changed))

    def show(self, draft_id: str) -> None:
        """Show the preview of the drafts that can be sent, this one first."""

        def shown_first(drafts: list[PreviewedDraft]) -> None:
            ids = [one.draft.id for one in drafts]
            self._show_previews(drafts, ids.index(draft_id) if draft_id in ids else 0)

        self._start(self._previews, shown_first)

    def _answered(self, drafts: list[PreviewedDraft], answer: PreviewAnswer | None) -> None:
        from tui.widgets.mail_preview import PreviewAction

        if answer is None:
            return
        one = drafts[answer.at]
        draft = one.draft
        if answer.action is PreviewAction.SEND:
            self._send_shown(one)
        elif answer.action is PreviewAction.HOLD:
            if draft.state is DraftState.READY:
                self._act(lambda service: service.take_back(draft.id), "Held back: {subject}", one)
            else:
                self._act(lambda service: service.release(draft.id), "Ready: {subject}", one)
        elif answer.action is PreviewAction.DELETE:
            self._act(
                lambda service: service.delete(draft.id),
                "Draft deleted; :drafts brings it back: {subject}",
                one,
            )
        elif answer.action is PreviewAction.RECIPIENTS:
            self._start(
                lambda _: self._own.service().edit_recipients(draft.id, answer.line),
                lambda changed: self.show(changed.id),
            )
        elif answer.action is PreviewAction.COMMAND:
            self._desk.run_command(BY_NAME["app.command"])
        else:
            self.edit_again(draft)

    # ------------------------------------------------------------- sending

    def _send_shown(self, one: PreviewedDraft) -> None:
        if one.draft.state is DraftState.UNSURE:
            self.ask_whether_sent(one.draft)
        elif one.problem:
            self._desk.show_error(PatchdeskError(one.problem))
        else:
            self._confirm([one], always=False)

    def ask_whether_sent(self, draft: Draft) -> None:
        """Ask what became of a draft that may have left: it is never sent again by itself."""
        from tui.widgets.choose import Choice, ChooseDialog

        time = f"{draft.attempts[-1].time:%Y-%m-%d %H:%M}" if draft.attempts else "an unknown time"
        choices = [
            Choice(True, SafeText("it arrived"), SafeText("mark it sent"), "y"),
            Choice(False, SafeText("it did not"), SafeText("make it ready again"), "n"),
        ]
        dialog = ChooseDialog(self._desk.keymap, f"It may have left at {time}", choices)

        def settle(sent: bool | None) -> None:
            if sent is not None:
                self._start(
                    lambda _: self._own.service().settle(draft.id, sent=sent),
                    lambda one: self._desk.show_message(
                        f"{'Sent' if sent else 'Ready again'}: {{subject}}", subject=one.subject
                    ),
                )

        self._desk.app.push_screen(dialog, settle)

    def _send_ready(self) -> None:
        """Send all ready replies after one question; those not looked at yet are shown first."""
        self._start(self._previews, self._ask_to_send)

    def _ask_to_send(self, drafts: list[PreviewedDraft]) -> None:
        ready = [one for one in drafts if one.draft.state is DraftState.READY and not one.problem]
        unseen = [one for one in ready if (one.draft.id, one.draft.changed) not in self._seen]
        if not ready:
            self._desk.show_message("No reply is ready: :drafts lists them.")
        elif unseen:
            self._show_previews(unseen)
            count = "1 reply" if len(unseen) == 1 else f"{len(unseen)} replies"
            self._desk.show_message(
                "Look at {count} first, then :send again.", "warning", count=count
            )
        else:
            self._confirm(ready, always=True)

    def _confirm(self, mails: Sequence[PreviewedDraft], *, always: bool) -> None:
        """Ask with every recipient: always, or where this setup of sending is new or the recipients many; then send."""
        setup = self._own.service().send_setup
        asked = self._desk.settings.ui_state.get("send").get("asked")
        asked = [one for one in asked if isinstance(one, str)] if isinstance(asked, list) else []
        people = [[*one.draft.to, *one.draft.cc] for one in mails]
        if not always and setup in asked and max(map(len, people)) <= ASK_ABOVE:
            self._send(mails)
            return
        from tui.widgets.send_question import SendQuestion

        lines: list[SafeText] = []
        for one, who in zip(mails, people, strict=True):
            lines += [shown(one.draft.subject), *(shown(f"  {person}") for person in who)]
        way = mails[0].call[0] if mails[0].call else ""
        first = "Send" if setup in asked else "First mail"
        count = "1 reply" if len(mails) == 1 else f"{len(mails)} replies"
        title = shown(f"{first} through {way}: {count}, {sum(map(len, people))} recipients")
        dialog = SendQuestion(self._desk.keymap, title, lines)

        def chosen(sure: bool | None) -> None:
            if sure:
                known = [one for one in asked if one != setup][-_SETUPS:]
                self._desk.settings.ui_state.set("send", {"asked": [*known, setup]})
                self._send(mails)

        self._desk.app.push_screen(dialog, chosen)

    def _send(self, mails: Sequence[PreviewedDraft]) -> None:
        self._desk.show_message("Sending: {subject}", subject=mails[0].draft.subject)
        work = partial(self._handed_over, [one.draft for one in mails])
        self._start(work, self._sent, group="send")

    def _handed_over(self, drafts: Sequence[Draft], _: Task) -> list[Draft]:
        """Send drafts that were previewed, up to the first that does not leave; return them with their new states.

        Raises PatchdeskError.
        """
        self._desk.settings.ui_state.write()
        service = self._own.service()
        handed: list[Draft] = []
        for draft in drafts:
            if draft.state is DraftState.DRAFT:
                service.release(draft.id)
            handed.append(service.send(draft.id))
            if handed[-1].state is not DraftState.SENT:
                break
        return handed

    def _sent(self, handed: list[Draft]) -> None:
        self._own.undo.forget()
        last = handed[-1]
        if last.state is DraftState.SENT:
            self._start(self._previews, partial(self._show_next, handed))
            return
        result = last.attempts[-1].result if last.attempts else ""
        outcome = _STATE_TEXTS.get(last.state, last.state.value)
        before = f"Sent {len(handed) - 1}. " if len(handed) > 1 else ""
        self._desk.show_error(PatchdeskError(f"{before}{outcome}: {result}", f"({last.subject})"))

    def _show_next(self, sent: list[Draft], drafts: list[PreviewedDraft]) -> None:
        """Show the next draft; after the last one offer to wait for the author."""
        subject = sent[-1].subject if len(sent) == 1 else f"{len(sent)} replies"
        text = "Sent"
        if drafts:
            self._show_previews(drafts)
        elif self._desk.settings.triage is not None:
            text += "; {triage.wait} waits for the author"
        self._desk.show_message(f"{text}: {{subject}}", subject=subject)

    def _act(
        self, act: Callable[[ReplyService], object], sentence: str, one: PreviewedDraft
    ) -> None:
        self._start(
            lambda _: act(self._own.service()),
            lambda _: self._desk.show_message(sentence, subject=one.draft.subject),
        )

    def edit_again(self, draft: Draft) -> None:
        """Open a draft's text in the editor again, or what an editor left of it."""
        is_left = self._own.service().editor_file(draft).exists()
        if draft.comments and not draft.body.strip() and not is_left:
            self._desk.show_message(_NOT_COMPOSED, "warning")
        else:
            self._ready.edit(draft, draft.body)

    def _start(
        self,
        work: Callable[[Task], object],
        then: Callable[..., object],
        *,
        group: str = "reply",
    ) -> None:
        self._own.run(self._tasks, work, then, self._desk.show_error, group=group)
