"""The `triage` command: the triage verbs, undo and log, for scripts and editors."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from core.text import shown, shown_line
from core.triage.transitions import VERB_TEXTS, Argument, Verb
from tui.cli.console import (
    load_config_and_warn,
    print_error,
    print_lines,
    read_stdin,
    reading_progress,
)
from tui.cli.parser import Command

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.triage_service import LogLine, TriageService, VerbResult
    from core.model import MessageId

_print_error: Final = partial(print_error, command="triage")

_OTHERS: Final = ("undo", "redo", "log")
_LINE_MAX: Final = 1 << 20
"""Characters of a line of JSON on standard input."""

_TAKES: Final = {
    Argument.NONE: "",
    Argument.UNTIL: " --until WHEN",
    Argument.LABEL: " --label NAME",
    Argument.PRIORITY: " --priority N",
    Argument.NOTE: " --note TEXT",
    Argument.COMMENT: "",
}


def _details() -> str:
    verbs = "\n".join(
        f"  {verb + _TAKES[words.argument]:<22} {words.help}" for verb, words in VERB_TEXTS.items()
    )
    patch = ", ".join(verb for verb, words in VERB_TEXTS.items() if words.on_patch)
    return f"""\
VERB is one of:
{verbs}
  undo, redo             undo the last action made here, or redo it; repeat for earlier ones
  log                    print the history; with --json as lines of the journal, $XDG_DATA_HOME/patchdesk/triage.jsonl,
                         which --import adds to another machine's journal without duplicates

ID is the Message-ID of any message of a series and means the whole series; with --patch only that message ({patch}).
- reads ids from standard input, one a line; a line may be the JSON that “series --json” and “search --json” print.
An ID that is in no followed list is recorded too, and applies once that message arrives.
The ID of settle and unsettle is the key of a review comment, as “comments --json” prints it; each is a step of its own.
WHEN is 3d, 2w, 12h, tomorrow, fri, 2026-12-01, "2026-12-01 14:00", v for the next version, or a future tag of the
list's repository (repo in [lists.NAME]).
NAME is one word. N sets the priority (3, or =-3) or changes it (+1, -1); the default is 0. TEXT replaces the series'
note, with any verb; label, unlabel and priority take it as the label or the priority where that option is missing.
Everything in one call is one step for undo.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", metavar="VERB", help="see below")
    parser.add_argument(
        "ids", metavar="ID", nargs="*", help="Message-IDs; - reads them from standard input"
    )
    parser.add_argument(
        "--patch", action="store_true", help="only these messages, not their series"
    )
    parser.add_argument("--note", metavar="TEXT", help="set the private note")
    parser.add_argument("--until", metavar="WHEN", help=f"for {Verb.LATER}: until when")
    parser.add_argument("--label", metavar="NAME", help="for label and unlabel")
    parser.add_argument("--priority", metavar="N", help="for priority: 3, =-3, +1, -1")
    parser.add_argument("--json", action="store_true", help="print the lines of the journal")
    parser.add_argument("--all", action="store_true", help="for log: include messages read")
    parser.add_argument(
        "--import", dest="other", metavar="FILE", help="for log: add another machine's journal"
    )


def run(arguments: argparse.Namespace) -> int:
    """Apply a verb, undo, redo, or print the log. Returns the exit status; raises PatchdeskError."""
    config = load_config_and_warn()
    problem = _problem(arguments)
    if problem:
        return _usage_error(problem)
    with open_triage(config) as triage:
        if arguments.verb == "log":
            return _log(arguments, triage)
        if arguments.verb in _OTHERS:
            outcome = triage.undo() if arguments.verb == "undo" else triage.redo()
            if outcome is None:
                _print_error(f"There is nothing to {arguments.verb}.")
                return 1
            return _report(outcome, arguments)
        return _apply(arguments, triage)


