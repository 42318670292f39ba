"""The manual pages, made from the parser, the registry of commands, the configuration's keys and the query language.

The wheel is built with them (`hatch_build.py`); the format is man(7) of groff and mandoc.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from core import __version__
from core.config import Config
from core.config_keys import KEYS, LIST_KEYS, TREE_KEYS
from core.query.fields import FIELDS, HAS_VALUES, IS_VALUES
from tui.cli.main import COMMANDS
from tui.cli.parser import build_parser
from tui.keys.commands import COMMANDS as KEY_COMMANDS
from tui.keys.commands import Command, Pane
from tui.keys.presets import PRESETS

_MONTH: Final = "2026-11"


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    return {
        "patchdesk.1": _lines(_program()),
        "patchdesk-config.5": _lines(_configuration()),
        "patchdesk-keys.7": _lines(_keys()),
        "patchdesk-query.7": _lines(_query()),
    }


def _lines(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------- patchdesk(1)

_FILES: Final = {
    "~/.config/patchdesk/config.toml": "the configuration, see patchdesk-config(5)",
    "~/.local/share/patchdesk/": "the index, the triage journal, drafts, and clones made by sync",
    "~/.cache/patchdesk/": "caches, which are fetched or built again",
    "~/.local/state/patchdesk/": "the log, and the state of the screens",
}
_STATUS: Final = {
    "0": "success, also without a result",
    "1": "failed; one sentence on standard error says why and what to do",
    "2": "the call, the query or the range is wrong",
    "130": "interrupted",
}


def _program() -> Iterator[str]:
    parser = build_parser(COMMANDS)
    yield from _head("patchdesk", 1, "read and triage mailing-list patches")
    yield from _section("SYNOPSIS")
    yield f"{_bold('patchdesk')} [{_italic('COMMAND')} ...]"
    yield from _section("DESCRIPTION")
    yield _text(
        "patchdesk opens mailing lists, threads, mboxes, maildirs and public-inbox archives and shows patch"
        " series, their versions, patches and replies. Without a command it opens the reader on the followed"
        " lists; there ? shows every key (see patchdesk-keys(7))."
    )
    yield from _section("COMMANDS")
    subparsers = next(
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    for command in COMMANDS:
        sub = subparsers.choices[command.name]
        yield f".SS {_text(command.name)}"
        yield _text(" ".join(sub.format_usage().split()[1:]))
        yield ".PP"
        yield _text(sub.description or "")
        yield from _arguments(sub)
        details = command.details if isinstance(command.details, str) else command.details()
        if details:
            yield from (".PP", ".nf", *map(_text, details.rstrip().split("\n")), ".fi")
    yield from _section("OPTIONS")
    yield from _items({"-h, --help": "print the help of patchdesk or of a command"})
    yield from _arguments(parser)
    yield from _section("EXIT STATUS")
    yield from _items(_STATUS)
    yield from _section("FILES")
    yield _text("Where the XDG variables are not set:")
    yield from _items(_FILES)
    yield from _section("ENVIRONMENT")
    yield from _items(
        {
            "NO_COLOR": "no colours",
            "GIT_EDITOR, VISUAL, EDITOR": "the editor, chosen as git does",
            "BROWSER": "commands that open an address, with : between them",
        }
    )
    yield from _also("patchdesk-config(5)", "patchdesk-keys(7)", "patchdesk-query(7)", "b4(5)")


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    items = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction | argparse._HelpAction):
            continue
        value = str(action.metavar or "") or "|".join(map(str, action.choices or ()))
        name = ", ".join(action.option_strings)
        items[f"{name} {value}".strip() or action.dest] = (action.help or "").replace("%%", "%")
    yield from _items(items)


# ------------------------------------------------------------------- patchdesk-config(5)


def _configuration() -> Iterator[str]:
    yield from _head("patchdesk-config", 5, "the configuration of patchdesk")
    yield from _section("DESCRIPTION")
    yield _text(
        "~/.config/patchdesk/config.toml is a TOML file. An unknown key or a wrong value is reported with the file,"
        " the key and what is allowed; the default holds. “patchdesk config” prints the effective configuration"
        " and where each value is set."
    )
    defaults = {field.name: field.default for field in fields(Config)}
    tables: dict[str, dict[str, str]] = {}
    for name, key in KEYS.items():
        table, _, option = name.partition(".")
        default = defaults[key.attribute]
        shown = f" Default: {_value(default)}." if isinstance(default, str | int | float) else ""
        tables.setdefault(table, {})[option] = f"{key.help}.{shown}"
    tables.setdefault("keys", {})["COMMAND"] = (
        "The keys of a command of patchdesk-keys(7), a space between two ways to press it; an empty"
        " string takes its keys away."
    )
    for table, options in tables.items():
        yield from _section(f"[{table}]")
        yield from _items(options)
    yield from _section("[views]")
    yield from _items({"NAME": "A query of patchdesk-query(7) that is shown as a view."})
    for title, keys in (("[lists.NAME]", LIST_KEYS), ("[trees.NAME]", TREE_KEYS)):
        yield from _section(title)
        yield from _items({name: f"{text}." for name, text in keys.items()})
    yield from _also("patchdesk(1)", "patchdesk-keys(7)", "patchdesk-query(7)")


def _value(value: str | float) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value:g}" if value < 1e6 else str(value)


# ------------------------------------------------------------------- patchdesk-keys(7)


def _keys() -> Iterator[str]:
    yield from _head("patchdesk-keys", 7, "the keys and commands of the reader")
    yield from _section("DESCRIPTION")
    yield _text(
        "Every key runs a command. : runs one by its name; [keys] in patchdesk-config(5) gives a command other keys"
        " or chooses a preset."
    )
    yield from _section("COMMANDS")
    yield from _items(
        {
            " ".join(filter(None, (command.keys_text, command.name, command.argument))): (
                f"{command.help}{_where(command)}."
            )
            for command in KEY_COMMANDS
        }
    )
    for preset, keys in PRESETS.items():
        if keys:
            yield from _section(f"THE PRESET {preset}")
            yield from _items({name: written or "no key" for name, written in keys.items()})
    yield from _also("patchdesk(1)", "patchdesk-config(5)")


def _where(command: Command) -> str:
    if command.pane is Pane.ANY:
        return ""
    panes = [pane for pane in Pane if pane & command.pane]
    return f" (in: {', '.join((pane.name or '').lower() for pane in panes)})"


# ------------------------------------------------------------------- patchdesk-query(7)


def _query() -> Iterator[str]:
    yield from _head("patchdesk-query", 7, "the query language of patchdesk")
    yield from _section("DESCRIPTION")
    yield _text(
        "A query is what / and \\ take in the reader, “patchdesk search” on the command line, and [views] in"
        " patchdesk-config(5). Bare words match subjects and authors, in any order, with typos; terms narrow the"
        " results. Terms stand for AND; OR, NOT, a leading - and ( ) combine them. Names and words match by their"
        " beginning, in quotes exactly. Dates are git's, in local time."
    )
    yield from _section("TERMS")
    yield from _items(
        {
            f"{name}:": f"{field.help}; takes {field.wants}. Example: {field.example}"
            for name, field in FIELDS.items()
        }
    )
    for title, values in (("is:", IS_VALUES), ("has:", HAS_VALUES)):
        yield from _section(f"VALUES OF {title}")
        yield from _items({f"{title}{value}": text for value, text in values.items()})
    yield from _also("patchdesk(1)", "patchdesk-config(5)")


# ------------------------------------------------------------------- README

_AREAS: Final = {
    "triage": "triage", "mark": "mark", "find": "search", "view": "view", "unread": "read", "list": "lists",
    "move": "move", "pane": "move", "tree": "tree", "fold": "fold", "patch": "read", "reader": "read",
    "hunk": "read", "mail": "message", "digest": "digest", "app": "program",
}  # fmt: skip
"""The row of README's table for the first part of a command's name; for others it is that part."""
_BEGIN: Final = "<!-- The keys, by make readme -->\n"
_END: Final = "<!-- end of the keys -->\n"


def with_keys(readme: str) -> str:
    """Return README with its table of keys made anew."""
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    rows: dict[str, list[str]] = {}
    for command in KEY_COMMANDS:
        if command.keys:
            area = command.name.partition(".")[0]
            keys = " ".join(f"`{key}`" for key in command.keys).replace("|", r"\|")
            rows.setdefault(_AREAS.get(area, area), []).append(f"{keys} {command.label}")
    table = [
        "| | |",
        "| --- | --- |",
        *(f"| {row} | {' · '.join(keys)} |" for row, keys in rows.items()),
    ]
    lines = "".join(f"{line}\n" for line in table)
    return before + _BEGIN + lines + _END + after


# ------------------------------------------------------------------- man(7)


def _head(name: str, section: int, summary: str) -> Iterator[str]:
    yield f'.TH {_text(name.upper())} {section} {_MONTH} "patchdesk {__version__}" "patchdesk"'
    yield from _section("NAME")
    yield rf"{_text(name)} \- {_text(summary)}"


def _section(title: str) -> Iterator[str]:
    yield f".SH {_text(title)}"


def _items(items: Mapping[str, str]) -> Iterator[str]:
    for term, text in items.items():
        yield ".TP"
        yield _bold(term)
        yield _text(text)


def _also(*pages: str) -> Iterator[str]:
    yield from _section("SEE ALSO")
    yield _text(", ".join(pages))


def _bold(text: str) -> str:
    return rf"\fB{_text(text)}\fR"


def _italic(text: str) -> str:
    return rf"\fI{_text(text)}\fR"


def _text(text: str) -> str:
    r"""Return text escaped for troff: \, -, and . or ' at the beginning of a line."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("\n", " ")
    escaped = escaped.replace("'", r"\(aq").replace("^", r"\(ha").replace("~", r"\(ti")
    return rf"\&{escaped}" if escaped.startswith(".") or not escaped.strip() else escaped
