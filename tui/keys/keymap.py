"""The keymap: the command of each key sequence in a pane, from a preset of `tui.keys.presets` and the user's own keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from core.text import shown
from tui.keys.commands import BY_NAME, COMMANDS, RENAMED, Command, Pane
from tui.keys.langmaps import read_langmap
from tui.keys.presets import PRESETS

Stroke = str
"""One key press: the character it types, or Textual's name of the key where it types none (`ctrl+d`, `space`)."""

NAMED: Final[Mapping[str, Stroke]] = MappingProxyType(
    {
        "Space": "space",
        "Enter": "enter",
        "Esc": "escape",
        "Tab": "tab",
        "S-Tab": "shift+tab",
        "↑": "up",
        "↓": "down",
        "←": "left",
        "→": "right",
        "Home": "home",
        "End": "end",
        "PgUp": "pageup",
        "PgDn": "pagedown",
        "Backspace": "backspace",
        "Del": "delete",
        **{f"F{number}": f"f{number}" for number in range(1, 13)},
    }
)
_SHOWN: Final = {stroke: name for name, stroke in NAMED.items()}


def parse_keys(keys: str) -> tuple[Stroke, ...]:
    """Return the key presses that `keys` writes down: `gg` is two, `C-d` and `PgDn` are one."""
    if keys in NAMED:
        return (NAMED[keys],)
    if len(keys) == 3 and keys.startswith("C-"):
        return (f"ctrl+{keys[2].lower()}",)
    return tuple(keys)


def key_of_event(key: str, character: str | None) -> Stroke:
    """Return the stroke of a Textual key event."""
    if character is not None and character.isprintable() and character != " ":
        return character
    return key


def format_keys(sequence: Iterable[Stroke]) -> str:
    """Return strokes as a person writes them; the inverse of `parse_keys`."""
    return "".join(
        _SHOWN.get(stroke) or (f"C-{stroke[5:]}" if stroke.startswith("ctrl+") else stroke)
        for stroke in sequence
    )


_PLACEHOLDER: Final = re.compile(r"\{([a-z]+(?:\.[a-z_]+)?)\}")


@dataclass(slots=True)
class _Node:
    command: Command | None = None
    after: dict[Stroke, _Node] = field(default_factory=dict)


class Keymap:
    """Which command a sequence of key presses means in a pane."""

    def __init__(
        self, commands: Iterable[Command] = COMMANDS, langmap: Mapping[str, str] | None = None
    ) -> None:
        """`langmap` has the key that a letter of another keyboard layout stands for."""
        self.commands: Final = tuple(commands)
        """All commands, with the keys that they have here."""
        self.by_name: Final = {command.name: command for command in self.commands}
        self._roots = {pane: _Node() for pane in Pane}
        for command in self.commands:
            for pane in command.pane:
                for keys in command.keys:
                    node = self._roots[pane]
                    for stroke in parse_keys(keys):
                        node = node.after.setdefault(stroke, _Node())
                    node.command = command
        bound = {s for c in self.commands for keys in c.keys for s in parse_keys(keys)}
        self._langmap = {typed: key for typed, key in (langmap or {}).items() if typed not in bound}

    def stroke(self, key: str, character: str | None) -> Stroke:
        """Return the stroke of a Textual key event; a letter of another layout is the key at its place, unless it is bound."""
        typed = key_of_event(key, character)
        return self._langmap.get(typed, typed)

    def press(
        self, pane: Pane, pending: Sequence[Stroke], stroke: Stroke
    ) -> tuple[Command | None, tuple[Stroke, ...]]:
        """Return the command that a stroke after `pending` ones runs, and which strokes are pending then.

        Both are empty where the sequence leads nowhere.
        """
        sequence = (*pending, stroke)
        if (command := self.command(pane, sequence)) is not None:
            return command, ()
        return None, sequence if self.continuations(pane, sequence) else ()

    def key(self, name: str) -> str:
        """Return the first key of a command as it is written, or how `:` runs it where it has none."""
        command = self.by_name[name]
        return command.keys[0] if command.keys else f":{name}"

    def fill(self, template: str, /, **values: object) -> str:
        """Return a text of the program with keys in place of commands in braces (`{triage.undo}`), and with values (`{name}`).

        A value is inserted as it is: braces in it, which may come from mail, are no placeholders.
        """

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name in self.by_name:
                return self.key(name)
            return str(values[name]) if name in values else found[0]

        return _PLACEHOLDER.sub(value, template)

    def _node(self, pane: Pane, sequence: Sequence[Stroke]) -> _Node:
        node = self._roots[pane]
        for stroke in sequence:
            node = node.after.get(stroke, _Node())
        return node

    def command(self, pane: Pane, sequence: Sequence[Stroke]) -> Command | None:
        """Return the command that `sequence` runs in `pane`."""
        return self._node(pane, sequence).command

    def continuations(self, pane: Pane, sequence: Sequence[Stroke]) -> dict[Stroke, Command]:
        """Return the strokes that may follow `sequence`, each with its command."""
        following = self._node(pane, sequence).after.items()
        return {stroke: node.command for stroke, node in following if node.command is not None}

    def footer_hints(self, pane: Pane) -> Iterator[tuple[str, Command]]:
        """Return the commands of the footer in a pane, with the first key of each; with nothing open, the program's
        own.
        """
        for command in self.commands:
            is_own = command.name.startswith("app.") or pane is not Pane.WELCOME
            if command.footer and command.keys and pane in command.pane and is_own:
                yield command.keys[0], command


