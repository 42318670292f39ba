"""Texts of the main screen on triage, followed lists and searches."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.text import SafeText, shown, shown_line
from core.triage.arguments import ALLOWED, Snooze, parse_snooze
from core.triage.state import INITIAL_STATE, TriageState
from core.triage.transitions import (
    DECISION_VERBS,
    PRIORITIES,
    UNDECIDED,
    Status,
    Verb,
    next_status,
)
from tui.tree.columns import version_name
from tui.tree.rows import Kind, Row
from tui.widgets.row_text import age

if TYPE_CHECKING:
    from core.desk.lists_desk import ListPage
    from core.index.views import ListStats
    from core.search.hits import SearchResult, ServerSearchResult
    from core.sync.list_folder import SyncError, SyncResult
    from core.triage.outcome import LogLine

NO_JOURNAL: Final = "Triage is not available here (no journal)."
NO_SERIES: Final = "No series selected."

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
    """Return a sentence on why a verb applies to none of some series; "" where it applies to one."""
    if not standings or any(next_status(one.status, verb) is not None for one in standings):
        return shown("")
    statuses = {one.status for one in standings}
    if verb is Verb.REOPEN and statuses <= UNDECIDED:
        return shown("Nothing to reopen here.")
    which = "It is" if len(standings) == 1 else "They are all"
    return shown(
        f"{which} {' or '.join(sorted(statuses))} already; {{triage.undo}} undoes the last action."
    )


def predict_state(
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
        one = replace(one, until=parse_until_offline(argument or "", now))
    elif verb in (Verb.FLAG, Verb.UNFLAG):
        one = replace(one, flagged=verb is Verb.FLAG)
    elif verb is Verb.LABEL and argument:
        one = replace(one, labels=tuple(sorted({*one.labels, argument})))
    elif verb is Verb.UNLABEL:
        one = replace(one, labels=tuple(label for label in one.labels if label != argument))
    elif verb in (Verb.SETTLE, Verb.UNSETTLE) and argument:
        marks = {**dict(one.settled), argument: verb is Verb.SETTLE}
        one = replace(one, settled=tuple(sorted(marks.items())))
    elif verb is Verb.PRIORITY:
        step = 1 if argument == "+1" else -1
        allowed = max(PRIORITIES[0], min(PRIORITIES[-1], one.priority + step))
        one = replace(one, priority=allowed)
    return one


def parse_until_offline(text: str, now: datetime) -> Snooze | None:
    """Return until when something is put off, as far as that can be told without asking a repository."""
    try:
        return parse_snooze(text, now, has_tag=lambda _: False)
    except PatchdeskError:
        return None


def describe_until(text: str, now: datetime) -> SafeText:
    """Return the hint under the snooze prompt: the parsed time, or the error."""
    if not text.strip():
        return shown(ALLOWED)
    try:
        until = parse_snooze(text, now, has_tag=lambda _: False)
    except PatchdeskError as error:
        return shown(error.message)
    return shown(f"{until}, a tag" if until.tag else str(until))


def patch_state(standing: TriageState, status: Status) -> TriageState:
    """Return a patch's own standing as one to ask about."""
    return replace(INITIAL_STATE, status=status, since=standing.since)


# ------------------------------------------------------------------- rows


def describe_state(standing: TriageState, now: datetime) -> list[str]:
    """Return the triage state of a series as phrases, the most important first."""
    del now
    parts = []
    if standing.why:
        parts.append(standing.why)
    if standing.status not in UNDECIDED:
        parts.append(str(standing.status))
    if standing.until is not None:
        parts.append(str(standing.until))
    parts += (str(one) for one in standing.landed)
    if standing.branch:
        parts.append(f"applied to {standing.branch}")
    if standing.flagged:
        parts.append("flagged")
    if standing.priority:
        parts.append(f"priority {standing.priority:+}")
    parts += (f"label {label}" for label in standing.labels)
    if standing.note:
        parts.append("with a note")
    return parts


