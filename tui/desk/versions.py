"""Compares two versions of a series: the ladder of patches in place of the tree, the interdiff in the reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from textual.message import Message

from core.errors import PatchdeskError
from core.model import MessageId, OpenedMessage, Series
from core.text import SafeText, shown
from tui.desk.controller import ArgumentHandler, Controller, DeskView, Handler
from tui.desk.mail import MailLoader
from tui.desk.requests import Session
from tui.desk.review import Review
from tui.desk.version_marks import new_comparer
from tui.keys.commands import Pane
from tui.tasks import Task, Tasks
from tui.tree.view import ViewState
from tui.versions.ladder import VersionLadder

if TYPE_CHECKING:
    from core.desk.versions import VersionComparer
    from core.versions.choose import Choice, Posting
    from core.versions.compare import PairChange
    from core.versions.comparison import Comparison, PairInterdiff
    from tui.versions.rows import Chain

_GROUP: Final = "versions"
_LINES: Final = "interdiffs"


class Versions(Controller):
    """Compares versions; while the ladder is open, the reader follows its cursor."""

    def __init__(self, desk: DeskView, tasks: Tasks, mail: MailLoader, review: Review) -> None:
        super().__init__(desk, tasks)
        self._mail = mail
        self._review = review
        self._choice: Choice | None = None
        """The compared versions; None while the ladder is closed."""
        self._comparison: Comparison | None = None
        self._interdiffs: Mapping[int, PairInterdiff] = {}
        """By the identity of the pair, in the order of the pairs; empty until they are read."""
        self._comparer: VersionComparer | None = None
        self._before: ViewState | None = None
        """The tree's position when the ladder opened."""
        self._plain = False
        """The reader shows the patch itself, not its interdiff."""
        self._working: Task | None = None

    def start(self) -> None:
        """Register with the keys of the reader and of the patches."""
        self._mail.set_patch_steps(self._step)
        self._review.set_openers(self._open_patch, self._back_to_pair)

    @property
    def ladder(self) -> VersionLadder:
        """The pane."""
        return self._desk.ladder

    @property
    def is_open(self) -> bool:
        """Whether the ladder replaces the tree."""
        return self._choice is not None

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "versions.open": self._open_or_grid,
            "versions.older": partial(self._choose_old, -1),
            "versions.newer": partial(self._choose_old, 1),
            "versions.read": self._read_pair,
        }

    def argument_commands(self) -> Mapping[str, ArgumentHandler]:
        """Return the handler of `:versions OLD NEW`."""
        return {"versions.open": self._open_named}

    def messages(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """Return the listeners of the ladder."""
        return {
            VersionLadder.Highlighted: lambda event: self._follow(event.pair),
            VersionLadder.PairSelected: lambda _: self._read_pair(),
        }

    # ------------------------------------------------------------- opening

    def _open_or_grid(self) -> None:
        if not self.is_open:
            self.compare(None, None)
        elif self.ladder.is_grid:
            self._show_ladder()
        else:
            self._compare_all()

    def _open_named(self, words: str) -> None:
        names = words.split()
        if len(names) > 2:
            self._desk.show_message("At most two versions: an old and a new one.", "warning")
            return
        old, new = (*names, None, None)[:2]
        self.compare(old, new)

    def compare(self, old: str | None, new: str | None = None, at: MessageId | None = None) -> None:
        """Compare two versions of the series here, the cursor on the patch `at`."""
        from core.versions.choose import choose

        row = self._desk.series_tree.row
        if row is None or not isinstance(row.item, Series):
            self._desk.show_message("There is no patch series here.", "warning")
            return
        try:
            choice = choose(row.item, old, new)
        except PatchdeskError as error:
            self._desk.show_error(error, "warning")
        else:
            self._compare(choice, at)

    def _compare(self, choice: Choice, at: MessageId | None = None) -> None:
        """Compare two postings off the screen, then show the ladder."""
        session = self._desk.session
        if session is None:
            return
        if at is None and (row := self._desk.series_tree.row) is not None and row.entry is not None:
            at = row.entry.message.message_id
        comparer = self._comparer = self._comparer or new_comparer(session)
        self._working = self._tasks.start(
            _GROUP,
            lambda task: comparer.compare(choice, task.stop),
            then=lambda comparison: self._compared(choice, comparison, at),
            failed=self._failed,
            current=lambda: session is self._desk.session,
            replace=True,
        )
        self._desk.show_work()

    def _failed(self, error: PatchdeskError) -> None:
        self._working = None
        self._desk.show_work()
        self._desk.show_error(error, "warning")

    def _compared(self, choice: Choice, comparison: Comparison, at: MessageId | None) -> None:
        self._working = None
        self._desk.show_work()
        if not self.is_open:
            self._before = self._desk.series_tree.view_state
            self.ladder.expect_width(self._desk.series_tree.outer_size.width)
        self._choice, self._comparison, self._interdiffs = choice, comparison, {}
        self._plain = False
        places = [
            place
            for place, pair in enumerate(comparison.pairs)
            if at in {ref.message_id for ref in (pair.old, pair.new) if ref is not None}
        ]
        changed = [place for place, pair in enumerate(comparison.pairs) if pair.is_changed]
        self._show_pane(True)
        self.ladder.show(choice, comparison, (places or changed or [0])[0])
        if self._desk.active_pane is not Pane.READER:
            self._desk.focus_pane(Pane.TREE)
        self._desk.call_after_refresh(self._read_interdiffs)  # the ladder is to be seen first

    def _show_ladder(self) -> None:
        if self._choice is not None and self._comparison is not None:
            self.ladder.show(self._choice, self._comparison)
            self.hide_viewed()

    def _read_interdiffs(self) -> None:
        """Read both versions and return the interdiffs of their pairs."""
        choice, comparison, comparer = self._choice, self._comparison, self._comparer
        if choice is None or comparison is None or comparer is None:
            return
        self._tasks.start(
            _LINES,
            lambda task: comparer.interdiffs(choice, comparison, task.stop),
            then=self._interdiffs_read,
            failed=self._failed,
            current=lambda: comparison is self._comparison,
            replace=True,
        )

    def _interdiffs_read(self, found: Sequence[PairInterdiff]) -> None:
        self._interdiffs = {id(one.pair): one for one in found}
        self.hide_viewed()
        if self._mail.mail is not None:
            self.on_mail(self._mail.mail)

    def hide_viewed(self) -> None:
        """Hide the pairs that are as they were viewed, or show them, as the reader does with hunks.

        Only where that is asked for or others are compared: the pair that is being read stays.
        """
        reader = self._desk.reader
        known = enumerate(self._interdiffs.values() if reader.hide_viewed else ())
        self.ladder.hide_pairs({at for at, one in known if one.is_as_viewed(reader.is_viewed_key)})

    # ------------------------------------------------------------- the pair

    def _follow(self, pair: PairChange) -> None:
        """Show the pair under the ladder's cursor in the reader."""
        choice, ref = self._choice, pair.new or pair.old
        if choice is None or ref is None:
            return
        self._plain = False
        series = (choice.new if pair.new is not None else choice.old).series
        tree = self._desk.series_tree
        if not tree.move_to((series.id, ref.message_id)):
            tree.go_to_mail(ref.message_id)
        if self._mail.mail is not None and self._mail.mail.message.message_id == ref.message_id:
            self.on_mail(self._mail.mail)

    def on_mail(self, mail: OpenedMessage) -> None:
        """Show the interdiff of the patch in the reader, while the ladder is open."""
        pair = self._comparison.pair_of(mail.message.message_id) if self._comparison else None
        if pair is None or self._plain or self._choice is None or self._comparison is None:
            self._desk.reader.show_interdiff(mail, None)
            return
        one = self._interdiffs.get(id(pair))
        if one is None:
            return
        from tui.reader.interdiff import view_of
        from tui.versions.heading import heading

        view = view_of(
            one,
            heading(self._choice, self._comparison, one),
            old=self._choice.old.name,
            new=self._choice.new.name,
            linear=self._desk.settings.linear,
        )
        self._desk.reader.show_interdiff(mail, view)
        self._desk.update_reader_title()

    @property
    def reader_title(self) -> SafeText | None:
        """Which pair the reader shows."""
        choice, comparison, mail = self._choice, self._comparison, self._mail.mail
        if self._desk.reader.interdiff is None or not (choice and comparison and mail):
            return None
        pair = comparison.pair_of(mail.message.message_id)
        if pair is None:
            return None
        from core.versions.formats.phrases import pair_phrases

        old, new = choice.old, choice.new
        at = f"{pair.new.number}/{new.version.total}" if pair.new else ""
        words = ", ".join(pair_phrases(pair, comparison, old=old.name, new=new.name))
        return shown(f"{at}  {old.name} → {new.name}  {words}".strip())

    def _read_pair(self) -> None:
        if self.ladder.is_grid:
            self._show_ladder()
        self._desk.focus_pane(Pane.READER)

    def _step(self, step: int) -> bool:
        """Go to the next or previous changed pair, where the ladder is open; say whether it is."""
        if not self.is_open:
            return False
        if not self.ladder.move_to_changed(step):
            self._desk.show_message(f"No {'later' if step > 0 else 'earlier'} patch changed.")
        return True

    def _open_patch(self) -> bool:
        """Show the new patch in place of its interdiff; return whether the interdiff was shown."""
        mail = self._mail.mail
        if not self.is_open or self._plain or mail is None or self._desk.reader.interdiff is None:
            return False
        self._plain = True
        self._desk.reader.show_interdiff(mail, None)
        self._desk.update_reader_title()
        return True

    def _back_to_pair(self) -> bool:
        """Show the interdiff again; return whether the patch itself was shown."""
        mail = self._mail.mail
        if not self.is_open or not self._plain or mail is None:
            return False
        self._plain = False
        self.on_mail(mail)
        return True

    # ------------------------------------------------------------- other versions

    def _choose_old(self, step: int) -> None:
        """Compare with the posting before the older one, or after it."""
        from dataclasses import replace

        from core.versions.choose import postings

        choice = self._choice
        if choice is None:
            return
        known = postings(choice.old.series)
        at = choice.old.at + step
        same = choice.old.series.id == choice.new.series.id
        if not 0 <= at < len(known) or (same and at == choice.new.at):
            self._desk.show_message(
                f"There is nothing {'before' if step < 0 else 'between'} to compare with."
            )
            return
        pair = self.ladder.pair
        ref = pair.new or pair.old if pair is not None else None
        self._compare(replace(choice, old=known[at]), ref.message_id if ref else None)

    def _compare_all(self) -> None:
        """Compare each posting with the one before, then show the grid."""
        from core.versions.choose import Choice, postings
        from tui.versions.rows import chains

        choice, comparer = self._choice, self._comparer
        if choice is None or comparer is None:
            return
        known = postings(choice.new.series)

        def compare_all(task: Task) -> Sequence[Chain]:
            steps = [
                comparer.compare(Choice(old=old, new=new), task.stop)
                for old, new in pairwise(known)
            ]
            return chains(known, steps)

        self._working = self._tasks.start(
            _GROUP,
            compare_all,
            then=lambda found: self._show_grid(known, found),
            failed=self._failed,
            current=lambda: choice is self._choice,
            replace=True,
        )
        self._desk.show_work()

    def _show_grid(self, known: Sequence[Posting], found: Sequence[Chain]) -> None:
        self._working = None
        self._desk.show_work()
        self.ladder.show_grid(known, found)

    # ------------------------------------------------------------- closing

    def back(self) -> bool:
        """Go from the reader to the ladder, and from that to the tree."""
        if not self.is_open:
            return False
        if self._desk.active_pane is Pane.READER:
            self._desk.focus_pane(Pane.TREE)
        elif self.ladder.is_grid:
            self._show_ladder()
        else:
            self._close()
        return True

    def _close(self) -> None:
        """Put the tree back as it was."""
        self._forget()
        tree, before = self._desk.series_tree, self._before
        if before is not None:
            tree.restore_view(tree.items, before)
        self._desk.focus_pane(Pane.TREE)
        if self._mail.mail is not None:
            self._desk.reader.show_interdiff(self._mail.mail, None)
        self._mail.read_here()
        self._desk.update_reader_title()

    def _forget(self) -> None:
        self._choice = self._comparison = None
        self._interdiffs = {}
        self._tasks.cancel(_LINES)
        self._show_pane(False)

    def _show_pane(self, open_: bool) -> None:
        """Let the ladder stand in the place of the tree. A class of the screen would have Textual style all widgets."""
        self._desk.series_tree.set_class(open_, "-covered")
        self.ladder.set_class(open_, "-open")

    def on_session(self, session: Session, before: Session | None, /) -> None:
        """Close the ladder: another target is shown."""
        del session, before
        self._comparer = None
        if self.is_open:
            self._forget()
            self._desk.focus_pane(Pane.TREE)

    def cancel(self) -> bool:
        """Stop comparing."""
        if self._working is None or self._working.is_cancelled:
            return False
        self._working.cancel()
        self._working = None
        self._desk.show_work()
        self._desk.show_message("Stopped.")
        return True

    @property
    def work_text(self) -> SafeText | None:
        """The versions being compared."""
        return SafeText("comparing versions") if self._working is not None else None
