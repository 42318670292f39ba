"""Opens the mail under the cursor, once the cursor rests."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from textual.message import Message
from textual.timer import Timer

from core.errors import PatchdeskError
from core.model import DRAFT_KEY, MessageId, OpenedMessage
from core.text import SafeText, shown
from tui.desk.controller import Controller, DeskView, Handler, ReaderContent
from tui.desk.opening import WAYS_ON
from tui.desk.requests import MailRequest, OpensRaw, Session
from tui.keys.commands import Pane
from tui.tasks import Task, Tasks
from tui.tree.rows import Kind, Row
from tui.tree.series_tree import SeriesTree

MAILS_KEPT: Final = 16
"""Mails kept open, so that going back is instant."""

LARGE_MAIL: Final = 1 << 20
"""Bytes from which on the beginning of a mail is shown before the rest is read."""
_BEGINNING: Final = 1 << 18


class MailLoader(Controller):
    """Brings mails into the reader: the latest that was requested, and no other."""

    def __init__(self, desk: DeskView, tasks: Tasks) -> None:
        super().__init__(desk, tasks)
        self._mails: OrderedDict[tuple[MessageId, str], OpenedMessage] = OrderedDict()
        self._requested: MailRequest | None = None
        self._shown: MailRequest | None = None
        """The request whose mail is shown."""
        self._mail: OpenedMessage | None = None
        self._resting: Timer | None = None
        self._step_elsewhere: Callable[[int], bool] = lambda _: False
        """Goes to the next or previous patch in another pane than the tree; returns whether that pane is open."""

    @property
    def mail(self) -> OpenedMessage | None:
        """The mail that the reader shows whole; None under a note."""
        return self._mail if self._desk.content is ReaderContent.MAIL else None

    @property
    def request(self) -> MailRequest | None:
        """The request that the mail on the screen answers."""
        return self._shown

    @property
    def is_reading(self) -> bool:
        """Whether the mail that was requested is not there yet."""
        return self._requested is not None and self._requested is not self._shown

    @property
    def is_idle(self) -> bool:
        """Whether the mail under the cursor is loaded."""
        return self._resting is None and not self.is_reading

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "tree.open": self.open_here,
            "patch.next": partial(self._go_to_patch, 1),
            "patch.previous": partial(self._go_to_patch, -1),
        }

    def messages(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """Return the listeners of cursor moves."""
        return {SeriesTree.Highlighted: self._highlighted, SeriesTree.RowSelected: self.open_here}

    def on_session(self, session: Session, before: Session | None) -> None:
        """Forget the mails of the session before; the one on the screen stays where its target is read again."""
        self._requested = None
        self._mails.clear()
        if before is None or before.target != session.target:
            self._mail = None

    # ------------------------------------------------------------- going there

    def open_here(self, _: object = None) -> None:
        """Open the row under the cursor, and focus the reader."""
        if self._desk.series_tree.row is not None:
            self.read_here()
            self._desk.focus_pane(Pane.READER)

    def read_here(self) -> None:
        """Open the row under the cursor now, without waiting for the cursor to rest."""
        if (row := self._desk.series_tree.row) is not None:
            self.read_row(row)

    def follow_cursor(self) -> None:
        """Open the row under the cursor, where the reader has the focus."""
        if self._desk.active_pane is Pane.READER:
            self.read_here()

    def set_patch_steps(self, step: Callable[[int], bool]) -> None:
        """Ask `step` first, which goes to the next or previous patch in another pane and says whether that is there."""
        self._step_elsewhere = step

    def _go_to_patch(self, step: int) -> None:
        if self._step_elsewhere(step):
            return
        if self._desk.series_tree.move_to_patch(step):
            self.read_here()
        else:
            self._desk.show_message(f"No {'next' if step > 0 else 'previous'} patch here.")

    def _highlighted(self, event: SeriesTree.Highlighted) -> None:
        self._desk.update_position()
        self._rest_no_more()
        if event.row is None:
            self._requested = None  # nothing is there any more whose mail is wanted
            return
        if self.mail is None:
            self._desk.call_after_refresh(self.read_here)  # first the rows
        else:
            rests = self._desk.settings.timings.cursor_rests
            self._resting = self._desk.set_timer(rests, self.read_here)

    def _rest_no_more(self) -> None:
        if self._resting is not None:
            self._resting.stop()
            self._resting = None

    # ------------------------------------------------------------- reading

    def read_row(self, row: Row) -> None:
        """Show a row's mail, now if it is at hand."""
        self._rest_no_more()
        message, session = row.message, self._desk.session
        if session is None or row.kind is Kind.HEADING:
            return
        if message is None:
            self._requested = None
            self._desk.show_note(*missing_text(row))
            return
        request = MailRequest(session, message)
        mail = self._mails.get((message.message_id, message.key))
        if mail is not None:
            self._requested = self._shown = request
            self._show(mail)
            return
        if self.is_reading and self._requested is not None and self._requested.message is message:
            return
        self._requested = request
        self._tasks.drop_waiting("mail")  # rows that the cursor has left
        self._tasks.start(
            "mail",
            partial(self._read, request),
            then=partial(self._loaded, request),
            failed=partial(self._failed, request),
            current=lambda: request.session is self._desk.session,
        )
        self._desk.show_work()

    def _read(self, request: MailRequest, task: Task) -> OpenedMessage:
        """Read one mail; of a large one deliver the beginning first, so that it can be shown.

        Raises PatchdeskError and Cancelled.
        """
        desk, message = request.session.desk, request.message
        if not isinstance(desk, OpensRaw) or message.key.startswith(DRAFT_KEY):
            return request.session.mail(message)
        raw = desk.raw(message)
        if len(raw) > LARGE_MAIL:
            beginning = desk.opened(message, raw[: raw.rfind(b"\n", 0, _BEGINNING) + 1])
            task.tell(self._show_beginning, request, beginning)
            task.stop.wait(self._desk.settings.timings.painted)  # the screen comes first
        return desk.opened(message, raw)

    def _loaded(self, request: MailRequest, mail: OpenedMessage) -> None:
        message = request.message
        self._mails[message.message_id, message.key] = mail
        if len(self._mails) > MAILS_KEPT:
            self._mails.popitem(last=False)
        if request is self._requested:
            self._shown = request
            self._show(mail)

    def _show_beginning(self, request: MailRequest, beginning: OpenedMessage) -> None:
        if request is self._requested and request is not self._shown:
            self._mail = None
            self._desk.show_mail(beginning, whole=False)

    def _failed(self, request: MailRequest, error: PatchdeskError) -> None:
        if request is self._requested:
            self._requested = None
            self._desk.show_work()
            self._desk.show_note(shown(error.message), [shown(error.hint), "", WAYS_ON])

    def _show(self, mail: OpenedMessage) -> None:
        if mail is not self.mail:
            self._mail = mail
            self._desk.show_mail(mail)
        self._desk.show_work()

    # ------------------------------------------------------------- what is said of it

    @property
    def work_text(self) -> SafeText | None:
        """Which mail is being read."""
        if self._requested is None or not self.is_reading:
            return None
        return shown(f"reading {self._requested.message.subject.title}"[:60])

    def cancel(self) -> bool:
        """Wait no longer for the mail that was requested."""
        if not self.is_reading:
            return False
        self._requested = None
        self._desk.show_work()
        self._desk.show_message("Stopped.")
        return True

    def back(self) -> bool:
        """Go from a note back to the mail under the cursor, and to the pane that it was asked for in."""
        row = self._desk.series_tree.row
        is_temporary = self._desk.content is ReaderContent.TEMPORARY_NOTE
        if not is_temporary or row is None or row.message is None:
            return False
        self.read_row(row)
        self._desk.focus_pane(self._desk.asked_from)
        return True


def missing_text(row: Row) -> tuple[str, list[str]]:
    """Return a note on patches that are not there: a title and lines."""
    if row.kind is not Kind.MISSING:
        return "No longer in the list", ["A sync has removed it from its list."]
    first, last = row.numbers
    total = row.version.total if row.version is not None else 0
    which = (
        f"Patch {first}/{total} is"
        if first == last
        else f"Patches {first} to {last} of {total} are"
    )
    return f"{which} not here", [
        "It was not in the fetched mail; it may be delayed, lost, or sent to another list.",
        "{app.reload} reads the target again.",
    ]
