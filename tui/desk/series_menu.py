"""The menu of a series: its actions, and below them the triage verbs with their keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.text import SafeText, shown
from tui.keys.commands import COMMANDS
from tui.keys.keymap import Keymap
from tui.widgets.choose import Choice

_ACTIONS: Final = (
    ("a", "try", "Check whether it applies (writes nothing)"),
    ("b", "apply", "Apply to a new branch"),
    ("W", "worktree", "Apply to a new branch in a worktree of its own"),
    ("p", "patches", "Apply some of its patches"),
    ("=", "base", "Name the commit to apply to"),
    ("o", "options", "Choose the trailers to write"),
    ("c", "conflicts", "Resolve or abort an apply that stopped"),
    ("B", "b4 shazam", "Hand it to b4 in your repository"),
    ("T", "b4 review", "Let b4 track its review in your repository"),
    ("M", "mbox", "Write its patches, with fresh trailers, to an mbox"),
    ("f", "fetch", "Fetch the whole thread from the server"),
    ("l", "landed", "Find the commits that it landed in"),
    ("y", "thanks", "Write thanks for what landed"),
)
_VERBS: Final = (
    "done", "skip", "wait", "later", "accept", "flag", "label", "note", "reopen",
)  # fmt: skip
COMMAND: Final = "triage."
"""Begins the value of a choice that stands for a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuState:
    """What the descriptions of some actions depend on."""

    missing: int
    """Patches that are not here."""
    options: str
    """The names of the trailers to write."""
    base: str
    """The base that was named, "" for none."""
    branch: str
    """The branch that can be taken back, "" for none."""


def menu_choices(keymap: Keymap, state: MenuState) -> Iterator[Choice[str]]:
    """Yield the choices: of actions by their key, of verbs by their command's name."""
    for key, label, about in _ACTIONS:
        if key == "f" and state.missing:
            about = f"Fetch the thread from the server: {state.missing} of its patches are not here"
        elif key == "o":
            about = f"Trailers to write: {state.options}"
        elif key == "=" and state.base:
            about = f"Apply to {state.base}, or name another commit"
        yield Choice(key, SafeText(label), shown(about), key)
    if state.branch:
        yield Choice("u", SafeText("take back"), shown(f"Delete the branch {state.branch}"), "u")
    taken = {key for key, _, _ in _ACTIONS} | {"u"}
    commands = {command.name: command for command in COMMANDS}
    for verb in _VERBS:
        command = commands[f"{COMMAND}{verb}"]
        key = keymap.key(command.name)
        # A key of several strokes, or one that the menu has, works outside it alone.
        own = key if len(key) == 1 and key not in taken else "·"
        yield Choice(command.name, SafeText(command.label), shown(command.help), own)
