"""Every named command with its keys, once: the dispatcher, the footer, the help, the palette and `:` read this list.

Keys are written as a person would: `j`, `gg` (one after the other), `C-d`, `PgDn`, `Space`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto
from types import MappingProxyType
from typing import Final


class Pane(Flag):
    """A pane that takes keys; a command belongs to one of them or to several."""

    WELCOME = auto()
    TREE = auto()
    READER = auto()
    DIGEST = auto()
    DIALOG = auto()
    ANY = WELCOME | TREE | READER | DIGEST | DIALOG


_ROWS: Final = Pane.TREE | Pane.DIGEST
_FOLDING: Final = Pane.TREE | Pane.READER | Pane.DIGEST
TREE, READER, DIGEST = Pane.TREE, Pane.READER, Pane.DIGEST


@dataclass(frozen=True, slots=True)
class Command:
    """Something the program can be told to do: by key, by name, from the palette."""

    name: str
    """`area.verb`: what the configuration and `:` call it."""
    keys_text: str
    """Its keys, a blank between two ways to press it; empty where it has none."""
    label: str
    """What the footer calls it."""
    help: str
    pane: Pane = Pane.ANY
    footer: bool = False
    argument: str = ""
    """What can follow its name on the command line, in a word."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The ways to press it."""
        return tuple(self.keys_text.split())


