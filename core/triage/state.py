"""Events about a series, and its facts → its triage state. Pure: no clock, no files.

Events count in the order of (time, id), whatever file or order they came in, so that the journals of two machines laid
together give the same on both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from core.model import MessageId
from core.triage.arguments import Snooze, decode_snooze
from core.triage.events import APPLIED, message_key, short_message_key, to_datetime
from core.triage.landing import TreeLanding
from core.triage.transitions import (
    DECIDED,
    DECISION_VERBS,
    PRIORITIES,
    RESURFACES_ON,
    ResurfaceCause,
    Status,
    Verb,
    next_status,
)

SLACK: Final = 2 * 86_400.0
"""Seconds by which a reply may be older than the newest mail known at a decision, and still have come after it."""

LABELS: Final = 40
"""Labels that a series keeps."""

SETTLED_COMMENTS: Final = 5_000
"""Review comments of a series whose marks are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageState:
    """The triage state of a series."""

    status: Status = Status.NEW
    why: str = ""
    """The cause of its return, as text: `v3 arrived`, `reply from Rex Reviewer`; it may hold a stranger's name."""
    since: datetime | None = None
    """When it was last decided; of one that came back, when it was decided before."""
    flagged: bool = False
    priority: int = 0
    """One of `core.triage.transitions.PRIORITIES`."""
    labels: tuple[str, ...] = ()
    """In the order of the alphabet."""
    note: str = ""
    until: Snooze | None = None
    """The end of its snooze, while it is snoozed."""
    patches: tuple[tuple[MessageId, Status], ...] = ()
    """Patches that are done or skipped by themselves, by their Message-IDs."""
    opened: bool = False
    """Something of it was opened since it was last decided."""
    landed: tuple[TreeLanding, ...] = ()
    """The user's trees that have patches of its newest version, or had them."""
    branch: str = ""
    """The branch to which it was applied last."""
    settled: tuple[tuple[str, bool], ...] = ()
    """Keys of review comments, each with whether somebody settled it or opened it again."""

    @property
    def is_landed(self) -> bool:
        """Whether one of the trees has every patch of its newest version."""
        return any(one.is_complete for one in self.landed)

    @property
    def is_out_of_inbox(self) -> bool:
        """Whether it was decided, or landed and nothing brought it back since a decision."""
        return self.status in DECIDED or (self.is_landed and not self.why)

    def patch(self, message_id: MessageId) -> Status | None:
        """Return the state of one patch that was triaged alone; None where it was not."""
        return next((status for name, status in self.patches if name == message_id), None)

    def at(self, now: datetime) -> TriageState:
        """Return it as of a moment: a snooze that ended before is over."""
        if self.status is not Status.LATER or self.until is None or self.until.moment is None:
            return self
        if self.until.moment > now:
            return self
        status = Status.READING if self.opened else Status.NEW
        return replace(self, status=status, why=f"snoozed {self.until}", until=None)


INITIAL_STATE: Final = TriageState()
"""The state of a series without events."""


