"""The `triage` command: what the triage keys do, for scripts and editors."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from core.text import shown, shown_line
from core.triage.transitions import WORDS, Argument, Verb

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.triage_service import LogLine, Outcome, Triage
    from core.model import MessageId

    Write = Callable[[Iterable[str]], None]

_OTHERS: Final = ("undo", "redo", "log")
_LONGEST: Final = 1 << 20
"""Characters of a line on standard input."""

_TAKES: Final = {
    Argument.NONE: "",
    Argument.UNTIL: " --until WHEN",
    Argument.LABEL: " --label NAME",
    Argument.PRIORITY: " --priority N",
    Argument.NOTE: " --note TEXT",
}


def _help() -> str:
    verbs = "\n".join(
        f"  {verb + _TAKES[words.argument]:<22} {words.help}" for verb, words in WORDS.items()
    )
    patch = ", ".join(verb for verb, words in WORDS.items() if words.on_patch)
    return f"""\
VERB is one of:
{verbs}
  undo, redo             take back what was done last here, do it again; as often as there is something
  log                    what was done; with --json each line is one of the journal, $XDG_DATA_HOME/patchdesk/triage.jsonl,
                         which can be copied, and added to another machine's by --import, without doubling

ID is the Message-ID of any mail of a series, and means the whole series; with --patch that mail alone ({patch}).
- reads ids from standard input, one a line; a line may be the JSON that “series --json” and “search --json” print.
An ID that is in no followed list is recorded too, and holds once its mail comes.
WHEN is 3d, 2w, 12h, tomorrow, fri, 2026-12-01, "2026-12-01 14:00", v for the next version, or a tag to come of the
list's repository (repo in [lists.NAME]).
NAME is one word. N is 3 (or =-3) to set the priority, +1 or -1 to change it; 0 is that of all. TEXT replaces the series' note, with
whatever verb; for label, unlabel and priority without --label and --priority it is the label or the priority.
Everything named in one call is one step for undo.
"""


HELP: Final = _help()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of `triage`."""
    parser.add_argument("verb", metavar="VERB", help="what to do, see below")
    parser.add_argument("ids", metavar="ID", nargs="*", help="Message-IDs; - reads them from stdin")
    parser.add_argument("--patch", action="store_true", help="these mails alone, not their series")
    parser.add_argument("--note", metavar="TEXT", help="a private note")
    parser.add_argument("--until", metavar="WHEN", help="of later: until when")
    parser.add_argument("--label", metavar="NAME", help="of label and unlabel: which")
    parser.add_argument("--priority", metavar="N", help="of priority: 3, =-3, +1, -1")
    parser.add_argument("--json", action="store_true", help="print what the journal has of it")
    parser.add_argument("--all", action="store_true", help="of log: also which mails were read")
    parser.add_argument(
        "--import", dest="other", metavar="FILE", help="of log: add another machine's journal"
    )


def run(arguments: argparse.Namespace, config: Config, write: Write) -> int:
    """Do it. Returns the exit status; raises PatchdeskError."""
    wrong = _wrong(arguments)
    if wrong:
        return _refuse(wrong)
    with _opened(config) as triage:
        if arguments.verb == "log":
            return _log(arguments, triage, write)
        if arguments.verb in _OTHERS:
            outcome = triage.undo() if arguments.verb == "undo" else triage.redo()
            if outcome is None:
                _say(f"There is nothing to {arguments.verb}.")
                return 1
            return _tell(outcome, arguments, write)
        return _do(arguments, triage, write)


def _wrong(arguments: argparse.Namespace) -> str:
    """Return what is wrong with the call's words, as a sentence."""
    verb = arguments.verb
    if verb not in _OTHERS and verb not in WORDS:
        return f"‘{verb}’ is no verb; there are {', '.join([*WORDS, *_OTHERS])}."
    if verb in _OTHERS and arguments.ids:
        return f"“{verb}” takes no ID."
    if verb not in _OTHERS and not arguments.ids:
        return "Which series? Give a Message-ID, or - to read them from standard input."
    takes = Argument.NONE if verb in _OTHERS else WORDS[Verb(verb)].argument
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