COMMANDS: Final[tuple[Command, ...]] = (
    Command("tree.open", "Enter", "read", "Read what is under the cursor", TREE, footer=True),
    Command("tree.expand", "l →", "expand", "Show what is inside, or go there", _ROWS, footer=True),
    Command("tree.collapse", "h ←", "collapse", "Hide what is inside, or go to what holds it", _ROWS),
    Command("fold.toggle", "za", "fold", "Show or hide what is inside", _FOLDING),
    Command("fold.open", "zo", "unfold", "Show what is inside", _FOLDING),
    Command("fold.close", "zc", "fold", "Hide what is inside", _FOLDING),
    Command("fold.open_all", "zR", "unfold all", "Show what is inside of everything", _FOLDING),
    Command("fold.close_all", "zM", "fold all", "Hide what is inside of everything", _FOLDING),
    Command("mark.toggle", "Space", "mark", "Mark the series under the cursor, or unmark it, and go on", TREE),
    Command("mark.range", "V", "range", "Mark from here to where the cursor goes; V again ends it", TREE),
    Command("mark.query", "*", "mark by", "Mark what a query finds", TREE, argument="QUERY"),
    Command("mark.clear", "", "unmark", "Take all marks away; Esc does, too", TREE),
    Command("reader.page_or_next", "Space", "page", "A page down, and at the end the next mail", READER, footer=True),
    Command("reader.scroll_left", "h ← <", "left", "Move the code back, towards its beginning", READER),
    Command("reader.scroll_right", "l → >", "right", "Move the code, to read what the right edge cuts off", READER),
    Command("reader.next_hunk", ")", "hunk", "The next hunk of the diff", READER),
    Command("reader.previous_hunk", "(", "hunk", "The previous hunk of the diff", READER),
    Command("reader.next_file", "}", "file", "The next file of the diff", READER),
    Command("reader.previous_file", "{", "file", "The previous file of the diff", READER),
    Command("reader.next_remark", ".", "remark", "The next remark of a reviewer", READER),
    Command("reader.previous_remark", ",", "remark", "The previous remark of a reviewer", READER),
    Command("reader.open_reply", "Enter gr", "reply", "Read the reply that the remark here stands in", READER),
    Command("reader.jump_back", "'", "back", "Back to where the last jump began", READER),
    Command("reader.files", "gf", "files", "List the files of the patch, to go to one of them", READER),
    Command("reader.select", "V", "select", "Select lines, or end that", READER),
    Command("hunk.viewed", "X", "viewed", "Mark the hunk here as viewed, or not", READER),
    Command("digest.read", "Enter", "read", "Read the series or discussion under the cursor", DIGEST, footer=True),
    Command("digest.earlier", "<", "before", "The window before this one, as long", DIGEST, footer=True),
    Command("digest.later", ">", "after", "The window after this one, as long", DIGEST, footer=True),
    Command("digest.mark", "gm", "mark", "Mark where this digest ends, to begin another there", DIGEST, footer=True),
    Command("digest.export", "E", "export", "Write the digest to a file", DIGEST, footer=True),
    Command("triage.done", "d", "done", "Done, until something new comes; on a patch, with that alone", footer=True),
    Command("triage.skip", "x", "skip", "Skip: it never comes back; on a patch, skip that alone", footer=True),
    Command("triage.wait", "w", "wait", "Wait for its author, until something new comes", footer=True),
    Command("triage.later", "s", "later", "Put it off: for some time, until a day, a version or a tag", footer=True, argument="WHEN"),
    Command("triage.accept", "A", "accept", "Accept: it is taken, or is to be", footer=True),
    Command("triage.flag", "F", "flag", "Flag, or take the flag away", footer=True),
    Command("triage.label", "L", "label", "Give a label; with - before it, take that away", footer=True, argument="LABEL"),
    Command("triage.note", "i", "note", "Write a note of your own", footer=True, argument="TEXT"),
    Command("triage.priority_up", "+", "more urgent", "A higher priority", footer=True),
    Command("triage.priority_down", "-", "less urgent", "A lower priority", footer=True),
    Command("triage.reopen", "O", "reopen", "Open again what was decided"),
    Command("triage.undo", "u", "undo", "Take the last decision back, however long ago it was", footer=True),
    Command("triage.redo", "U", "redo", "Decide again what was taken back", footer=True),
    Command("triage.repeat", "", "repeat", "Decide here as the last time"),
    Command("triage.history", "gh", "history", "What was decided on this series, and when"),
    Command("patch.next", "]", "patch", "The next patch of the series", footer=True),
    Command("patch.previous", "[", "patch", "The previous patch of the series"),
    Command("unread.next", "J", "next unread", "The next mail that was not read"),
    Command("unread.previous", "K", "previous unread", "The previous mail that was not read"),
    Command("mail.toggle_read", "m", "read/unread", "Count what is here as read, or as not read"),
    Command("list.switch", "gl", "lists", "Show one of the lists you follow, or all of them", argument="NAME"),
    Command("list.inbox", "gi", "inbox", "All lists, the latest activity first"),
    Command("list.sync", "gs", "sync", "Bring in new mail of the lists on the screen", argument="NAMES"),
    Command("list.sync_all", "gS", "sync all", "Bring in new mail of all lists you follow"),
    Command("list.follow", "", "follow", "Follow a list: its mail is brought in and kept", argument="NAME TARGET"),
    Command("list.sort", "", "sort", "Sort by activity, date, author, size or replies", argument="ORDER"),
    Command("list.group", "", "group", "Group by day, author or state, or not at all", argument="GROUP"),
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
    Command("find.query", "\\", "query", "Find by a query: s: f: d: dfn: v: is: and more", argument="QUERY"),
    Command("find.next", "n", "next match", "The next match"),
    Command("find.previous", "N", "previous match", "The previous match"),
    Command("mail.copy", "y", "copy", "Copy the Message-ID, subject, link or b4 command", footer=True),
    Command("mail.browse", "gb", "browser", "Open the mail in the web browser"),
    Command("mail.pipe", "|", "pipe", "Give the mail, in the tree a series' patches, to a command", argument="COMMAND"),
    Command("mail.view_in_editor", "e", "editor", "Look at a copy of the mail in $EDITOR"),
    Command("digest.open", "gd", "digest", "What arrived between two commits or dates"),
    Command("app.open", "o", "open", "Open another target", footer=True, argument="TARGET"),
    Command("app.reload", "C-r", "again", "Read the target again"),
    Command("app.cancel", "C-c", "cancel", "Stop what is running, or copy what is selected"),
    Command("view.choose", "1 2 3 4 5 6 7 8 9", "view", "Show a view, by its number"),
    Command("view.all", "0", "all", "Show everything, whatever the view"),
    Command("view.switch", "gv", "views", "Choose a view from a list", argument="NAME"),
    Command("view.save", "", "save view", "Save the query on the screen as a view", argument="NAME"),
    Command("view.full", "tf", "full screen", "This pane alone, or both"),
    Command("view.all_headers", "th", "headers", "All headers, or the few that matter"),
    Command("view.line_numbers", "tn", "numbers", "Line numbers in diffs"),
    Command("view.fold_quotes", "tq", "quotes", "Fold quoted text"),
    Command("view.syntax", "", "syntax", "Code in colours, or plain"),
    Command("view.layout", "tl", "layout", "Diffs unified, side by side (from 140 columns), or old above new"),
    Command("view.intraline", "tw", "words", "Let words that changed, and lines that moved, stand out, or not"),
    Command("view.wrap", "t>", "wrap", "Wrap long lines of code, or cut them at the right edge"),
    Command("view.whitespace", "ts", "white space", "Ignore changes of white space, or show them"),
    Command("view.hide_viewed", "tv", "viewed", "Hide the hunks that were viewed, or show them"),
    Command("view.show_decided", "td", "done and skipped", "Show what is done or skipped, or hide it"),
    Command("view.mouse", "tm", "mouse", "Leave the mouse to the terminal, or take it back"),
    Command("dialog.accept", "Enter C-y", "accept", "Take what is highlighted", Pane.DIALOG),
    Command("app.back", "q Esc", "back", "One level back"),
    Command("app.help", "?", "help", "All keys", footer=True),
    Command("app.command", ":", "command", "Run a command by its name"),
    Command("app.palette", "C-p", "palette", "Run a command from a list"),
    Command("app.theme", "", "theme", "Choose the colours"),
    Command("app.log", "", "log", "Read the program's log"),
    Command("app.demo", "", "demo", "Open the archive that ships with the program"),
    Command("app.suspend", "C-z", "suspend", "Suspend the program; fg in the shell brings it back"),
    Command("app.quit", "Q", "quit", "Leave the program"),
)  # fmt: skip