@dataclass(frozen=True, slots=True)
class ReplyInfo:
    """A reply, as far as it can bring a series back."""

    name: str
    address: str
    to: frozenset[str]
    """The addresses, in lower case, of the senders it answers; empty where that mail is not here."""
    date: float
    """Seconds of the Unix epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFacts:
    """The current facts of a series."""

    ids: frozenset[MessageId] = frozenset()
    """All its mails, replies too."""
    newest: frozenset[MessageId] = frozenset()
    """The cover letter and patches of its newest version; empty for a thread."""
    version: str = ""
    """The newest version's number, as `v3`."""
    name: str = ""
    address: str = ""
    """The sender of the newest version."""
    replies: frozenset[MessageId] = frozenset()
    read_replies: Callable[[Collection[MessageId]], Iterable[ReplyInfo]] = lambda _: ()
    """Looks up replies; asked only for those that may have brought it back."""
    last_read: int | None = None
    """When a mail of it was last marked as read that is read, in microseconds of the Unix epoch."""
    me: frozenset[str] = frozenset()
    """The user's addresses, in lower case."""
    tags: frozenset[str] = frozenset()
    """Tags that its lists' repositories have, of those that are waited for."""
    landed: tuple[TreeLanding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEffect:
    """The effect of one event in force on one series."""

    time: int
    """Microseconds since the Unix epoch."""
    id: str
    """The event's."""
    verb: str
    argument: str = ""
    note: str | None = None
    patch: bool = False
    keys: frozenset[bytes] = frozenset()
    """The `message_key` each mail that it named."""
    replies: frozenset[bytes] | None = None
    """The `short_message_key` of each reply that had come; None where unknown."""
    active: float | None = None


def fold_events(effects: Iterable[EventEffect], facts: SeriesFacts) -> TriageState:
    """Return the state of a series from all events about any mail of it that are not undone.

    A series snoozed until a time stays snoozed in it, however late it is: `TriageState.at` applies the clock.
    """
    found = _StateFold()
    for effect in sorted(effects, key=lambda each: (each.time, each.id)):
        found.add(effect)
    opened = facts.last_read is not None and (
        found.decision is None or facts.last_read > found.decision.time
    )
    status, until = found.status, found.until
    why = ""
    if found.decision is not None and (why := _resurface_reason(found, found.decision, facts)):
        status, until = Status.NEW, None
    if status is Status.NEW and opened:
        status = Status.READING
    return TriageState(
        status=status,
        why=why,
        since=None if found.decision is None else to_datetime(found.decision.time),
        flagged=found.flagged,
        priority=found.priority,
        labels=tuple(sorted(found.labels)),
        note=found.note,
        until=until,
        patches=_patches(found, facts),
        opened=opened,
        landed=facts.landed,
        branch=found.branch,
        settled=tuple(sorted(found.settled.items())),
    )


_PATCH_MARKS: Final[Mapping[str, Status]] = {Verb.DONE: Status.DONE, Verb.SKIP: Status.SKIPPED}


class _StateFold:
    """The state that effects add up to, applied one after another."""

    def __init__(self) -> None:
        self.status = Status.NEW
        self.decision: EventEffect | None = None
        self.known: set[bytes] = set()
        """Mails named by the events up to the decision."""
        self.replies: set[bytes] = set()
        self.flagged = False
        self.priority = 0
        self.labels: set[str] = set()
        self.note = ""
        self.until: Snooze | None = None
        self.patches: dict[bytes, Status] = {}
        self.branch = ""
        self.settled: dict[str, bool] = {}
        self._heard: set[bytes] = set()
        self._answered: set[bytes] = set()

    def add(self, effect: EventEffect) -> None:
        """Apply an effect; one with an unknown verb or argument is ignored."""
        if effect.patch:
            self._add_to_patches(effect)
            return
        self._heard |= effect.keys
        self._answered |= effect.replies or frozenset()
        if effect.note is not None:
            self.note = effect.note
        if effect.verb in DECISION_VERBS:
            self._decide(effect)
        elif effect.verb in (Verb.FLAG, Verb.UNFLAG):
            self.flagged = effect.verb == Verb.FLAG
        elif effect.verb == Verb.LABEL:
            if effect.argument and len(self.labels) < LABELS:
                self.labels.add(effect.argument)
        elif effect.verb == Verb.UNLABEL:
            self.labels.discard(effect.argument)
        elif effect.verb == Verb.PRIORITY:
            self.priority = changed_priority(self.priority, effect.argument)
        elif effect.verb == APPLIED:
            self.branch = applied_branch(effect.argument)
        elif effect.verb in (Verb.SETTLE, Verb.UNSETTLE) and len(self.settled) < SETTLED_COMMENTS:
            self.settled[effect.argument] = effect.verb == Verb.SETTLE

    def _decide(self, effect: EventEffect) -> None:
        until = decode_snooze(effect.argument) if effect.verb == Verb.LATER else None
        if effect.verb == Verb.LATER and until is None:
            return
        # The verb may not be possible from this status: the journals of two machines were laid together.
        self.status = next_status(Status.NEW, Verb(effect.verb)) or Status.NEW
        self.until = until
        self.decision = effect
        self.known = set(self._heard)
        self.replies = set(self._answered)

    def _add_to_patches(self, effect: EventEffect) -> None:
        status = _PATCH_MARKS.get(effect.verb)
        for key in effect.keys:
            if status is not None:
                self.patches[key] = status
            elif effect.verb == Verb.REOPEN:
                self.patches.pop(key, None)


def applied_branch(argument: str) -> str:
    """Return the branch that the argument of an event `applied` names: the text before its last commit."""
    return argument.partition(" ")[0]


def changed_priority(priority: int, argument: str) -> int:
    """Return a priority raised or lowered by `+1` or `-2`, or set by `=3`; unchanged for any other text."""
    sign, number = argument[:1], argument[1:]
    if sign not in ("+", "-", "=") or not (number.lstrip("-").isdecimal() and len(number) < 4):
        return priority
    wanted = int(number) if sign == "=" else priority + int(sign + number.lstrip("-"))
    return min(max(wanted, PRIORITIES[0]), PRIORITIES[-1])


def _resurface_reason(found: _StateFold, decision: EventEffect, facts: SeriesFacts) -> str:
    """Return the cause that brings a decided series back, as text; "" where it stays."""
    causes = RESURFACES_ON.get(found.status, frozenset())
    if found.until is not None and found.until.is_version:
        causes = frozenset({ResurfaceCause.VERSION})
    elif found.until is not None and found.until.tag in facts.tags:
        return f"{found.until.tag} is tagged"
    if (
        ResurfaceCause.VERSION in causes
        and facts.newest
        and found.known.isdisjoint(map(message_key, facts.newest))
    ):
        return f"{facts.version} arrived"
    if ResurfaceCause.AUTHOR in causes or ResurfaceCause.MINE in causes:
        reply = _waking_reply(found, decision, facts)
        if reply is not None:
            return f"reply from {reply.name or reply.address}"
    return ""


def _waking_reply(found: _StateFold, decision: EventEffect, facts: SeriesFacts) -> ReplyInfo | None:
    """Return the last reply that came after the decision, by the series' author or to a mail of the user's."""
    unknown = [each for each in facts.replies if short_message_key(each) not in found.replies]
    if not unknown:
        return None
    # What came is told by what was known, since mail comes late; but a list's past that is fetched later is no news.
    newest = decision.time / 1e6
    if decision.active is not None:
        newest = min(newest, decision.active)
    since = newest if decision.replies is None else newest - SLACK
    news = [
        reply
        for reply in facts.read_replies(unknown)
        if reply.date > since
        and reply.address.casefold() not in facts.me
        and (_is_author(reply, facts) or reply.to & facts.me)
    ]
    return max(news, key=lambda reply: (reply.date, reply.name, reply.address), default=None)


def _is_author(reply: ReplyInfo, facts: SeriesFacts) -> bool:
    name = reply.name.casefold()
    return reply.address.casefold() == facts.address.casefold() or (
        " " in name and name == facts.name.casefold()
    )


def _patches(found: _StateFold, facts: SeriesFacts) -> tuple[tuple[MessageId, Status], ...]:
    if not found.patches:
        return ()
    marks = [(one, found.patches.get(message_key(one))) for one in sorted(facts.ids)]
    return tuple((one, status) for one, status in marks if status is not None)


def after_event(
    before: TriageState, effect: EventEffect, mail: MessageId | None = None
) -> TriageState:
    """Return the state of a series after one more event, the latest of all; `mail` is the patch that it is about."""
    if effect.patch:
        marks = dict(before.patches)
        if mail is not None:
            marks.pop(mail, None)
            if status := _PATCH_MARKS.get(effect.verb):
                marks[mail] = status
        return replace(before, patches=tuple(sorted(marks.items())))
    folded = _StateFold()
    folded.labels, folded.settled = set(before.labels), dict(before.settled)
    folded.flagged, folded.priority, folded.note = before.flagged, before.priority, before.note
    folded.add(effect)
    next_status = replace(
        before,
        flagged=folded.flagged,
        priority=folded.priority,
        labels=tuple(sorted(folded.labels)),
        note=folded.note,
        branch=folded.branch or before.branch,
        settled=tuple(sorted(folded.settled.items())),
    )
    if folded.decision is None:
        return next_status
    return replace(
        next_status,
        status=folded.status,
        why="",
        since=to_datetime(effect.time),
        until=folded.until,
        opened=False,
    )
