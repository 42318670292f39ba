"""Applies triage verbs to the marked series, or to the one under the cursor or open.

A verb shows its expected result at once; it is written in the order of the key presses, and reported only then. Where
it cannot be written, the rows are put back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from core.config_keys import read_inbox_since
from core.errors import PatchdeskError
from core.model import MessageId, Series
from core.text import shown
from core.triage.transitions import DECISION_VERBS, UNDECIDED, VERB_TEXTS, Status, Verb, next_status
from tui.desk import phrases
from tui.desk.controller import ArgumentHandler, Controller, DeskView, Handler
from tui.desk.journal_writer import JournalWriter, TriageOperation, find_marked
from tui.desk.lists import Lists
from tui.desk.mail import MailLoader
from tui.desk.read_marks import ReadMarks
from tui.desk.requests import Session
from tui.desk.triage_state import TriageState
from tui.desk.undo import Undo
from tui.keys.commands import Command
from tui.tasks import Tasks
from tui.tree.marks import SeriesHandle
from tui.tree.rows import Kind, Row
from tui.widgets.prompt import Proposal

if TYPE_CHECKING:
    from core.series.review_comments import ReviewComment
    from core.triage.state import TriageState as State

_NOTHING_TO_REPEAT = "No triage action to repeat yet."


class Triage(Controller):
    """Runs the triage verbs, and undoes them."""

    def __init__(
        self,
        desk: DeskView,
        tasks: Tasks,
        lists: Lists,
        read_marks: ReadMarks,
        mail: MailLoader,
        states: TriageState,
        writer: JournalWriter | None,
        undo: Undo,
    ) -> None:
        """`writer` is None where triage has no journal."""
        super().__init__(desk, tasks)
        self._lists = lists
        self._read_marks = read_marks
        self._loader = mail
        self._states = states
        self._writer = writer
        self._other = undo
        self._last: tuple[Verb, str | None, str | None] | None = None
        """The last verb, its argument and its note."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        plain = (Verb.DONE, Verb.SKIP, Verb.WAIT, Verb.ACCEPT, Verb.REOPEN)
        return {
            **{f"triage.{verb}": partial(self._do, verb) for verb in plain},
            "triage.later": self._ask_until,
            "triage.flag": self._flag,
            "triage.label": self._ask_label,
            "triage.note": self._ask_note,
            "triage.priority_up": partial(self._do, Verb.PRIORITY, "+1"),
            "triage.priority_down": partial(self._do, Verb.PRIORITY, "-1"),
            "triage.undo": partial(self._undo, "undo"),
            "triage.redo": partial(self._undo, "redo"),
            "triage.repeat": self._repeat,
            "triage.catch_up": self._catch_up,
            "mail.toggle_read": self._toggle_read,
        }

    def argument_commands(self) -> Mapping[str, ArgumentHandler]:
        """Return the handlers of commands that take an argument."""
        return {
            "triage.catch_up": self._catch_up,
            "triage.later": self._snooze,
            "triage.label": self._label,
            "triage.note": self._write_note,
        }

    def completions(self, name: str, text: str) -> Sequence[Proposal] | None:
        """Return the possible arguments of a command."""
        del text
        if name == "triage.label":
            return [(shown(label), says) for label, says in self._labels()]
        if name == "triage.later":
            return [(shown(word), "") for word in ("1d", "3d", "1w", "2w", "tomorrow", "mon", "v")]
        return None

    def disabled_reason(self, command: Command) -> str:
        """Return the reason why a verb is not possible here."""
        if not command.name.startswith("triage."):
            return ""
        if command.name == "triage.undo" and self._other.is_offered:
            return ""
        if not len(self._desk.series_tree):
            return phrases.NO_SERIES
        if self._writer is None:
            return phrases.NO_JOURNAL
        if command.name == "triage.repeat" and self._last is None:
            return _NOTHING_TO_REPEAT
        verb = phrases.COMMANDS.get(command.name)
        return "" if verb is None else phrases.disabled_reason(verb, self._states_here(verb))

    def _is_disabled(self, name: str) -> bool:
        """Say why a command cannot be run now, if so."""
        reason = self.disabled_reason(self._desk.keymap.by_name[name])
        if reason:
            self._desk.show_message(reason, "warning")
        return bool(reason)

    def _toggle_read(self) -> None:
        """Mark the marked series read, or unread; without marks, the messages here."""
        page = self._lists.page
        if page is None or not self._desk.series_tree.marks:
            self._read_marks.toggle_read()
            return
        is_unread = any(handle in page.unread for handle in self._targets())
        self._do(Verb.READ if is_unread else Verb.UNREAD)

    # ------------------------------------------------------------- what it is about

    def _targets(self) -> list[SeriesHandle]:
        """Return the series that a verb is for: those marked, else the one under the cursor, which is open."""
        tree = self._desk.series_tree
        if tree.marks:
            return list(tree.marked)
        here = tree.here
        return [] if here is None else [here]

    def _patch_here(self, verb: Verb) -> MessageId | None:
        """Return the patch that a verb is for alone: one of several, under the cursor or open, and nothing is marked."""
        tree = self._desk.series_tree
        row = tree.row
        is_alone = verb in DECISION_VERBS and VERB_TEXTS[verb].on_patch
        if not is_alone or tree.marks or row is None or row.kind is not Kind.PATCH:
            return None
        if row.message is None or row.version is None or row.version.total < 2:
            return None
        return row.message.message_id

    def _states_here(self, verb: Verb) -> list[State]:
        patch = self._patch_here(verb)
        states = [self._states.of(handle) for handle in self._targets()]
        if patch is not None and states:
            return [phrases.patch_state(states[0], states[0].patch(patch) or Status.NEW)]
        return states

    # ------------------------------------------------------------- doing it

    def _do(self, verb: Verb, argument: str | None = None, *, note: str | None = None) -> None:
        """Apply a verb to the marked series, or to the one under the cursor or open."""
        session = self._desk.session
        if self._writer is None or session is None:
            self._desk.show_message(phrases.NO_JOURNAL, "warning")
            return
        targets = self._targets()
        if not targets:
            self._desk.show_message(phrases.NO_SERIES)
            return
        if reason := phrases.disabled_reason(verb, self._states_here(verb)):
            self._desk.show_message(reason, "warning")
            return
        self._last = (verb, argument, note)
        self._other.forget()
        patch = self._patch_here(verb)
        operation = TriageOperation(
            session=session,
            verb=verb,
            handles=tuple(targets),
            mails=(patch,) if patch is not None else (),
            argument=argument,
            note=note,
        )
        if patch is not None:
            will = {targets[0]: self._with_patch(targets[0], patch, verb)}
        else:
            will = self._predicted(targets, verb, argument, note)
        self._states.write(operation, will)
        self._desk.series_tree.unmark_all()
        if patch is not None:
            self._select_next_patch()
        else:
            self._select_next(set(targets) if verb in DECISION_VERBS else set())

    def settle(self, comments: Sequence[ReviewComment], at: int) -> None:
        """Settle a review comment on the open mail, or open it again; `at` is its place among `comments`."""
        from core.comments.items import comment_keys, senders_of
        from core.series.identities import Bots

        row = self._desk.series_tree.row
        if row is None or not isinstance(row.item, Series):
            self._desk.show_message(phrases.NO_SERIES)
            return
        config = self._desk.settings.config
        bots = Bots(() if config is None else config.bots)
        key = comment_keys(comments, senders_of(row.item), bots).get(at)
        if key is None:
            self._desk.show_message("This comment asks for nothing: there is nothing to settle.")
            return
        self.settle_key(key)

    def settle_key(self, key: str) -> None:
        """Settle the comment with a key on the series here, or open it again."""
        session, here = self._desk.session, self._desk.series_tree.here
        if self._writer is None or session is None:
            self._desk.show_message(phrases.NO_JOURNAL, "warning")
            return
        if here is None:
            self._desk.show_message(phrases.NO_SERIES)
            return
        is_settled = dict(self._states.of(here).settled).get(key, False)
        verb = Verb.UNSETTLE if is_settled else Verb.SETTLE
        operation = TriageOperation(session=session, verb=verb, handles=(here,), argument=key)
        self._states.write(operation, self._predicted((here,), verb, key, None))

    def _catch_up(self, when: str = "") -> None:
        """Mark the series of the shown lists as done that have been quiet since a time."""
        session, page, now = self._desk.session, self._lists.page, self._desk.settings.clock()
        moment = read_inbox_since(when.strip() or "14d", now)
        if self._writer is None or session is None or page is None:
            self._desk.show_message("Catching up works on followed lists only.", "warning")
        elif moment is None:
            self._desk.show_message(
                "{when} is not a time such as 30d, 2.months.ago, 2026-01-01.", "warning", when=when
            )
        else:
            self._tasks.start(
                "mark query",
                lambda _: find_marked(
                    session, None, f"is:open -d:{moment:%Y-%m-%d}..", page.wanted.lists, dict
                ),
                then=partial(self._mark_done, session),
                failed=self._show_error,
                current=lambda: session is self._desk.session,
                replace=True,
            )

    def _mark_done(self, session: Session, handles: Collection[SeriesHandle]) -> None:
        """Mark series as done, seen or not."""
        if not handles:
            self._desk.show_message("Nothing in the inbox is that old.")
            return
        operation = TriageOperation(session=session, verb=Verb.DONE, handles=tuple(handles))
        self._states.write(operation, self._predicted(operation.handles, Verb.DONE, None, None))
        self._select_next(set(handles))

    def _predicted(
        self, targets: Sequence[SeriesHandle], verb: Verb, argument: str | None, note: str | None
    ) -> dict[SeriesHandle, State]:
        """Return the states that series will have: of each that there is one object, since thousands share it."""
        now = self._desk.settings.clock()
        before = {id(one): one for one in map(self._states.of, targets)}
        become = {
            key: phrases.predict_state(one, verb, now, argument=argument, note=note)
            for key, one in before.items()
        }
        return {handle: become[id(self._states.of(handle))] for handle in targets}

    def _with_patch(self, handle: SeriesHandle, patch: MessageId, verb: Verb) -> State:
        """Return the state of a series once one of its patches is decided."""
        one = self._states.of(handle)
        status = next_status(one.patch(patch) or Status.NEW, verb)
        others = [(name, of) for name, of in one.patches if name != patch]
        if status is not None and status is not Status.NEW:
            others.append((patch, status))
        return replace(one, patches=tuple(others))

    def _select_next(self, decided: set[SeriesHandle]) -> None:
        """Show the new states, and move the cursor to the next undecided series."""
        tree = self._desk.series_tree
        following = None
        if tree.here in decided:
            following = tree.next_handle(lambda one: self._states.of(one).status in UNDECIDED)
        self._states.hide_decided(decided)
        if following is not None and tree.move_to_handle(following):
            self._loader.follow_cursor()
        tree.redraw()

    def _select_next_patch(self) -> None:
        """Go on to the next patch that is to be decided."""
        tree = self._desk.series_tree
        tree.redraw()
        here = tree.here
        state = self._states.of(here) if here is not None else None

        def is_open(row: Row) -> bool:
            name = row.message.message_id if row.message is not None else None
            return name is not None and state is not None and state.patch(name) is None

        if tree.move_to_patch_where(is_open):
            self._loader.follow_cursor()

    # ------------------------------------------------------------- flag, label, note, snooze

    def _flag(self) -> None:
        is_flagged = all(self._states.of(handle).flagged for handle in self._targets())
        self._do(Verb.UNFLAG if is_flagged else Verb.FLAG)

    def _labels(self) -> list[tuple[str, str]]:
        """Return all labels that are in use, those of the series here last, to be taken away."""
        counts: dict[str, int] = {}
        for state in self._states.all_states:
            for label in state.labels:
                counts[label] = counts.get(label, 0) + 1
        here = {label for handle in self._targets() for label in self._states.of(handle).labels}
        known = sorted(counts, key=lambda label: (-counts[label], label))
        return [
            *((label, f"on {counts[label]:,}") for label in known if label not in here),
            *((f"-{label}", "remove") for label in sorted(here)),
        ]

    def _ask_label(self) -> None:
        def propose(text: str) -> list[Proposal]:
            wanted = text.strip().casefold()
            labels = self._labels()
            return [(shown(each), says) for each, says in labels if wanted in each.casefold()]

        if not self._is_disabled("triage.label"):
            placeholder = "one word; -word removes it"
            self._desk.prompt.ask(
                "Label", then=self._label, placeholder=placeholder, propose=propose
            )

    def _label(self, text: str) -> None:
        label = text.strip()
        if name := label.removeprefix("-").strip():
            self._do(Verb.UNLABEL if label.startswith("-") else Verb.LABEL, name)

    def _ask_note(self) -> None:
        if self._is_disabled("triage.note"):
            return
        notes = {self._states.of(handle).note for handle in self._targets()}
        present = notes.pop() if len(notes) == 1 else ""
        self._desk.prompt.ask(
            "Note", then=self._write_note, placeholder="only you read it", value=shown(present)
        )

    def _write_note(self, text: str) -> None:
        self._do(Verb.NOTE, note=text.strip())

    def _ask_until(self) -> None:
        if self._is_disabled("triage.later"):
            return

        def describe(text: str) -> None:
            until = phrases.describe_until(text, self._desk.settings.clock())
            self._desk.prompt.set_hint(until)

        placeholder = "3d, fri, 2026-12-01, v or a tag"
        self._desk.prompt.ask(
            "snooze until", then=self._snooze, changed=describe, placeholder=placeholder
        )
        describe("")

    def _snooze(self, text: str) -> None:
        if until := text.strip():
            self._do(Verb.LATER, until)

    # ------------------------------------------------------------- undo, redo, repeat

    def _undo(self, kind: Literal["undo", "redo"]) -> None:
        session = self._desk.session
        if kind == "undo" and self._other.run():
            return
        if self._writer is None or session is None:
            self._desk.show_message(phrases.NO_JOURNAL, "warning")
        else:
            self._states.write(TriageOperation(session=session, kind=kind), {})

    def _repeat(self) -> None:
        if self._last is None:
            self._desk.show_message(_NOTHING_TO_REPEAT)
        else:
            verb, argument, note = self._last
            self._do(verb, argument, note=note)

    def _show_error(self, error: PatchdeskError) -> None:
        self._desk.show_error(error)
