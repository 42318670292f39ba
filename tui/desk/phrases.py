"""Words about where series stand: why a verb cannot be done, what it will make of a standing, how that is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.text import SafeText, shown
from core.triage.state import INITIAL_STATE, TriageState
from core.triage.transitions import (
    DECISION_VERBS,
    PRIORITIES,
    UNDECIDED,
    VERB_TEXTS,
    Status,
    Verb,
    next_status,
)
from core.triage.when import ALLOWED, Snooze, parse_snooze

if TYPE_CHECKING:
    from core.triage.outcome import LogLine


COMMANDS: Final[Mapping[str, Verb]] = {
    "triage.done": Verb.DONE,
    "triage.skip": Verb.SKIP,
    "triage.wait": Verb.WAIT,
    "triage.later": Verb.LATER,
    "triage.accept": Verb.ACCEPT,
    "triage.reopen": Verb.REOPEN,
    "triage.flag": Verb.FLAG,
    "triage.label": Verb.LABEL,
    "triage.note": Verb.NOTE,
    "triage.priority_up": Verb.PRIORITY,
    "triage.priority_down": Verb.PRIORITY,
}
"""The verbs that commands stand for."""


def disabled_reason(verb: Verb, standings: Collection[TriageState]) -> SafeText:
    """Return why a verb can be done to none of some series, as a sentence; "" where it can to any."""
    if not standings or any(next_status(one.status, verb) is not None for one in standings):
        return shown("")
    statuses = {one.status for one in standings}
    if verb is Verb.REOPEN and statuses <= UNDECIDED:
        return shown("Nothing was decided here that could be opened again.")
    which = "It is" if len(standings) == 1 else "They are all"
    return shown(
        f"{which} {' or '.join(sorted(statuses))} already; {{triage.undo}} takes the last decision back."
    )


def predicted(
    before: TriageState, verb: Verb, now: datetime, *, argument: str | None, note: str | None
) -> TriageState:
    """Return how a series will stand after a verb; the journal's own answer comes later."""
    status = next_status(before.status, verb)
    if status is None:
        return before
    one = replace(before, status=status)
    if verb in DECISION_VERBS:
        one = replace(one, why="", since=now, until=None)
    if note is not None:
        one = replace(one, note=note)
    if verb is Verb.LATER:
        one = replace(one, until=understood(argument or "", now))
    elif verb in (Verb.FLAG, Verb.UNFLAG):
        one = replace(one, flagged=verb is Verb.FLAG)
    elif verb is Verb.LABEL and argument:
        one = replace(one, labels=tuple(sorted({*one.labels, argument})))
    elif verb is Verb.UNLABEL:
        one = replace(one, labels=tuple(label for label in one.labels if label != argument))
    elif verb is Verb.PRIORITY:
        step = 1 if argument == "+1" else -1
        allowed = max(PRIORITIES[0], min(PRIORITIES[-1], one.priority + step))
        one = replace(one, priority=allowed)
    return one


def understood(words: str, now: datetime) -> Snooze | None:
    """Return until when something is put off, as far as that can be told without asking a repository."""
    try:
        return parse_snooze(words, now, has_tag=lambda _: False)
    except PatchdeskError:
        return None


def until_words(words: str, now: datetime) -> SafeText:
    """Return what the prompt says of words as they are typed: what they were understood as, or what they could be."""
    if not words.strip():
        return shown(ALLOWED)
    try:
        until = parse_snooze(words, now, has_tag=lambda _: False)
    except PatchdeskError as error:
        return shown(error.message)
    return shown(f"{until}, a tag" if until.tag else str(until))


def of_patch(standing: TriageState, status: Status) -> TriageState:
    """Return a patch's own standing as one to ask about."""
    return replace(INITIAL_STATE, status=status, since=standing.since)


# ------------------------------------------------------------------- rows


def words_of(standing: TriageState, now: datetime) -> list[str]:
    """Return how a series stands, as words in the order of their weight."""
    del now
    words = []
    if standing.why:
        words.append(standing.why)
    if standing.status not in UNDECIDED:
        words.append(str(standing.status))
    if standing.until is not None:
        words.append(str(standing.until))
    if standing.flagged:
        words.append("flagged")
    if standing.priority:
        words.append(f"priority {standing.priority:+}")
    words += (f"label {label}" for label in standing.labels)
    if standing.note:
        words.append("with a note")
    return words


# ------------------------------------------------------------------- what was done


_SAID: Final[Mapping[Verb, str]] = {
    Verb.NOTE: "has a note now|have a note now",
    Verb.PRIORITY: "has another priority now|have another priority now",
    Verb.LATER: "is put off|are put off",
    Verb.WAIT: "waits for its author|wait for their authors",
}
"""What is said of one series, and of several, where `is` and the verb's word will not do."""


def sentence(verb: Verb, count: int, argument: str | None) -> SafeText:
    """Return that a verb was done, as a whole sentence: what the linear mode says."""
    one, _, several = _SAID.get(
        verb, f"is {VERB_TEXTS[verb].done}|are {VERB_TEXTS[verb].done}"
    ).partition("|")
    said = f"One series {one}" if count == 1 else f"{count:,} series {several}"
    aside = f" {argument}" if argument and verb in (Verb.LABEL, Verb.UNLABEL) else ""
    return shown(f"{said}{aside}.")


def taken_back(words: str) -> SafeText:
    """Return what an undo or a redo came to as a sentence: `Undone: done, 37 series.`"""
    what, times, count = words.partition(" × ")
    return shown(f"{what[:1].upper()}{what[1:]}{f', {count} series' if times else ''}.")


def history_lines(lines: Iterable[LogLine]) -> list[SafeText]:
    """Return what was done to a series as lines, the latest last."""
    told = []
    for line in lines:
        when = line.time.astimezone().strftime("%Y-%m-%d %H:%M")
        changed = line.before and line.after and line.before != line.after
        way = f"{line.before} → {line.after}" if changed else ""
        words = [line.words, "this patch" if line.patch else "", way]
        aside = "" if line.in_force else "(undone)"
        text = "  ".join(word for word in (*words, aside) if word)
        told.append(shown(f"{when}  {line.host}  {text}"))
        if line.note:
            told.append(shown(f"    note: {line.note}"))
    return told