def preset_commands(name: str) -> tuple[Command, ...]:
    """Return all commands with the keys of a preset. Raises KeyError where there is none of that name."""
    own = PRESETS[name]
    return tuple(replace(c, keys_text=own.get(c.name, c.keys_text)) for c in COMMANDS)


_SAME_KEY: Final[Mapping[str, str]] = MappingProxyType({"h": "Backspace", "i": "Tab", "m": "Enter"})
"""Letters that a terminal sends with Ctrl as it sends another key, by the name of that."""

_ALLOWED: Final = "a key is written j, gg, C-d, Space, Enter, Tab, Home, PgDn or F5; a blank stands between two ways to press it"


def keymap_for(
    preset: str, keys: Mapping[str, str], langmap: str = ""
) -> tuple[Keymap, tuple[str, ...]]:
    """Return the keymap of a preset with the user's own `keys`, by command name, and the problems with these.

    `langmap` is the input of `tui.keys.langmaps.read_langmap`. A problem is one line, to be shown as it is; where
    there is one, the keys of the preset hold. "" leaves a command
    without a key. Earlier names of commands still count, and are reported with the present name.
    """
    problems: list[str] = []

    def problem(name: str, text: str) -> None:
        problems.append(shown(f"keys.{name}: {text}; the default holds"))

    if preset not in PRESETS:
        problem("preset", f'"{preset}" is not a preset; presets: {", ".join(PRESETS)}')
        preset = "default"
    table = preset_commands(preset)
    wanted: dict[str, str] = {}
    given_as: dict[str, str] = {}
    for name, value in _present_names(table, keys, problems):
        command = RENAMED.get(name, name)
        if command not in BY_NAME:
            problem(name, f"unknown command; commands: {_names_like(name)}")
        elif unreadable := [one for one in value.split() if not _readable(one)]:
            problem(name, _why_unreadable(unreadable[0]))
        elif not value.split() and command == "app.quit":
            problem(name, "app.quit needs a key")
        else:
            wanted[command] = value
            given_as[command] = name
    while True:
        commands = [replace(c, keys_text=wanted.get(c.name, c.keys_text)) for c in table]
        clash = _first_clash(commands, list(wanted))
        if clash is None:
            return Keymap(commands, read_langmap(langmap)), tuple(problems)
        name, own, other, others = clash
        del wanted[name]
        same = "is" if own == others else f"and {others} cannot both be keys: {others} is"
        problem(
            given_as[name],
            f"{own} {same} the key of {other}; give that another, or choose a free one",
        )


def _present_names(
    table: Sequence[Command], keys: Mapping[str, str], problems: list[str]
) -> Iterator[tuple[str, str]]:
    """Yield the user's keys, and report those under an earlier name.

    Where one command took the place of several, the keys of each of these are added to its own: they go on working.
    """
    own = {command.name: keys.get(command.name, command.keys_text) for command in table}
    for name, value in keys.items():
        present = RENAMED.get(name)
        if present is None:
            yield name, value
        elif present in _MERGED:
            own[present] = " ".join(dict.fromkeys(f"{own[present]} {value}".split()))
            problems.append(
                shown(f"keys.{name}: the command is now {present}; its keys still work, rename it")
            )
            yield name, own[present]
        elif present in keys:
            problems.append(
                shown(f"keys.{name}: the command is now {present}, which has keys of its own here")
            )
        else:
            problems.append(
                shown(f"keys.{name}: the command is now {present}; its keys still work, rename it")
            )
            yield name, value


_MERGED: Final = frozenset(
    present for present in RENAMED.values() if present.startswith(("fold.", "tree."))
)
"""The commands that took the place of several, one a pane."""


def _readable(key: str) -> bool:
    if len(key) == 3 and key.startswith("C-"):
        return key[2].isascii() and key[2].isalpha() and key[2].lower() not in _SAME_KEY
    return key in NAMED or (len(key) <= 2 and key.isprintable())


def _why_unreadable(key: str) -> str:
    """Return why a key cannot be bound."""
    same = _SAME_KEY.get(key[2:].lower()) if key.startswith("C-") else None
    if same is None:
        return f"{key} is not a key; {_ALLOWED}"
    return f"{key} cannot be bound, since terminals send it as {same}; write {same}, or take another letter"


def _names_like(name: str) -> str:
    from difflib import get_close_matches

    area = name.partition(".")[0]
    close = get_close_matches(name, BY_NAME, n=4, cutoff=0.5)
    close = close or [known for known in BY_NAME if known.startswith(f"{area}.")]
    if close:
        return ", ".join(close)
    areas = dict.fromkeys(known.partition(".")[0] for known in BY_NAME)
    return ", ".join(f"{known}.…" for known in areas)


def _first_clash(
    commands: Sequence[Command], own: Sequence[str]
) -> tuple[str, str, str, str] | None:
    """Return a command of `own`, the last first, and another one whose key is the same or a prefix in a shared pane:
    name, key, name, key.
    """
    by_name = {command.name: command for command in commands}
    for name in reversed(own):
        command = by_name[name]
        for other in commands:
            if other is command or not command.pane & other.pane:
                continue
            for key in command.keys:
                for taken in other.keys:
                    shorter, longer = sorted((parse_keys(key), parse_keys(taken)), key=len)
                    if longer[: len(shorter)] == shorter:
                        return name, key, other.name, taken
    return None