def _problem(arguments: argparse.Namespace) -> str:
    """Return the error of the arguments, as a sentence; "" for none."""
    verb = arguments.verb
    if verb not in _OTHERS and verb not in VERB_TEXTS:
        return f"‘{verb}’ is not a verb. Verbs: {', '.join([*VERB_TEXTS, *_OTHERS])}."
    if verb in _OTHERS and arguments.ids:
        return f"“{verb}” takes no ID."
    if verb not in _OTHERS and not arguments.ids:
        return "Which series? Give a Message-ID, or - to read them from standard input."
    takes = Argument.NONE if verb in _OTHERS else VERB_TEXTS[Verb(verb)].argument
    for option, argument in (
        ("until", Argument.UNTIL),
        ("label", Argument.LABEL),
        ("priority", Argument.PRIORITY),
    ):
        if getattr(arguments, option) is not None and takes is not argument:
            return f"“{verb}” takes no --{option}."
    if takes is Argument.UNTIL and arguments.until is None:
        return f"Until when? “{verb}” takes --until WHEN."
    if verb in (Verb.READ, Verb.UNREAD) and arguments.note is not None:
        return f"“{verb}” takes no --note."
    for option, flag in (("other", "--import"), ("all", "--all")):
        if getattr(arguments, option) and verb != "log":
            return f"“{verb}” takes no {flag}."
    if verb in _OTHERS and (arguments.patch or arguments.note is not None):
        return f"“{verb}” takes no --{'patch' if arguments.patch else 'note'}."
    return ""


def _apply(arguments: argparse.Namespace, triage: TriageService) -> int:
    from core.triage.arguments import ArgumentError

    verb = Verb(arguments.verb)
    note = arguments.note
    argument = arguments.until or arguments.label or arguments.priority
    if argument is None and VERB_TEXTS[verb].argument in (Argument.LABEL, Argument.PRIORITY):
        argument, note = note, None
    try:
        ids = list(_ids(arguments))
        if not ids:
            return 0
        if VERB_TEXTS[verb].argument is Argument.COMMENT:
            return _settle(arguments, triage, verb, ids)
        outcome = triage.apply(verb, ids, argument=argument, note=note, patch=arguments.patch)
    except ArgumentError as error:
        return _usage_error(error.message, error.hint)
    for one in outcome.unknown:
        _print_error(f"{one} is in no followed list; recorded, applies once that message arrives.")
    if outcome.unchanged:
        _print_error(f"{outcome.unchanged:,} unchanged.")
    return _report(outcome, arguments)


def _settle(
    arguments: argparse.Namespace, triage: TriageService, verb: Verb, keys: Iterable[str]
) -> int:
    """Settle review comments by their keys, or open them again; each is a step of its own for undo."""
    status = 0
    for key in keys:
        series = triage.series_of_comment(key)
        if series is None:
            _print_error(
                f"No review comment {key} was counted in a followed list.",
                "“patchdesk comments ID --json” prints keys; “patchdesk sync” counts what came.",
            )
            status = 1
            continue
        outcome = triage.apply(verb, [series], argument=key, note=arguments.note)
        if outcome.unchanged:
            _print_error(f"{key} is unchanged.")
        _report(outcome, arguments)
    return status


def _report(outcome: VerbResult, arguments: argparse.Namespace) -> int:
    for note in outcome.notes:
        _print_error(note)
    if arguments.json:
        print_lines(_records(outcome.lines))
    elif outcome.changes or outcome.lines:
        print_lines([shown_line(outcome.text)])
    return 0


def _log(arguments: argparse.Namespace, triage: TriageService) -> int:
    if arguments.other is not None:
        with open(arguments.other, "rb") as other:  # noqa: PTH123 - main says what cannot be opened
            taken, passed = triage.applied.import_events(other)
        if passed:
            _print_error(f"Ignored {passed:,} lines of {arguments.other} that are not events.")
        print_lines([shown(f"{taken:,} event{'' if taken == 1 else 's'} added")])
        return 0
    lines = triage.log.lines(marks=arguments.all or arguments.json)
    print_lines(_records(lines) if arguments.json else map(_log_line, lines))
    for note in triage.applied.notes():
        _print_error(note)
    return 0