BY_NAME: Final[Mapping[str, Command]] = MappingProxyType({c.name: c for c in COMMANDS})

RENAMED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reader.fold": "fold.toggle",
        "reader.unfold": "fold.open",
        "reader.close": "fold.close",
        "reader.unfold_all": "fold.open_all",
        "reader.fold_all": "fold.close_all",
        "digest.toggle": "fold.toggle",
        "digest.expand_all": "fold.open_all",
        "digest.collapse_all": "fold.close_all",
        "digest.expand": "tree.expand",
        "digest.collapse": "tree.collapse",
        "reader.forward": "reader.page_or_next",
        "reader.left": "reader.scroll_left",
        "reader.right": "reader.scroll_right",
        "reader.file": "reader.files",
        "reader.back": "reader.jump_back",
        "reader.reply": "reader.open_reply",
        "reader.viewed": "hunk.viewed",
        "view.viewed": "view.hide_viewed",
        "view.words": "view.intraline",
        "view.blanks": "view.whitespace",
        "view.quotes": "view.fold_quotes",
        "view.numbers": "view.line_numbers",
        "view.headers": "view.all_headers",
        "view.done": "view.show_decided",
        "job.cancel": "app.cancel",
        "app.retry": "app.reload",
        "copy.menu": "mail.copy",
        "mail.edit": "mail.view_in_editor",
        "unread.toggle": "mail.toggle_read",
        "triage.raise": "triage.priority_up",
        "triage.lower": "triage.priority_down",
    }
)
"""Earlier names of commands, which configurations and fingers may still know, and the names they have now."""

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
    **RENAMED,
}


def commands_named(text: str) -> list[Command]:
    """Return the commands that `text` may name, best match first: exact, then by prefix, then by substring."""
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
        inside = wanted in f"{command.name} {command.label} {command.help}".casefold()
        return 3 if inside else None

    ranked = [(order, command) for command in COMMANDS if (order := rank(command)) is not None]
    ranked.sort(key=lambda pair: pair[0])
    return [command for _, command in ranked]
