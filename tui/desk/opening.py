"""The half of the main screen that opens targets and mails: it asks workers, and takes or drops their answers."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import on
from textual.content import Content
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from core.errors import PatchdeskError
from core.model import MessageId, OpenedMessage
from core.progress import Progress
from core.text import SafeText, shown
from tui.desk.mail import read_listing, read_mail
from tui.desk.requests import (
    Desk,
    ListingArrived,
    ListingEnded,
    MailBegun,
    MailFailed,
    MailRead,
    MailRequest,
    OpenFailed,
    Progressed,
    Session,
)
from tui.keys.commands import Pane
from tui.keys.keymap import Keymap
from tui.screens.frame import FrameScreen
from tui.tree.rows import Kind, Row
from tui.tree.series_tree import SeriesTree

if TYPE_CHECKING:
    from core.model import TargetListing
    from tui.tree.items import Items
    from tui.tree.rows import Whole

SETTLED: Final = 0.06
"""Seconds the cursor rests on a row before its mail is asked for."""

MAILS_KEPT: Final = 16
"""Mails kept open, so that going back is instant."""

_LASTS: Final = 0.4
"""Seconds after which the opening of the first target is worth a note where the mail will be."""

_TOAST_FOR: Final = 8
"""Seconds that an error too long for the status line stays over the panes."""

_LONGEST_DOING: Final = 64

WAYS_ON: Final = "{app.reload} tries again · {app.open} opens something else · :log shows the log"


class ReadingScreen(FrameScreen):
    """Tree and reader, and what fills them.

    Of the openings one may be *shown*, and one may be *coming*: the same, or another that has given no rows yet.
    Whatever is neither any more is not listened to.
    """

    def __init__(
        self,
        keymap: Keymap,
        open_desk: Callable[[str], Desk],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(keymap, clock)
        self._open_desk = open_desk
        self._shown: Session | None = None
        self._coming: Session | None = None
        self._retry: str | None = None
        self._listing: TargetListing | None = None
        self._wanted: MailRequest | None = None
        self._mails: OrderedDict[tuple[MessageId, str], OpenedMessage] = OrderedDict()
        self._mail: OpenedMessage | None = None
        self._answered: MailRequest | None = None
        """The request whose mail is on the screen."""
        self._settling: Timer | None = None
        self._progress = shown("")
        self._opening_noted = False
        """The reader says what is being opened."""

    # ------------------------------------------------------------- opening a target

    def open_target(self, target: str) -> None:
        """Read `target`; what is on the screen stays until its first rows come."""
        self._drop_coming()
        self._retry = target
        try:
            desk = self._open_desk(target)
        except PatchdeskError as error:
            self._failed(error)
            return
        session = self._coming = Session(target, desk)
        self.remove_class("-welcome")
        if self._shown is None:
            self.title_bar.name_shown = shown(target)
            self._note("", [])
            self.set_timer(_LASTS, partial(self._note_opening, session))
        self._progress = shown(f"opening {target}".strip())
        self._show_work()
        self._begin(session)

    def _begin(self, session: Session) -> None:
        """Let a worker read what was opened."""
        self.run_worker(
            partial(read_listing, session, self.post_message),
            group="listing",
            thread=True,
            exit_on_error=False,
        )

    def cancel(self) -> bool:
        """Stop what is running and keep what came; say whether anything ran."""
        if self._coming is None:
            if not self._reading_mail:
                return False
            self._wanted = None
            self._show_work()
            self.show_message("Stopped.")
            return True
        came = self._coming is self._shown
        self._drop_coming()
        if came and self._listing is not None:
            self.title_bar.flag = "stopped"
            self.show_message(
                f"Stopped after {self._listing.mails:,} mails. {{app.reload}} reads it again."
            )
        elif self._shown is not None:
            self.show_message("Stopped. What was open stays.")
        else:
            self._show_empty()
            self._note("Stopped", ["Nothing was read.", "", WAYS_ON])
        return True

    def _drop_coming(self) -> None:
        """Listen no more to what is being read; its rows, where it has any, stay."""
        session, self._coming = self._coming, None
        if session is None:
            return
        session.stop.set()
        self._show_work()
        if session is not self._shown:
            self._close(session)

    def _close(self, session: Session) -> None:
        session.stop.set()
        self.run_worker(session.desk.close, group="closing", thread=True, exit_on_error=False)

    def close_desks(self) -> None:
        """Abort all that is in flight, or the process would wait for it."""
        for session in {id(o): o for o in (self._coming, self._shown) if o is not None}.values():
            session.stop.set()
            session.desk.close()

    @on(ListingArrived)
    def _take_listing(self, event: ListingArrived) -> None:
        listing, session = event.listing, event.session
        if session is not self._coming:
            return
        before = self._shown
        if session is not before and not (listing.items or listing.done):
            return
        self._become_shown(session)
        self._show_first_picture()
        self._listing = listing
        same = before is not None and before.target == session.target
        self.show_items(listing.items, keep=same, anew=session is not before)
        self._entitle(listing)
        was_empty = self.has_class("-empty")
        self.remove_class("-empty")
        if not listing.items:
            self._show_empty()
            self._note(
                "Nothing to read", [shown(f"There is no mail in {listing.name}."), "", WAYS_ON]
            )
        if listing.items and (before is None or was_empty):
            self.focus_pane(Pane.TREE)

    def show_items(
        self,
        items: Items | Sequence[Whole],
        *,
        keep: bool,
        anew: bool = False,
        hold: bool = False,
    ) -> None:
        """Show these in the tree."""
        self.series_tree.show(items, keep=keep, anew=anew, hold=hold)

    def _become_shown(self, session: Session) -> None:
        """Let what is coming take the place of what was shown."""
        before = self._shown
        if session is before:
            return
        if before is not None:
            self._close(before)
        self._shown = session
        self._listing = None
        self._wanted = None
        self._mails.clear()
        if before is None or before.target != session.target:
            self._mail = None

    @on(ListingEnded)
    def _listing_ended(self, event: ListingEnded) -> None:
        if event.session is self._coming:
            self._coming = None
            self._show_work()
            # What was listed stays: looking through it for garbage again and again would stall the screen
            # (half a second at 100,000 series). Counting references still frees it.
            gc.freeze()
            if self._listing is not None and self._listing.note:
                self.show_message(self._listing.note, "warning")

    @on(Progressed)
    def _progressed(self, event: Progressed) -> None:
        if event.session is self._coming:
            self._progress = progress_words(event.progress)
            self._show_work()
            if self._opening_noted:
                self._note_opening(event.session)

    def _note_opening(self, session: Session) -> None:
        """Say in the reader, too, what is done, as long as there is nothing else to see."""
        self._opening_noted = session is self._coming and self._shown is None
        if self._opening_noted:
            self._note(shown(f"Opening {session.target}"), [self._progress, "", "Esc stops."])

    @on(OpenFailed)
    def _open_failed(self, event: OpenFailed) -> None:
        session = event.session
        if session is not self._coming:
            return
        self._coming = None
        self._show_work()
        if session is self._shown:
            self.title_bar.flag = "incomplete"
        else:
            self._close(session)
        self._failed(event.error)

    def _failed(self, error: PatchdeskError) -> None:
        """Show an error where the rows would be, or beside those that are there."""
        message, hint = shown(error.message), shown(error.hint)
        if not len(self.series_tree):
            self.remove_class("-welcome")
            self._show_empty()
            self._note(message, [hint, "", WAYS_ON])
        else:
            all_of_it = shown(f"{message} {hint}".strip())
            if Content(all_of_it).cell_length <= self.app.size.width - 2:
                self.show_message(all_of_it, "error")
                return
            self.show_message(message, "error")
            self.notify(
                f"{hint}\n{WAYS_ON} · Esc closes this" if hint else f"{message}\n{WAYS_ON}",
                severity="error",
                timeout=_TOAST_FOR,
                markup=False,
            )

    @on(Worker.StateChanged)
    def _worker_failed(self, event: Worker.StateChanged) -> None:
        """A mistake of ours ended a worker: the app logs it; here what waits for its answer is told."""
        if event.state is not WorkerState.ERROR:
            return
        error = PatchdeskError("Something went wrong inside patchdesk.", "The log has the details.")
        if event.worker.group == "listing" and self._coming is not None:
            self._open_failed(OpenFailed(self._coming, error))
        elif event.worker.group == "mail" and self._wanted is not None:
            self._mail_failed(MailFailed(self._wanted, error))

    # ------------------------------------------------------------- reading a mail

    @on(SeriesTree.Highlighted)
    def _highlighted(self, event: SeriesTree.Highlighted) -> None:
        self._entitle_place()
        if self._settling is not None:
            self._settling.stop()
            self._settling = None
        if event.row is None:
            return
        if self._mail is None or self._noted:
            self.call_after_refresh(self._read_under_cursor)  # first the rows
        else:
            self._settling = self.set_timer(SETTLED, self._read_under_cursor)

    def _read_under_cursor(self) -> None:
        if (row := self.series_tree.row) is not None:
            self.read_row(row)

    def read_row(self, row: Row) -> None:
        """Show a row's mail, now if it is at hand."""
        if self._settling is not None:
            self._settling.stop()
            self._settling = None
        message, session = row.message, self._shown
        if session is None:
            return
        if row.kind is Kind.HEADING:
            return
        if message is None:
            self._wanted = None
            self._note(*missing_words(row))
            return
        request = MailRequest(session, message)
        mail = self._mails.get((message.message_id, message.key))
        if mail is not None:
            self._wanted = self._answered = request
            self._show_mail(mail)
            return
        if self._reading_mail and self._wanted is not None and self._wanted.message is message:
            return
        self._wanted = request
        self.run_worker(
            partial(read_mail, request, self.post_message),
            group="mail",
            exclusive=True,
            thread=True,
            exit_on_error=False,
        )
        self._show_work()

    @on(MailRead)
    def _mail_read(self, event: MailRead) -> None:
        if event.request.session is not self._shown:
            return
        message = event.request.message
        self._mails[message.message_id, message.key] = event.mail
        if len(self._mails) > MAILS_KEPT:
            self._mails.popitem(last=False)
        if event.request is self._wanted:
            self._answered = self._wanted
            self._show_mail(event.mail)

    @on(MailBegun)
    def _mail_begun(self, event: MailBegun) -> None:
        """Show the beginning of a large mail in the place where the whole will be."""
        if event.request is self._wanted and event.request is not self._answered:
            self._aside = self._noted = False
            self._mail = None
            self.reader.show(event.mail, whole=False)
            self._entitle_reader()

    @on(MailFailed)
    def _mail_failed(self, event: MailFailed) -> None:
        if event.request is self._wanted:
            self._wanted = None
            self._show_work()
            self._note(shown(event.error.message), [shown(event.error.hint), "", WAYS_ON])

    @property
    def _reading_mail(self) -> bool:
        """Whether the mail that is wanted is not there yet."""
        return self._wanted is not None and self._wanted is not self._answered

    def _show_work(self) -> None:
        """Say what is running: the listing before the mail, since it lasts longer."""
        if self._coming is not None:
            self.status.work(self._progress)
        elif self._wanted is not None and self._reading_mail:
            self.status.work(shown(f"reading {self._wanted.message.subject.title}"[:60]))
        else:
            self.status.work(None)

    def _show_mail(self, mail: OpenedMessage) -> None:
        if mail is self._mail and not self._noted:
            return
        self._aside = False
        self._mail = mail
        self._noted = False
        self.reader.show(mail)
        self._entitle_reader()
        self._show_work()


