"""Every named command with its keys, once: the dispatcher, the footer, the help, the palette and `:` read this list.

Keys are written as a person would: `j`, `gg` (one after the other), `C-d`, `PgDn`, `Space`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Final

from core.text import shown

Stroke = str
"""One key press: the character it types, or Textual's name of the key where it types none (`ctrl+d`, `space`)."""

_NAMED: Final[Mapping[str, Stroke]] = MappingProxyType(
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
        **{f"F{number}": f"f{number}" for number in range(1, 13)},
    }
)
_SHOWN: Final = {stroke: name for name, stroke in _NAMED.items()}


class Where(Enum):
    """The pane that a key belongs to."""

    EVERYWHERE = "everywhere"
    TREE = "tree"
    READER = "reader"
    DIGEST = "digest"


EVERYWHERE, TREE, READER, DIGEST = Where


@dataclass(frozen=True, slots=True)
class Command:
    """Something the program can be told to do: by key, by name, from the palette."""

    name: str
    """`area.verb`: what the configuration and `:` call it."""
    written: str
    """Its keys, a blank between two ways to press it; empty where it has none."""
    word: str
    """What the footer calls it."""
    help: str
    where: Where = EVERYWHERE
    footer: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The ways to press it."""
        return tuple(self.written.split())


COMMANDS: Final[tuple[Command, ...]] = (
    Command("tree.open", "Enter", "read", "Read what is under the cursor", TREE, footer=True),
    Command("tree.expand", "l →", "expand", "Show what is inside, or go there", TREE, footer=True),
    Command("tree.collapse", "h ←", "collapse", "Hide what is inside, or go to what holds it", TREE),
    Command("fold.toggle", "za", "fold", "Show or hide what is inside", TREE),
    Command("fold.open", "zo", "unfold", "Show what is inside", TREE),
    Command("fold.close", "zc", "fold", "Hide what is inside", TREE),
    Command("fold.open_all", "zR", "unfold all", "Show what is inside of everything", TREE),
    Command("fold.close_all", "zM", "fold all", "Hide what is inside of everything", TREE),
    Command("reader.forward", "Space", "page", "A page down, and at the end the next mail", READER, footer=True),
    Command("reader.left", "h ←", "left", "Move the text left", READER),
    Command("reader.right", "l →", "right", "Move the text right", READER),
    Command("reader.next_hunk", ")", "hunk", "The next hunk of the diff", READER),
    Command("reader.previous_hunk", "(", "hunk", "The previous hunk of the diff", READER),
    Command("reader.next_file", "}", "file", "The next file of the diff", READER),
    Command("reader.previous_file", "{", "file", "The previous file of the diff", READER),
    Command("reader.next_remark", ".", "remark", "The next remark of a reviewer", READER),
    Command("reader.previous_remark", ",", "remark", "The previous remark of a reviewer", READER),
    Command("reader.reply", "Enter gr", "reply", "Read the reply that the remark here stands in", READER),
    Command("reader.back", "'", "back", "Back to where the last jump began", READER),
    Command("reader.file", "gf", "file", "Go to a file of the diff by its name", READER),
    Command("reader.fold", "za", "fold", "Fold or unfold the remark, hunk or file here", READER),
    Command("reader.unfold", "zo", "unfold", "Unfold the remark, hunk or file here", READER),
    Command("reader.close", "zc", "fold", "Fold the remark, hunk or file here", READER),
    Command("reader.unfold_all", "zR", "unfold all", "Unfold all remarks, hunks and files", READER),
    Command("reader.fold_all", "zM", "fold all", "Fold all remarks and files", READER),
    Command("reader.select", "V", "select", "Select lines, or end that", READER),
    Command("reader.viewed", "X", "viewed", "Mark the hunk here as viewed, or not", READER),
    Command("digest.read", "Enter", "read", "Read the series or discussion under the cursor", DIGEST, footer=True),
    Command("digest.earlier", "<", "before", "The window before this one, as long", DIGEST, footer=True),
    Command("digest.later", ">", "after", "The window after this one, as long", DIGEST, footer=True),
    Command("digest.mark", "gm", "mark", "Mark where this digest ends, to begin another there", DIGEST, footer=True),
    Command("digest.export", "E", "export", "Write the digest to a file", DIGEST, footer=True),
    Command("digest.expand", "l →", "unfold", "Show what is inside", DIGEST),
    Command("digest.collapse", "h ←", "fold", "Hide what is inside, or go to what holds it", DIGEST),
    Command("digest.toggle", "za", "fold", "Show or hide what is inside", DIGEST),
    Command("digest.expand_all", "zR", "unfold all", "Show what is inside of everything", DIGEST),
    Command("digest.collapse_all", "zM", "fold all", "Hide what is inside of everything", DIGEST),
    Command("patch.next", "]", "patch", "The next patch of the series", footer=True),
    Command("patch.previous", "[", "patch", "The previous patch of the series"),
    Command("unread.next", "J", "next unread", "The next mail that was not read"),
    Command("unread.previous", "K", "previous unread", "The previous mail that was not read"),
    Command("unread.toggle", "m", "read/unread", "Count what is here as read, or as not read"),
    Command("list.switch", "gl", "lists", "Show one of the lists you follow, or all of them"),
    Command("list.inbox", "gi", "inbox", "All lists, the latest activity first"),
    Command("list.sync", "gs", "sync", "Bring in new mail of the lists on the screen"),
    Command("list.sync_all", "gS", "sync all", "Bring in new mail of all lists you follow"),
    Command("list.follow", "", "follow", "Follow a list: its mail is brought in and kept"),
    Command("list.sort", "", "sort", "Sort by activity, date, author, size or replies"),
    Command("list.group", "", "group", "Group by day or author, or not at all"),
    Command("move.down", "j ↓", "down", "A line down"),
    Command("move.up", "k ↑", "up", "A line up"),
    Command("move.half_down", "C-d", "half down", "Half a page down"),
    Command("move.half_up", "C-u", "half up", "Half a page up"),
    Command("move.page_down", "C-f PgDn", "page down", "A page down"),
    Command("move.page_up", "C-b PgUp", "page up", "A page up"),
    Command("move.top", "gg Home", "top", "To the top"),
    Command("move.bottom", "G End", "bottom", "To the bottom"),
    Command("pane.next", "Tab", "pane", "The next pane"),
    Command("pane.previous", "S-Tab", "pane", "The previous pane"),
    Command("find.start", "/", "find", "Find words in subjects and names, or in the text", footer=True),
    Command("find.next", "n", "next match", "The next match"),
    Command("find.previous", "N", "previous match", "The previous match"),
    Command("copy.menu", "y", "copy", "Copy the Message-ID, subject, link or b4 command", footer=True),
    Command("mail.browse", "gb", "browser", "Open the mail in the web browser"),
    Command("mail.pipe", "|", "pipe", "Give the mail, in the tree a series' patches, to a command"),
    Command("mail.edit", "e", "editor", "Look at a copy of the mail in $EDITOR"),
    Command("digest.open", "gd", "digest", "What arrived between two commits or dates"),
    Command("app.open", "o", "open", "Open another target", footer=True),
    Command("app.retry", "C-r", "again", "Read the target again"),
    Command("job.cancel", "C-c", "cancel", "Stop what is running, or copy what is selected"),
    Command("view.full", "tf", "full screen", "This pane alone, or both"),
    Command("view.headers", "th", "headers", "All headers, or the few that matter"),
    Command("view.numbers", "tn", "numbers", "Line numbers in diffs"),
    Command("view.quotes", "tq", "quotes", "Fold quoted text"),
    Command("view.syntax", "", "syntax", "Code in colours, or plain"),
    Command("view.layout", "tl", "layout", "Diffs unified, side by side (from 140 columns), or old above new"),
    Command("view.words", "tw", "words", "Let the words that changed in a line stand out, or not"),
    Command("view.blanks", "ts", "white space", "Ignore changes of white space, or show them"),
    Command("view.viewed", "tv", "viewed", "Hide the hunks that were viewed, or show them"),
    Command("view.mouse", "tm", "mouse", "Leave the mouse to the terminal, or take it back"),
    Command("app.back", "q Esc", "back", "One level back"),
    Command("app.help", "?", "help", "All keys", footer=True),
    Command("app.command", ":", "command", "Run a command by its name"),
    Command("app.palette", "C-p", "palette", "Run a command from a list"),
    Command("app.theme", "", "theme", "Choose the colours"),
    Command("app.log", "", "log", "Read the program's log"),
    Command("app.demo", "", "demo", "Open the archive that ships with the program"),
    Command("app.quit", "Q", "quit", "Leave the program"),
)  # fmt: skip


BY_NAME: Final[Mapping[str, Command]] = MappingProxyType({c.name: c for c in COMMANDS})


def strokes(keys: str) -> tuple[Stroke, ...]:
    """Return the key presses that `keys` writes down: `gg` is two, `C-d` and `PgDn` are one."""
    if keys in _NAMED:
        return (_NAMED[keys],)
    if len(keys) == 3 and keys.startswith("C-"):
        return (f"ctrl+{keys[2].lower()}",)
    return tuple(keys)


def stroke_of(key: str, character: str | None) -> Stroke:
    """Return the stroke of a Textual key event."""
    if character is not None and character.isprintable() and character != " ":
        return character
    return key


def written(sequence: Iterable[Stroke]) -> str:
    """Return strokes as a person writes them; the inverse of `strokes`."""
    return "".join(
        _SHOWN.get(stroke) or (f"C-{stroke[5:]}" if stroke.startswith("ctrl+") else stroke)
        for stroke in sequence
    )


@dataclass(slots=True)
class _Node:
    command: Command | None = None
    after: dict[Stroke, _Node] = field(default_factory=dict)


class Keymap:
    """Which command a sequence of key presses means in a pane."""

    def __init__(self, commands: Iterable[Command] = COMMANDS) -> None:
        self.commands: Final = tuple(commands)
        """All commands, with the keys that they have here."""
        self.by_name: Final = {command.name: command for command in self.commands}
        self._roots = {where: _Node() for where in Where}
        for command in self.commands:
            for keys in command.keys:
                node = self._roots[command.where]
                for stroke in strokes(keys):
                    node = node.after.setdefault(stroke, _Node())
                node.command = command

    def _nodes(self, where: Where, sequence: Sequence[Stroke]) -> Iterator[_Node]:
        for place in dict.fromkeys((where, Where.EVERYWHERE)):
            node: _Node | None = self._roots[place]
            for stroke in sequence:
                node = node.after.get(stroke) if node is not None else None
            if node is not None:
                yield node

    def command(self, where: Where, sequence: Sequence[Stroke]) -> Command | None:
        """Return what `sequence` does in the pane `where`; its own keys come before those of everywhere."""
        found = (node.command for node in self._nodes(where, sequence))
        return next((command for command in found if command is not None), None)

    def continuations(self, where: Where, sequence: Sequence[Stroke]) -> dict[Stroke, Command]:
        """Return the strokes that may follow `sequence`, and what each then does."""
        following: dict[Stroke, Command] = {}
        for node in self._nodes(where, sequence):
            for stroke, after in node.after.items():
                if after.command is not None:
                    following.setdefault(stroke, after.command)
        return following


PRESETS: Final = ("default",)
"""The sets of keys to begin with."""

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
        problem("preset", f'"{preset}" is not there yet; there is {", ".join(PRESETS)}')
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
        commands = [replace(c, written=wanted.get(c.name, c.written)) for c in COMMANDS]
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
    return key in _NAMED or (len(key) <= 2 and key.isprintable())


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


_ALIASES: Final = {
    "q": "app.quit",
    "quit": "app.quit",
    "e": "app.open",
    "open": "app.open",
    "back": "app.back",
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
