"""Sets of keys to begin with, and the user's own over them.

Each preset says only where it differs from the table in `tui.keys.commands`: what hands know from mutt, aerc or b4's review
screen for the same act stands first. Every command that has a key in the table has one in every preset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from core.text import shown
from tui.keys.commands import BY_NAME, COMMANDS, NAMED, Command, Keymap, Where, strokes

_MUTT: Final = {
    # t tags, T tags by pattern; so what t begins in the table begins with v here.
    "mark.toggle": "t",
    "mark.query": "T",
    "tree.open": "Enter Space",
    # h and l are mutt's headers and limit.
    "tree.expand": "→",
    "tree.collapse": "←",
    "reader.left": "← <",
    "reader.right": "→ >",
    "digest.expand": "→",
    "digest.collapse": "←",
    "view.headers": "h vh",
    "move.top": "= gg Home",
    "move.bottom": "* G End",
    "move.page_up": "- PgUp C-b",
    "move.half_down": "]",
    "move.half_up": "[",
    "patch.next": "J",
    "patch.previous": "K",
    "unread.next": "Tab",
    "unread.previous": "S-Tab",
    "pane.next": "C-w",
    "pane.previous": "gw",
    "app.back": "q x i Esc",
    "triage.skip": "C-d",
    "unread.toggle": "N",
    "find.previous": "p",
    "find.query": "l \\",
    "triage.label": "Y",
    "triage.note": "I",
    "triage.raise": "+",
    "triage.lower": "_",
    "list.switch": "c gl",
    "list.sync": "$ gs",
    "list.sort": "o",
    "app.open": "go",
    "view.full": "vf",
    "view.numbers": "vn",
    "view.quotes": "vq",
    "view.layout": "vl",
    "view.words": "vw",
    "view.wrap": "v>",
    "view.blanks": "vs",
    "view.viewed": "vv",
    "view.done": "vd",
    "view.mouse": "vm",
}

_AERC: Final = {
    # a archives, d deletes, v and Space mark, c changes the folder, H shows the headers, s splits.
    "triage.done": "a",
    "triage.skip": "d",
    "mark.toggle": "Space v",
    "list.switch": "c gl",
    "view.headers": "H th",
    "view.full": "s tf",
    "triage.later": "S",
    # J and K are the next and the previous message.
    "patch.next": "J ]",
    "patch.previous": "K [",
    "unread.next": "gn",
    "unread.previous": "gN",
    "mail.browse": "C-l gb",
}

_B4: Final = {
    # u and U update one series and all of them, l limits, n and p go to patches, N writes a note, H hides what is skipped.
    "list.sync": "u gs",
    "list.sync_all": "U gS",
    "triage.undo": "gu",
    "triage.redo": "gU",
    "tree.expand": "→",
    "digest.expand": "→",
    "reader.right": "→ >",
    "patch.next": "] n",
    "patch.previous": "[ p",
    "find.next": "C-n",
    "find.previous": "gn",
    "find.query": "l \\",
    "triage.note": "N i",
    "view.done": "H td",
    "move.page_up": "C-b PgUp Backspace",
}

PRESETS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"default": {}, "mutt": _MUTT, "aerc": _AERC, "b4": _B4}
)
"""By their names, the keys of the commands that have others than in the table."""


def preset_commands(name: str) -> tuple[Command, ...]:
    """Return all commands with the keys of a preset. Raises KeyError where there is none of that name."""
    own = PRESETS[name]
    return tuple(replace(c, written=own.get(c.name, c.written)) for c in COMMANDS)


_ALLOWED: Final = "a key is written j, gg, C-d, Space, Enter, Tab, Home, PgDn or F5; a blank stands between two ways to press it"


def keymap_for(preset: str, keys: Mapping[str, str]) -> tuple[Keymap, tuple[str, ...]]:
    """Return the keymap of a preset with the user's own `keys`, by command name, and what is wrong with these.

    What is wrong is a line each, to be shown as it is; there the keys of the preset hold. "" leaves a command
    without a key.
    """
    problems: list[str] = []

    def problem(name: str, words: str) -> None:
        problems.append(shown(f"keys.{name}: {words}; the default holds"))

    if preset not in PRESETS:
        problem("preset", f'"{preset}" is no preset; there are {", ".join(PRESETS)}')
        preset = "default"
    table = preset_commands(preset)
    wanted: dict[str, str] = {}
    for name, value in keys.items():
        if name not in BY_NAME:
            problem(name, f"there is no such command; there are {_names_like(name)}")
        elif unreadable := [one for one in value.split() if not _readable(one)]:
            problem(name, f"{unreadable[0]} is no key; {_ALLOWED}")
        elif not value.split() and name == "app.quit":
            problem(name, "leaving needs a key")
        else:
            wanted[name] = value
    while True:
        commands = [replace(c, written=wanted.get(c.name, c.written)) for c in table]
        clash = _first_clash(commands, list(wanted))
        if clash is None:
            return Keymap(commands), tuple(problems)
        name, own, other, others = clash
        del wanted[name]
        same = "is" if own == others else f"and {others} cannot both be keys: {others} is"
        problem(name, f"{own} {same} the key of {other}; give that another, or choose a free one")


def _readable(key: str) -> bool:
    if len(key) == 3 and key.startswith("C-"):
        # Terminals send C-i as Tab and C-m as Enter.
        return key[2].isascii() and key[2].isalpha() and key[2].lower() not in "im"
    return key in NAMED or (len(key) <= 2 and key.isprintable())


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
    """Return a command of `own`, the last first, with a key that is another's there or begins with it, and that."""
    by_name = {command.name: command for command in commands}
    for name in reversed(own):
        command = by_name[name]
        for other in commands:
            apart = Where.EVERYWHERE not in (command.where, other.where)
            if other is command or (apart and command.where is not other.where):
                continue
            for key in command.keys:
                for taken in other.keys:
                    shorter, longer = sorted((strokes(key), strokes(taken)), key=len)
                    if longer[: len(shorter)] == shorter:
                        return name, key, other.name, taken
    return None
