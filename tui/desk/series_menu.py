"""The menu of a series: its actions, and below them the triage verbs with their keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def menu_choices(keymap: Keymap, missing: Sequence[int], branch: str) -> Iterator[Choice[str]]:
    """Yield the choices: of actions by their key, of verbs by their command's name.

    `missing` are patches that are not here, `branch` is the one that can be taken back, "" for none.
    """
    for key, label, about in _ACTIONS:
        if key == "f" and missing:
            about = f"Fetch the thread from the server: {len(missing)} of its patches are not here"
        yield Choice(key, SafeText(label), shown(about), key)
    if branch:
        yield Choice("u", SafeText("take back"), shown(f"Delete the branch {branch}"), "u")
    taken = {key for key, _, _ in _ACTIONS} | {"u"}
    commands = {command.name: command for command in COMMANDS}
    for verb in _VERBS:
        command = commands[f"{COMMAND}{verb}"]
        key = keymap.key(command.name)
        # A key of several strokes, or one that the menu has, works outside it alone.
        own = key if len(key) == 1 and key not in taken else "·"
        yield Choice(command.name, SafeText(command.label), shown(command.help), own)
