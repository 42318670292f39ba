"""Commands by their names, as `:` takes them."""

from __future__ import annotations

from typing import Final

from tui.keys.commands import COMMANDS, Command

_ALIASES: Final = {
    "q": "app.quit",
    "quit": "app.quit",
    "e": "app.open",
    "open": "app.open",
    "back": "app.back",
    "mark": "mark.query",
    **{
        verb: f"triage.{verb}"
        for verb in (
            "done",
            "skip",
            "wait",
            "later",
            "accept",
            "flag",
            "label",
            "note",
            "reopen",
            "undo",
            "redo",
        )
    },
    "sort": "list.sort",
    "group": "list.group",
    "sync": "list.sync",
    "follow": "list.follow",
}


def commands_named(text: str) -> list[Command]:
    """Return the commands that `text` may mean, the likeliest first: exact, then beginnings, then inside."""
    wanted = text.strip().casefold()
    wanted = _ALIASES.get(wanted, wanted)

    def rank(command: Command) -> int | None:
        verb = command.name.partition(".")[2]
        if command.name == wanted:
            return 0
        if verb == wanted:
            return 1
        if command.name.startswith(wanted) or verb.startswith(wanted):
            return 2
        inside = wanted in f"{command.name} {command.word} {command.help}".casefold()
        return 3 if inside else None

    ranked = [(place, command) for command in COMMANDS if (place := rank(command)) is not None]
    ranked.sort(key=lambda pair: pair[0])
    return [command for _, command in ranked]