def _records(lines: Iterable[LogLine]) -> Iterator[str]:
    from core.json_records import to_line

    return (to_line(_record(line)) for line in lines)


def _record(line: LogLine) -> dict[str, Any]:
    from core.triage.events import entry_record

    record: dict[str, Any] = {
        "time": line.time.isoformat(),
        "host": line.host,
        "id": line.id,
        "verb": line.verb,
        "ids": list(line.ids),
        "before": line.before,
        "after": line.after,
        "argument": line.argument or None,
        "note": line.note,
        "patch": line.patch,
        "undoes": line.undoes,
        "in_force": line.in_force,
    }
    record["series"] = [
        (entry_record(one.entry) if one.entry is not None else {"ids": one.ids})
        | {"before": one.before, "after": one.after}
        for one in line.series
    ]
    return record


def _log_line(line: LogLine) -> str:
    local = line.time.astimezone().strftime("%Y-%m-%d %H:%M")
    way = (
        f" ({line.before} → {line.after})"
        if line.before and line.after and line.before != line.after
        else ""
    )
    undone = "" if line.in_force else " [undone]"
    note = f" “{line.note}”" if line.note else ""
    return shown_line(
        f"{local}  {line.host}  {line.text}{way}{undone}{note}  {line.ids[0] if line.ids else ''}"
    )


def _ids(arguments: argparse.Namespace) -> Iterator[MessageId]:
    """Yield the Message-IDs of the call; `-` means those on standard input."""
    from core.sources.message_url import named_message_id

    for given in arguments.ids:
        if given != "-":
            yield named_message_id(given)
            continue
        for line in read_stdin().decode("utf-8", "surrogateescape").split("\n"):
            text = line.strip()
            if text.startswith("{"):
                yield _of_record(text, patch=arguments.patch)
            elif text:
                yield named_message_id(text)


def _of_record(text: str, *, patch: bool) -> MessageId:
    """Return the id in a line of JSON: the series', with `patch` the message's. Raises ArgumentError."""
    from core.mail.charsets import read_stray_bytes
    from core.model import MessageId
    from core.triage.arguments import ArgumentError

    try:
        record = json.loads(text) if len(text) < _LINE_MAX else None
    except (ValueError, RecursionError):
        record = None
    names = ("id", "message_id", "series") if patch else ("series", "id", "message_id")
    if isinstance(record, dict):
        for name in names:
            if isinstance(record.get(name), str):
                id_ = read_stray_bytes(record[name]).strip()
                return MessageId(id_.removeprefix("<").removesuffix(">"))
    raise ArgumentError(
        f"‘{text[:60]}’ on standard input names no series.",
        "Give one Message-ID a line, or the output of series --json.",
    )


@contextmanager
def open_triage(config: Config) -> Iterator[TriageService]:
    """Yield the user's triage, over the index where there is one."""
    from core.config import with_git
    from core.desk.export import open_for_commands
    from core.desk.triage_service import Journal, TriageService
    from core.sync.list_folder import DataDirs
    from core.system.paths import data_dir
    from core.triage.journal import FILE

    indexed = open_for_commands(DataDirs.default().index, report=reading_progress())
    try:
        index = None if indexed is None else indexed.index
        me = with_git(config).me_addresses
        yield TriageService(
            index, Journal(data_dir() / FILE, report=reading_progress()), me, repos=config.repos
        )
    finally:
        if indexed is not None:
            indexed.close()


def _usage_error(message: str, hint: str = "") -> int:
    _print_error(message, hint)
    return 2


COMMANDS: Final = (
    Command(
        "triage",
        "triage series; undo, redo, log",
        run,
        _add_arguments,
        _details,
        intermixed=True,
    ),
)