# ------------------------------------------------------------------- what was done


def with_priority(text: str, priorities: Collection[int]) -> str:
    """Return the result of a verb, `priority +1`, with the priority that series have now, where all have the same."""
    if not text.startswith("priority ") or len(priorities) != 1:
        return text
    (now,) = priorities
    _, times, count = text.partition(" × ")
    return f"priority now {now:+}{times}{count}"


def history_lines(lines: Iterable[LogLine]) -> list[SafeText]:
    """Return the triage history of a series as lines, the latest last."""
    told = []
    for line in lines:
        when = line.time.astimezone().strftime("%Y-%m-%d %H:%M")
        changed = line.before and line.after and line.before != line.after
        way = f"{line.before} → {line.after}" if changed else ""
        parts = [line.text, "this patch" if line.patch else "", way]
        aside = "" if line.in_force else "(undone)"
        text = "  ".join(word for word in (*parts, aside) if word)
        told.append(shown_line(f"{when}  {line.host}  {text}"))
        if line.note:
            told.append(shown_line(f"    note: {line.note}"))
    return told


# ------------------------------------------------------------------- followed lists


def visible_lists(page: ListPage) -> list[ListStats]:
    """Return the counts of the lists on the screen."""
    wanted = page.wanted.lists
    return [info for info in page.lists if not wanted or info.name in wanted]


def describe_lists(
    infos: list[ListStats], clock: Callable[[], datetime], error: SyncError | None = None
) -> str:
    """Return the summary of lists: why the last sync failed, else unread messages, messages, time of the last sync."""
    if error is not None:
        return sync_failed(error, clock())
    if not infos:
        return "not synced yet"
    unread, mails = sum(i.unread for i in infos), sum(i.messages for i in infos)
    text = f"{unread:,} unread · {mails:,} mails"
    synced = [info.synced for info in infos if info.synced is not None]
    if len(infos) == 1 and synced:
        text += f" · synced {age(datetime.fromtimestamp(synced[0], UTC), clock())}"
    return text


def describe_sync(result: SyncResult) -> str:
    """Return the result of one list's sync."""
    if not (result.added or result.removed):
        text = "nothing new"
    else:
        text = f"{result.added:,} new message{'' if result.added == 1 else 's'}"
        if result.removed:
            text += f", {result.removed:,} removed"
    return f"{result.name}: {text}{'; stopped' if result.stopped else ''}"


_LEFT_OUT: Final = (
    "Not shown: triaged series, and those that were old at the first sync (inbox_since)."
)


def empty_message(
    page: ListPage, errors: Mapping[str, SyncError], now: datetime
) -> tuple[SafeText, list[str], dict[str, str]]:
    """Return the note on a page without rows: a title, template lines and values; `errors` are of lists by name."""
    wanted = page.wanted
    failed = {name: errors[name] for name in wanted.lists or errors if name in errors}
    if wanted.query and any(info.messages for info in visible_lists(page)):
        name = wanted.name or "this view"
        lines = [
            "Its query: {query}",
            *([_LEFT_OUT] if "is:open" in wanted.query.split() else []),
            "",
            "{view.all} shows all · {view.switch} shows another view",
        ]
        return shown(f"No series in {name}"), lines, {"query": shown_line(wanted.query)}
    names = ", ".join(wanted.lists) or "the lists you follow"
    ways = "{list.sync} syncs now · {list.switch} shows another list · :follow follows one more"
    told = " · ".join(f"{n}: {sync_failed(one, now)} {one.hint}" for n, one in failed.items())
    lines = ["{failed}", ""] if failed else []
    return shown(f"No messages in {names} yet"), [*lines, ways], {"failed": shown_line(told)}


def sync_failed(error: SyncError, now: datetime) -> str:
    """Return when and why the last sync of a list failed."""
    ago = age(error.time, now)
    return f"sync failed {'just now' if ago == 'now' else f'{ago} ago'}: {error.message}"


