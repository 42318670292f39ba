"""Every named command with its keys, once: the dispatcher, the footer, the help, the palette and `:` read this list.

Keys are written as a person would: `j`, `gg` (one after the other), `C-d`, `PgDn`, `Space`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

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
        **{f"F{number}": f"f{number}" for number in range(1, 13)},
    }
)
_SHOWN: Final = {stroke: name for name, stroke in NAMED.items()}


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
    takes: str = ""
    """What can follow its name on the command line, in a word."""

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
    Command("mark.toggle", "Space", "mark", "Mark the series under the cursor, or unmark it, and go on", TREE),
    Command("mark.range", "V", "range", "Mark from here to where the cursor goes; V again ends it", TREE),
    Command("mark.query", "*", "mark by", "Mark what a query finds", TREE, takes="QUERY"),
    Command("mark.clear", "", "unmark", "Take all marks away; Esc does, too", TREE),
    Command("reader.forward", "Space", "page", "A page down, and at the end the next mail", READER, footer=True),
    Command("reader.left", "h ← <", "left", "Move the code back, towards its beginning", READER),
    Command("reader.right", "l → >", "right", "Move the code, to read what the right edge cuts off", READER),
    Command("reader.next_hunk", ")", "hunk", "The next hunk of the diff", READER),
    Command("reader.previous_hunk", "(", "hunk", "The previous hunk of the diff", READER),
    Command("reader.next_file", "}", "file", "The next file of the diff", READER),
    Command("reader.previous_file", "{", "file", "The previous file of the diff", READER),
    Command("reader.next_remark", ".", "remark", "The next remark of a reviewer", READER),
    Command("reader.previous_remark", ",", "remark", "The previous remark of a reviewer", READER),
    Command("reader.reply", "Enter gr", "reply", "Read the reply that the remark here stands in", READER),
    Command("reader.back", "'", "back", "Back to where the last jump began", READER),
    Command("reader.file", "gf", "files", "List the files of the patch, to go to one of them", READER),
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
    Command("triage.done", "d", "done", "Done, until something new comes; on a patch, with that alone", footer=True),
    Command("triage.skip", "x", "skip", "Skip: it never comes back; on a patch, skip that alone", footer=True),
    Command("triage.wait", "w", "wait", "Wait for its author, until something new comes", footer=True),
    Command("triage.later", "s", "later", "Put it off: for some time, until a day, a version or a tag", footer=True, takes="WHEN"),
    Command("triage.accept", "A", "accept", "Accept: it is taken, or is to be", footer=True),
    Command("triage.flag", "F", "flag", "Flag, or take the flag away", footer=True),
    Command("triage.label", "L", "label", "Give a label; with - before it, take that away", footer=True, takes="LABEL"),
    Command("triage.note", "i", "note", "Write a note of your own", footer=True, takes="TEXT"),
    Command("triage.raise", "+", "more urgent", "A higher priority", footer=True),
    Command("triage.lower", "-", "less urgent", "A lower priority", footer=True),
    Command("triage.reopen", "O", "reopen", "Open again what was decided"),
    Command("triage.undo", "u", "undo", "Take the last decision back, however long ago it was", footer=True),
    Command("triage.redo", "U", "redo", "Decide again what was taken back", footer=True),
    Command("triage.repeat", "", "repeat", "Decide here as the last time"),
    Command("triage.history", "gh", "history", "What was decided on this series, and when"),
    Command("patch.next", "]", "patch", "The next patch of the series", footer=True),
    Command("patch.previous", "[", "patch", "The previous patch of the series"),
    Command("unread.next", "J", "next unread", "The next mail that was not read"),
    Command("unread.previous", "K", "previous unread", "The previous mail that was not read"),
    Command("unread.toggle", "m", "read/unread", "Count what is here as read, or as not read"),
    Command("list.switch", "gl", "lists", "Show one of the lists you follow, or all of them", takes="NAME"),
    Command("list.inbox", "gi", "inbox", "All lists, the latest activity first"),
    Command("list.sync", "gs", "sync", "Bring in new mail of the lists on the screen", takes="NAMES"),
    Command("list.sync_all", "gS", "sync all", "Bring in new mail of all lists you follow"),
    Command("list.follow", "", "follow", "Follow a list: its mail is brought in and kept", takes="NAME TARGET"),
    Command("list.sort", "", "sort", "Sort by activity, date, author, size or replies", takes="ORDER"),
    Command("list.group", "", "group", "Group by day, author or state, or not at all", takes="GROUP"),
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
    Command("find.start", "/", "find", "Find series and patches by subject or name as you type; in the reader, find in its text", footer=True),
    Command("find.query", "\\", "query", "Find by a query: s: f: d: dfn: v: is: and more", takes="QUERY"),
    Command("find.next", "n", "next match", "The next match"),
    Command("find.previous", "N", "previous match", "The previous match"),
    Command("copy.menu", "y", "copy", "Copy the Message-ID, subject, link or b4 command", footer=True),
    Command("mail.browse", "gb", "browser", "Open the mail in the web browser"),
    Command("mail.pipe", "|", "pipe", "Give the mail, in the tree a series' patches, to a command", takes="COMMAND"),
    Command("mail.edit", "e", "editor", "Look at a copy of the mail in $EDITOR"),
    Command("digest.open", "gd", "digest", "What arrived between two commits or dates"),
    Command("app.open", "o", "open", "Open another target", footer=True, takes="TARGET"),
    Command("app.retry", "C-r", "again", "Read the target again"),
    Command("job.cancel", "C-c", "cancel", "Stop what is running, or copy what is selected"),
    Command("view.choose", "1 2 3 4 5 6 7 8 9", "view", "Show a view, by its number"),
    Command("view.all", "0", "all", "Show everything, whatever the view"),
    Command("view.switch", "gv", "views", "Choose a view from a list", takes="NAME"),
    Command("view.save", "", "save view", "Save the query on the screen as a view", takes="NAME"),
    Command("view.full", "tf", "full screen", "This pane alone, or both"),
    Command("view.headers", "th", "headers", "All headers, or the few that matter"),
    Command("view.numbers", "tn", "numbers", "Line numbers in diffs"),
    Command("view.quotes", "tq", "quotes", "Fold quoted text"),
    Command("view.syntax", "", "syntax", "Code in colours, or plain"),
    Command("view.layout", "tl", "layout", "Diffs unified, side by side (from 140 columns), or old above new"),
    Command("view.words", "tw", "words", "Let words that changed, and lines that moved, stand out, or not"),
    Command("view.wrap", "t>", "wrap", "Wrap long lines of code, or cut them at the right edge"),
    Command("view.blanks", "ts", "white space", "Ignore changes of white space, or show them"),
    Command("view.viewed", "tv", "viewed", "Hide the hunks that were viewed, or show them"),
    Command("view.done", "td", "done and skipped", "Show what is done or skipped, or hide it"),
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
    if keys in NAMED:
        return (NAMED[keys],)
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
