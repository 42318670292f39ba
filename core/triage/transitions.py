"""The states of a series, the verbs that change them, and the one table that says which verb leads where.

Menus, which keys are offered, `--help` and the tests are made from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """The triage status of a series."""

    NEW = "new"
    READING = "reading"
    """New, and something of it was opened."""
    DONE = "done"
    SKIPPED = "skipped"
    WAITING = "waiting"
    """On its author."""
    LATER = "later"
    """Put off until a time, a new version or a tag."""
    ACCEPTED = "accepted"


ORDER: Final = (
    Status.NEW, Status.READING, Status.ACCEPTED, Status.WAITING, Status.LATER, Status.DONE, Status.SKIPPED,
)  # fmt: skip
"""In which order groups of one state each stand."""

DECIDED: Final = frozenset({Status.DONE, Status.SKIPPED, Status.WAITING, Status.LATER})
"""Statuses that the inbox hides."""

UNDECIDED: Final = frozenset({Status.NEW, Status.READING})
"""Statuses that are still to be triaged."""


class Verb(StrEnum):
    """A triage action on a series, by its name on the command line."""

    DONE = "done"
    SKIP = "skip"
    WAIT = "wait"
    LATER = "later"
    ACCEPT = "accept"
    REOPEN = "reopen"
    FLAG = "flag"
    UNFLAG = "unflag"
    LABEL = "label"
    UNLABEL = "unlabel"
    NOTE = "note"
    PRIORITY = "priority"
    READ = "read"
    UNREAD = "unread"
    SETTLE = "settle"
    UNSETTLE = "unsettle"


VERBS: Final = frozenset(Verb)
"""All of them; a word that is one of theirs is in it."""


class Argument(StrEnum):
    """The kind of argument that a verb takes in addition to its series."""

    NONE = ""
    UNTIL = "until"
    LABEL = "label"
    NOTE = "note"
    PRIORITY = "priority"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class VerbText:
    """The texts and properties of a verb."""

    help: str
    """Its effect, as text for a menu and `--help`."""
    done: str
    """The result, in messages and in the log: `done: 37 series`."""
    argument: Argument = Argument.NONE
    on_patch: bool = False
    """It can be about one mail of a series."""
    undoable: bool = True


VERB_TEXTS: Final[Mapping[Verb, VerbText]] = {
    Verb.DONE: VerbText("hide until new activity", "done", on_patch=True),
    Verb.SKIP: VerbText("hide for good", "skipped", on_patch=True),
    Verb.WAIT: VerbText("hide until its author replies or sends a new version", "waiting"),
    Verb.LATER: VerbText(
        "snooze until a time, the next version or a tag", "snoozed", Argument.UNTIL
    ),
    Verb.ACCEPT: VerbText("applied, or to be applied", "accepted"),
    Verb.REOPEN: VerbText("back to the inbox", "reopened", on_patch=True),
    Verb.FLAG: VerbText("add a flag", "flagged"),
    Verb.UNFLAG: VerbText("remove the flag", "unflagged"),
    Verb.LABEL: VerbText("add a label", "labelled", Argument.LABEL),
    Verb.UNLABEL: VerbText("remove a label", "unlabelled", Argument.LABEL),
    Verb.NOTE: VerbText("write a private note", "note changed", Argument.NOTE),
    Verb.PRIORITY: VerbText("raise, lower or set the priority", "priority", Argument.PRIORITY),
    Verb.READ: VerbText("mark its messages read", "marked read", on_patch=True, undoable=False),
    Verb.UNREAD: VerbText(
        "mark its messages unread", "marked unread", on_patch=True, undoable=False
    ),
    Verb.SETTLE: VerbText("settle a review comment", "comment settled", Argument.COMMENT),
    Verb.UNSETTLE: VerbText("open a review comment again", "comment open", Argument.COMMENT),
}

PRIORITIES: Final = range(-9, 10)
"""All priorities; the default is 0."""

_DECISIONS: Final = {
    Verb.DONE: Status.DONE,
    Verb.SKIP: Status.SKIPPED,
    Verb.WAIT: Status.WAITING,
    Verb.LATER: Status.LATER,
    Verb.ACCEPT: Status.ACCEPTED,
    Verb.REOPEN: Status.NEW,
}
_MARKS: Final = (
    Verb.FLAG, Verb.UNFLAG, Verb.LABEL, Verb.UNLABEL, Verb.NOTE, Verb.PRIORITY, Verb.READ, Verb.UNREAD,
    Verb.SETTLE, Verb.UNSETTLE,
)  # fmt: skip


def _row(status: Status) -> dict[Verb, Status]:
    row = {
        verb: to
        for verb, to in _DECISIONS.items()
        if (to is not status or verb is Verb.LATER)
        and not (verb is Verb.REOPEN and status in UNDECIDED)
    }
    row |= dict.fromkeys(_MARKS, status)
    if status is Status.NEW:
        row[Verb.READ] = Status.READING
    if status is Status.READING:
        row[Verb.UNREAD] = Status.NEW
    return row


TRANSITIONS: Final[Mapping[Status, Mapping[Verb, Status]]] = {
    status: _row(status) for status in Status
}
"""Status → verb possible there → next status."""

DECISION_VERBS: Final = frozenset(_DECISIONS)
"""The verbs that set the status of a series."""


def allowed_verbs(status: Status) -> tuple[Verb, ...]:
    """Return the verbs that are possible for a series of a status."""
    return tuple(TRANSITIONS[status])


def next_status(status: Status, verb: Verb) -> Status | None:
    """Return where a verb leads from a status; None where it is not possible there."""
    return TRANSITIONS[status].get(verb)


class ResurfaceCause(StrEnum):
    """A cause that brings a decided series back."""

    VERSION = "a new version"
    AUTHOR = "a reply by its author"
    MINE = "a reply to a mail of mine"


RESURFACES_ON: Final[Mapping[Status, frozenset[ResurfaceCause]]] = {
    Status.DONE: frozenset(ResurfaceCause),
    Status.WAITING: frozenset(ResurfaceCause),
}
"""The causes that bring a series of each status back. A snoozed one returns at the end of its snooze; the others never
do.
"""
