"""The part of the main screen that decides: what becomes of the series that are marked, under the cursor, or open.

A verb shows at once what it will come to; a thread writes it down, in the order of the key presses, and only then it is
said to be done. What could not be written is put back as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on

from core.errors import PatchdeskError
from core.model import MessageId
from core.text import shown
from tui.desk.journal_writer import Deed, HistoryRead
from tui.desk.triage_state import StandingScreen
from tui.keys.commands import Command, Pane
from tui.tree.marks import SeriesHandle
from tui.tree.rows import Kind, Row
from tui.widgets.prompt import Prompt, Proposal

if TYPE_CHECKING:
    from core.triage.state import TriageState
    from core.triage.transitions import Verb

_NOWHERE = "Nothing is remembered of this: decisions need the program's own journal."


class TriageScreen(StandingScreen):
    """Decides on series, and takes decisions back."""

    _last: tuple[str, str | None, str | None] | None = None
    """The last decision: the verb, its argument and its note."""

    def triage_actions(self) -> Mapping[str, Callable[[], object]]:
        """Return what each of these commands does, by its name."""
        plain = ("done", "skip", "wait", "accept", "reopen")
        return {
            **self.mark_actions(),
            **{f"triage.{name}": partial(self._decide, name) for name in plain},
            "triage.later": self._ask_until,
            "triage.flag": self._flag,
            "triage.label": self._ask_label,
            "triage.note": self._ask_note,
            "triage.priority_up": partial(self._decide, "priority", "+1"),
            "triage.priority_down": partial(self._decide, "priority", "-1"),
            "triage.undo": partial(self._take_back, "undo"),
            "triage.redo": partial(self._take_back, "redo"),
            "triage.repeat": self._repeat,
            "triage.history": self._read_history,
            "view.show_decided": self._toggle_decided,
        }

    def argument_handlers(self) -> Mapping[str, Callable[[str], object]]:
        """Return what the commands do that can be told more on their line."""
        return {
            **super().argument_handlers(),
            "triage.later": partial(self._decide, "later"),
            "triage.label": self._label,
            "triage.note": self._write_note,
        }

    def argument_completions(self, name: str) -> Sequence[Proposal]:
        """Return what a command could be told on its line, as far as that is known."""
        if name == "triage.label":
            return [(shown(label), says) for label, says in self._labels()]
        if name == "triage.later":
            return [(shown(word), "") for word in ("1d", "3d", "1w", "2w", "tomorrow", "mon", "v")]
        return super().argument_completions(name)

    def disabled_reason(self, command: Command) -> str:
        """Return why a command cannot be run now, as a sentence; "" where it can."""
        area = command.name.partition(".")[0]
        if area in ("triage", "mark") and not len(self.series_tree):
            return "There is no series here."
        if area != "triage":
            return super().disabled_reason(command)
        from tui.desk.phrases import COMMANDS, disabled_reason

        if self._clerk is None:
            return _NOWHERE
        if command.name == "triage.repeat" and self._last is None:
            return "Nothing was decided yet that could be repeated."
        verb = COMMANDS.get(command.name)
        return "" if verb is None else disabled_reason(verb, self._standings_here(verb))

    def _toggle_unread(self) -> None:
        """Count all of what is marked as read, or as not read; without marks, what is here."""
        if not self.series_tree.marks or self._page is None or self._list_desk is None:
            super()._toggle_unread()
            return
        unread = self._page.unread
        self._decide("read" if any(one in unread for one in self._targets()) else "unread")

    # ------------------------------------------------------------- what it is about

    def _targets(self) -> list[SeriesHandle]:
        """Return the series that a verb is for: those marked, else the one under the cursor, which is the one that is open."""
        tree = self.series_tree
        if tree.marks:
            return list(tree.marked)
        here = tree.here
        return [] if here is None else [here]

    def _patch_here(self, verb: Verb) -> MessageId | None:
        """Return the patch that a verb is for alone: under the cursor or open, one of several, and nothing is marked."""
        from core.triage.transitions import DECISION_VERBS, VERB_TEXTS

        row = self.series_tree.row
        alone = verb in DECISION_VERBS and VERB_TEXTS[verb].on_patch
        if not alone or self.series_tree.marks or row is None or row.kind is not Kind.PATCH:
            return None
        if row.message is None or row.version is None or row.version.total < 2:
            return None
        return row.message.message_id

    def _standings_here(self, verb: Verb) -> list[TriageState]:
        from core.triage.transitions import Status
        from tui.desk.phrases import of_patch

        patch = self._patch_here(verb)
        standings = [self._standing(handle) for handle in self._targets()]
        if patch is not None and standings:
            return [of_patch(standings[0], standings[0].patch(patch) or Status.NEW)]
        return standings

    # ------------------------------------------------------------- deciding

    def _decide(self, name: str, argument: str | None = None, *, note: str | None = None) -> None:
        """Do a verb to what is marked, under the cursor or open."""
        from core.triage.transitions import DECISION_VERBS, Verb
        from tui.desk.phrases import disabled_reason, predicted

        verb, clerk, session = Verb(name), self._clerk, self._shown
        if clerk is None or session is None:
            self.show_message(_NOWHERE, "warning")
            return
        targets = self._targets()
        if not targets:
            self.show_message("There is no series here.")
            return
        if reason := disabled_reason(verb, self._standings_here(verb)):
            self.show_message(reason, "warning")
            return
        self._last = (name, argument, note)
        patch = self._patch_here(verb)
        now = self._clock()
        deed = Deed(
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
            standings = {id(one): one for one in map(self._standing, targets)}
            become = {
                key: predicted(one, verb, now, argument=argument, note=note)
                for key, one in standings.items()
            }
            will = {handle: become[id(self._standing(handle))] for handle in targets}
        self._waiting = [*self._waiting, (deed, will)]
        self._going_back = None
        clerk.do(deed)
        self.series_tree.standings = {**self.series_tree.standings, **will}
        self.series_tree.unmark_all()
        if patch is not None:
            self._go_on_in_series()
        else:
            self._go_on(set(targets) if verb in DECISION_VERBS else set())

    def _with_patch(self, handle: SeriesHandle, patch: MessageId, verb: Verb) -> TriageState:
        """Return how a series will stand once one of its patches is decided."""
        from dataclasses import replace

        from core.triage.transitions import Status, next_status

        one = self._standing(handle)
        status = next_status(one.patch(patch) or Status.NEW, verb)
        others = [(name, of) for name, of in one.patches if name != patch]
        if status is not None and status is not Status.NEW:
            others.append((patch, status))
        return replace(one, patches=tuple(others))

    def _go_on(self, decided: set[SeriesHandle]) -> None:
        """Show what has changed, and put the cursor on what is to be decided next."""
        from core.triage.transitions import UNDECIDED

        tree = self.series_tree
        here = tree.here
        following = None
        self._decided_since |= decided
        if here in decided:
            following = tree.next_handle(lambda one: self._standing(one).status in UNDECIDED)
        self._hide_decided()
        if following is not None and tree.move_to_handle(following):
            self._follow_cursor()
        tree.redraw()

    def _go_on_in_series(self) -> None:
        """Go on to the next patch that is to be decided."""
        tree = self.series_tree
        tree.redraw()
        here = tree.here
        standing = self._standing(here) if here is not None else None

        def is_open(row: Row) -> bool:
            name = row.message.message_id if row.message is not None else None
            return name is not None and standing is not None and standing.patch(name) is None

        if tree.move_to_patch_where(is_open):
            self._follow_cursor()

    # ------------------------------------------------------------- flag, label, note, later

    def _flag(self) -> None:
        flagged = all(self._standing(handle).flagged for handle in self._targets())
        self._decide("unflag" if flagged else "flag")

    def _labels(self) -> list[tuple[str, str]]:
        """Return all labels that are in use, those of the series here first, to be taken away."""
        counts: dict[str, int] = {}
        for standing in self.series_tree.standings.values():
            for label in standing.labels:
                counts[label] = counts.get(label, 0) + 1
        here = {label for handle in self._targets() for label in self._standing(handle).labels}
        known = sorted(counts, key=lambda label: (-counts[label], label))
        return [
            *((label, f"on {counts[label]:,}") for label in known if label not in here),
            *((f"-{label}", "takes it away") for label in sorted(here)),
        ]

    def _ask_label(self) -> None:
        def propose(text: str) -> list[Proposal]:
            wanted = text.strip().casefold()
            labels = self._labels()
            return [(shown(each), says) for each, says in labels if wanted in each.casefold()]

        if not self._refused("triage.label"):
            self.ask(
                "label", "label", placeholder="a word; - before it takes it away", propose=propose
            )

    def _label(self, text: str) -> None:
        word = text.strip()
        if word.removeprefix("-").strip():
            taken = word.startswith("-")
            self._decide("unlabel" if taken else "label", word.removeprefix("-").strip())

    def _ask_note(self) -> None:
        if self._refused("triage.note"):
            return
        notes = {self._standing(handle).note for handle in self._targets()}
        present = notes.pop() if len(notes) == 1 else ""
        self.ask("note", "note", placeholder="only you read it", value=shown(present))

    def _write_note(self, text: str) -> None:
        self._decide("note", note=text.strip())

    def _ask_until(self) -> None:
        if not self._refused("triage.later"):
            self.ask("later", "later", placeholder="3d, fri, 2026-12-01, v or a tag")
            self.call_next(self._say_until, "")

    def _refused(self, name: str) -> bool:
        """Say why a command cannot be run now, if so."""
        reason = self.disabled_reason(self.keymap.by_name[name])
        if reason:
            self.show_message(reason, "warning")
        return bool(reason)

    async def _say_until(self, words: str) -> None:
        from tui.desk.phrases import until_words

        self.prompt_words(until_words(words, self._clock()))

    def prompt_words(self, words: str) -> None:
        """Say a word on what is typed; the screen that has a prompt does."""

    @on(Prompt.Changed)
    async def _words_typed(self, event: Prompt.Changed) -> None:
        if event.kind == "later":
            await self._say_until(event.text)

    @on(Prompt.Submitted)
    def _words_given(self, event: Prompt.Submitted) -> None:
        if event.kind == "later" and event.text.strip():
            self._decide("later", event.text.strip())
        elif event.kind == "label":
            self._label(event.text)
        elif event.kind == "note":
            self._write_note(event.text)

    # ------------------------------------------------------------- back and again

    def _take_back(self, kind: str) -> None:
        if self._clerk is None or self._shown is None:
            self.show_message(_NOWHERE, "warning")
        else:
            self._clerk.do(Deed(session=self._shown, kind="undo" if kind == "undo" else "redo"))

    def _repeat(self) -> None:
        if self._last is None:
            self.show_message("Nothing was decided yet that could be repeated.")
        else:
            name, argument, note = self._last
            self._decide(name, argument, note=note)

    # ------------------------------------------------------------- looking back

    def _read_history(self) -> None:
        row = self.series_tree.row
        if self._clerk is None or self._shown is None or row is None:
            self.show_message(
                _NOWHERE if self._clerk is None else "There is no series here.", "warning"
            )
            return
        self._clerk.read_history(self._shown, row.item.subject, MessageId(row.item.id))

    @on(HistoryRead)
    def _history_read(self, event: HistoryRead) -> None:
        from tui.desk.phrases import history_lines, words_of

        if event.session is not self._shown:
            return
        if isinstance(event.lines, PatchdeskError):
            self.show_message(shown(f"{event.lines.message} {event.lines.hint}"), "error")
            return
        lines = history_lines(event.lines) or [shown("Nothing was decided on it yet.")]
        here = self.series_tree.here
        now = words_of(self._standing(here), self._clock()) if here is not None else []
        self._aside = True
        self._note(shown(f"History of {event.subject}"), [*lines, shown(""), shown("; ".join(now))])
        self.focus_pane(Pane.READER)
