"""Answers mails: trailers by a key, and a reply in the editor; both are drafts on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from core.model import Message, Series
from core.reply.draft import TRAILERS, Draft, DraftState
from core.text import shown
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.external import lend_terminal
from tui.desk.own_drafts import AnsweredMessage, OwnDrafts
from tui.desk.undo import Undo
from tui.tree.rows import Kind, Row

if TYPE_CHECKING:
    from tui.tasks import Task, Tasks

_KEYS: Final = dict(zip("ratn", TRAILERS, strict=True))


class _Ready(NamedTuple):
    """What came of a change: a sentence, and the drafts that are ready by it."""

    sentence: str
    drafts: list[Draft]


class Replies(Controller):
    """Drafts replies to the message under the cursor."""

    def __init__(self, desk: DeskView, tasks: Tasks, own: OwnDrafts, undo: Undo) -> None:
        super().__init__(desk, tasks)
        self._own = own
        self._undo = undo

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "reply.trailers": self._ask_trailer,
            "reply.whole": self._edit_reply,
        }

    # ------------------------------------------------------------- trailers

    def _ask_trailer(self) -> None:
        if not (targets := self._targets()):
            return
        self._start(partial(self._given_trailers, targets[0]), partial(self._choose, targets))

    def _given_trailers(self, target: AnsweredMessage, _: Task) -> tuple[str, ...]:
        """Return the trailers that the open draft of a message gives already."""
        draft = self._own.draft_for(target)
        return tuple(line.partition(":")[0] for line in draft.trailers)

    def _choose(self, targets: Sequence[AnsweredMessage], given: tuple[str, ...]) -> None:
        from tui.widgets.choose import Choice, ChooseDialog

        choices = [
            Choice(name, shown(f"{'✓' if name in given else ' '} {name}"), key=key)
            for key, name in _KEYS.items()
        ]
        subject = targets[0].message.subject.text
        title = subject if len(targets) == 1 else f"{len(targets)} messages"
        dialog = ChooseDialog(self._desk.keymap, shown(title)[:60], choices)
        self._desk.app.push_screen(dialog, partial(self._toggle, targets))

    def _toggle(self, targets: Sequence[AnsweredMessage], name: str | None) -> None:
        if name is not None:
            self._start(partial(self._toggled, targets, name), self._made_ready)

    def _toggled(self, targets: Sequence[AnsweredMessage], name: str, _: Task) -> _Ready:
        """Give a trailer to each message, or take it back."""
        given = 0
        ready: list[Draft] = []
        for target in targets:
            draft = self._own.draft_for(target)
            mail = target.session.mail(target.message)
            names = [line.partition(":")[0] for line in draft.trailers]
            names = [one for one in names if one != name] if name in names else [*names, name]
            given += name in names
            service = self._own.service()
            draft = service.with_trailer_lines(draft, names)
            if draft.is_empty:
                if draft.state is DraftState.DRAFT and self._is_kept(draft):
                    service.delete(draft.id)
            else:
                ready.append(service.make_ready(draft, mail))
        subject = targets[0].message.subject.text
        what = subject if len(targets) == 1 else f"{len(targets)} messages"
        if not given:
            return _Ready(f"{name} taken back: {what}", ready)
        return _Ready(f"{name} ready: {what}; :review sends it", ready)

    def _is_kept(self, draft: Draft) -> bool:
        return any(one.id == draft.id for one in self._own.service().drafts().drafts)

    def _made_ready(self, made: _Ready) -> None:
        if made.drafts:
            self._undo.offer(partial(self._take_back, made.drafts))
        self._desk.show_message("{sentence}", sentence=made.sentence)

    def _take_back(self, drafts: Sequence[Draft]) -> None:
        """Make ready drafts drafts again; one that was sent meanwhile is refused by the service."""

        def take_back(_: Task) -> None:
            for draft in drafts:
                self._own.service().take_back(draft.id)

        subject = drafts[0].subject if len(drafts) == 1 else f"{len(drafts)} replies"
        self._start(
            take_back,
            lambda _: self._desk.show_message("No longer ready: {subject}", subject=subject),
        )

    # ------------------------------------------------------------- the editor

    def _edit_reply(self) -> None:
        if targets := self._targets():
            self._start(partial(self._prepare, targets[0]), self._open_editor)

    def _prepare(self, target: AnsweredMessage, _: Task) -> tuple[AnsweredMessage, Draft, str]:
        """Return a draft that is on disk, with the text that the editor begins with."""
        service = self._own.service()
        draft = self._own.draft_for(target)
        text = service.text_to_edit(draft, target.session.mail(target.message))
        return target, service.keep(draft), text

    def _open_editor(self, prepared: tuple[AnsweredMessage, Draft, str]) -> None:
        from core.reply.editing import edit_text

        target, draft, text = prepared
        file = self._own.service().editor_file(draft)

        def edit() -> str:
            with self._own.service().editing(draft):
                return edit_text(file, text)

        edited = lend_terminal(self._desk, edit)
        if edited is None:
            return
        self._start(partial(self._keep_text, target, draft, edited), self._made_ready)

    def _keep_text(self, target: AnsweredMessage, draft: Draft, text: str, _: Task) -> _Ready:
        """Keep an edited text, ready to be sent; an empty one drops the draft."""
        service = self._own.service()
        file = service.editor_file(draft)
        if not text.strip():
            service.delete(draft.id)
            file.unlink(missing_ok=True)
            return _Ready("Empty reply: draft deleted", [])
        mail = target.session.mail(target.message)
        ready = service.make_ready(service.with_text(draft, text), mail)
        file.unlink(missing_ok=True)
        return _Ready(f"Reply ready: {draft.subject}; :review sends it", [ready])

    # ------------------------------------------------------------- what is answered

    def _targets(self) -> list[AnsweredMessage]:
        """Return the messages to answer: the one under the cursor; empty without one."""
        tree, session = self._desk.series_tree, self._desk.session
        row = tree.row
        if session is None or row is None or row.message is None:
            self._desk.show_message("No message to answer here.", "warning")
            return []
        message = _answered_message(row)
        series = row.item.id if isinstance(row.item, Series) else ""
        return [AnsweredMessage(session, message, series)]

    def _start(
        self,
        work: Callable[[Task], object],
        then: Callable[..., object],
    ) -> None:
        self._own.run(self._tasks, work, then, self._desk.show_error)


def _answered_message(row: Row) -> Message:
    """Return the message of a row: of a series or version its cover letter, or its first patch."""
    if row.kind is Kind.SERIES and isinstance(row.item, Series):
        version = row.item.versions[-1]
        return (version.cover or version.patches[0]).message
    if row.message is None:
        raise ValueError("the row has no message")
    return row.message