def progress_words(progress: Progress) -> SafeText:
    """Return progress as words for a person: `reading, mail 3 of 17`; `Fetching … · 12 kB` where bytes are counted."""
    doing = shown(progress.doing)
    what = doing.removesuffix(", byte")
    if len(what) > _LONGEST_DOING:  # a Message-ID, mostly
        what = shown(f"{what[: _LONGEST_DOING // 2]}…{what[1 - _LONGEST_DOING // 2 :]}")
    if doing.endswith(", byte"):
        return shown(f"{what} · {_size(progress.done)}")
    if progress.total:
        return shown(f"{what} {progress.done:,} of {progress.total:,}")
    return shown(f"{what} {progress.done:,}" if progress.done else what)


def _size(count: int) -> str:
    """Return a number of bytes as a person writes it: `812 bytes`, `12 kB`, `3.4 MB`."""
    if count < 1_000:
        return f"{count} bytes"
    return f"{count / 1_000:,.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"


def missing_words(row: Row) -> tuple[str, list[str]]:
    """Return what is to say of patches that are not there: a title and lines."""
    if row.kind is not Kind.MISSING:
        return "This is no longer here", [
            "Its list was brought up to date, and does not hold it any more."
        ]
    first, last = row.numbers
    total = row.version.total if row.version is not None else 0
    which = (
        f"Patch {first}/{total} is"
        if first == last
        else f"Patches {first} to {last} of {total} are"
    )
    return f"{which} not here", [
        "The mails that came do not hold it. It may be late, lost, or have gone to another list.",
        "{app.reload} reads the target again.",
    ]