# ------------------------------------------------------------------- searches


_LAST: Final = re.compile(r"(?:^|[\s(])-?(?:([a-z]{1,8})(:)?([^\s\"():]*))$", re.ASCII)
"""The word before the cursor: a prefix, its colon and its value; or letters alone."""


def completions(text: str, *, prefixes: bool) -> list[tuple[str, str]]:
    """Return the completions of a query's last word: the rest of each, and its meaning.

    With `prefixes` a word may become one, too.
    """
    from core.query.fields import FIELDS, HAS_VALUES, IS_VALUES

    match = _LAST.search(text)
    if match is None:
        return []
    prefix, colon, value = match.groups()
    if not colon:
        begun = [] if value or not prefixes else [p for p in FIELDS if p.startswith(prefix)]
        return [(f"{p[len(prefix) :]}:", FIELDS[p].help) for p in begun]
    known = {"is": IS_VALUES, "has": HAS_VALUES}.get(prefix, {})
    return [
        (word[len(value) :], help_)
        for word, help_ in known.items()
        if word.startswith(value.casefold()) and word != value
    ]


def completion_help(text: str, offers: list[tuple[str, str]]) -> SafeText:
    """Return completions as a line: the first with its meaning, which → takes, then the others."""
    last = re.split(r"[\s(-]", text)[-1]
    (first, meaning), *others = offers
    rest = " ".join(last + more for more, _ in others)
    return shown(f"→ {last}{first} ({meaning})" + (f" · {rest}" if rest else ""))


def prefix_help(text: str) -> SafeText | None:
    """Return the values that the query's last prefix takes; None where it ends otherwise."""
    from core.query.fields import FIELDS

    match = _LAST.search(text)
    if match is None or not match[2] or match[3] or match[1] not in FIELDS:
        return None
    prefix = FIELDS[match[1]]
    return shown(f"{match[1]}: {prefix.help} — {prefix.wants}; {prefix.example}")


def bar_help(label: str, scope: SafeText, server: str) -> SafeText:
    """Return the hint under the search bar: the syntax, and the place searched."""
    if label == "\\":
        from core.query.fields import FIELDS

        names = " ".join(f"{name}:" for name in FIELDS)
        return shown(f'-not "a b" OR ( ) · {names}')
    words = [f"in {scope}"] if scope else []
    words.append("subjects, names, Message-IDs; narrow with s: f: d: v: is: …")
    if server:
        words.append("C-r asks the server")
    return shown(" · ".join(words))


def key_help(scope: SafeText) -> str:
    """Return the help on the keys of the search bar."""
    lists = "Tab all lists or this · " if scope and scope != "all lists" else ""
    return f"Enter keeps the results · Esc goes back · {lists}↑↓ choose · → completes"


def count_text(found: SearchResult, of: int) -> str:
    """Return how many were found, of how many."""
    return f"{found.total:,} of {of:,}"


def server_result(found: ServerSearchResult, list_name: str) -> SafeText:
    """Return the result of a server search."""
    mails = f"{found.mails:,} mail" + ("" if found.mails == 1 else "s")
    new = f"{found.added:,} of them new" if found.added else "none of them new"
    return shown(f"The server of {list_name} has {mails}, {new}. {found.note}".strip())


def match_count(count: int) -> str:
    """Return how many matches there are."""
    return "1 match" if count == 1 else f"{count:,} matches"


# ------------------------------------------------------------------- mails


def position_in_series(row: Row) -> SafeText:
    """Return the position of a row's mail in its series: `v2 3/17`, `reply to v2 3/17`."""
    if row.version is None or row.entry is None:
        return shown("reply" if row.kind is Kind.REPLY else "thread")
    position = f"{version_name(row)} {row.entry.number}/{row.version.total}"
    return shown(f"reply to {position}" if row.kind is Kind.REPLY else position)