def _do(arguments: argparse.Namespace, triage: Triage, write: Write) -> int:
    from core.triage.when import ArgumentError

    verb = Verb(arguments.verb)
    note = arguments.note
    argument = arguments.until or arguments.label or arguments.priority
    if argument is None and WORDS[verb].argument in (Argument.LABEL, Argument.PRIORITY):
        argument, note = note, None
    try:
        ids = list(_ids(arguments))
        if not ids:
            return 0
        outcome = triage.do(verb, ids, argument=argument, note=note, patch=arguments.patch)
    except ArgumentError as error:
        return _refuse(f"{error.message} {error.hint}")
    for one in outcome.unknown:
        _say(f"{one} is in no followed list; it is recorded, and holds once that mail comes.")
    if outcome.left:
        stay = "stays as it is" if outcome.left == 1 else "stay as they are"
        _say(f"{outcome.left:,} {stay}.")
    return _tell(outcome, arguments, write)


def _tell(outcome: Outcome, arguments: argparse.Namespace, write: Write) -> int:
    for note in outcome.notes:
        _say(note)
    if arguments.json:
        write(_records(outcome.lines))
    elif outcome.changes or outcome.lines:
        write([shown(outcome.words)])
    return 0


def _log(arguments: argparse.Namespace, triage: Triage, write: Write) -> int:
    if arguments.other is not None:
        with open(arguments.other, "rb") as other:  # noqa: PTH123 - main says what cannot be opened
            taken, passed = triage.take_over(other)
        if passed:
            _say(f"{passed:,} lines of {arguments.other} are no events.")
        write([shown(f"{taken:,} event{'' if taken == 1 else 's'} added")])
        return 0
    lines = triage.log(marks=arguments.all or arguments.json)
    write(_records(lines) if arguments.json else map(_log_text, lines))
    for note in triage.notes():
        _say(note)
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


def _log_text(line: LogLine) -> str:
    local = line.time.astimezone().strftime("%Y-%m-%d %H:%M")
    way = (
        f" ({line.before} → {line.after})"
        if line.before and line.after and line.before != line.after
        else ""
    )
    undone = "" if line.in_force else " [undone]"
    note = f" “{line.note}”" if line.note else ""
    return shown_line(
        f"{local}  {line.host}  {line.words}{way}{undone}{note}  {line.ids[0] if line.ids else ''}"
    )


def _ids(arguments: argparse.Namespace) -> Iterator[MessageId]:
    """Yield the Message-IDs that were given, those of standard input in their place."""
    for given in arguments.ids:
        if given != "-":
            yield _bare(given)
            continue
        from tui.cli.mail import read_stdin

        for line in read_stdin().decode("utf-8", "surrogateescape").split("\n"):
            text = line.strip()
            if text.startswith("{"):
                yield _of_record(text, patch=arguments.patch)
            elif text:
                yield _bare(text)


def _of_record(text: str, *, patch: bool) -> MessageId:
    """Return the id that a line of JSON names: that of the series, with `patch` its own."""
    from core.triage.when import ArgumentError

    try:
        record = json.loads(text) if len(text) < _LONGEST else None
    except (ValueError, RecursionError):
        record = None
    names = ("id", "message_id", "series") if patch else ("series", "id", "message_id")
    if isinstance(record, dict):
        for name in names:
            if isinstance(record.get(name), str):
                return _bare(record[name])
    raise ArgumentError(
        f"‘{text[:60]}’ on standard input names no series.",
        "Give a Message-ID a line, or what series --json prints.",
    )


def _bare(text: str) -> MessageId:
    from core.model import MessageId

    return MessageId(text.strip().removeprefix("<").removesuffix(">"))


@contextmanager
def _opened(config: Config) -> Iterator[Triage]:
    """Give what the user has decided, over the index where there is one."""
    from core.config import with_git
    from core.desk.indexed import open_for_commands
    from core.desk.triage_service import Journal, Triage
    from core.sync.list_folder import DataDirs
    from core.system.paths import data_dir
    from core.triage.journal import FILE

    indexed = open_for_commands(DataDirs.default().index)
    try:
        repos = {name: one.repo for name, one in config.lists.items() if one.repo}
        index = None if indexed is None else indexed.index
        me = with_git(config).me_addresses
        yield Triage(index, Journal(data_dir() / FILE), me, repos=repos)
    finally:
        if indexed is not None:
            indexed.close()


def _refuse(words: str) -> int:
    _say(words)
    return 2


def _say(words: str) -> None:
    sys.stderr.write(shown(f"patchdesk triage: {words}".rstrip()) + "\n")
