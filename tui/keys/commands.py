"""The registry of commands, read by the dispatcher, the footer, the help, the palette and `:`; `tui.keys.presets` has their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Flag, auto
from types import MappingProxyType
from typing import Final

from tui.keys.presets import DEFAULT


class Pane(Flag):
    """A pane that takes keys; a command belongs to one of them or to several."""

    WELCOME = auto()
    TREE = auto()
    READER = auto()
    DIGEST = auto()
    DIALOG = auto()
    LADDER = auto()
    """The ladder of patches between two versions, in place of the tree."""
    ANY = WELCOME | TREE | READER | DIGEST | DIALOG | LADDER


_ROWS: Final = Pane.TREE | Pane.DIGEST
_FOLDING: Final = Pane.TREE | Pane.READER | Pane.DIGEST
_SERIES: Final = Pane.TREE | Pane.READER
TREE, READER, DIGEST, LADDER = Pane.TREE, Pane.READER, Pane.DIGEST, Pane.LADDER
_VERSIONS: Final = Pane.TREE | Pane.READER | Pane.LADDER | Pane.DIALOG


@dataclass(frozen=True, slots=True)
class Command:
    """An action that a key, its name after `:`, or the palette runs."""

    name: str
    """`area.verb`, as in the configuration and after `:`."""
    label: str
    """Its name in the footer."""
    help: str
    pane: Pane = Pane.ANY
    footer: bool = False
    argument: str = ""
    """Placeholder of the argument that it takes on the command line, if any."""
    keys_text: str = ""
    """Its key sequences, separated by blanks; may be empty."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Its key sequences."""
        return tuple(self.keys_text.split())


_COMMANDS: Final = (
    Command("tree.open", "read", "Open the series or message under the cursor", TREE, footer=True),
    Command("tree.expand", "expand", "Expand, or move to the first child", _ROWS, footer=True),
    Command("tree.collapse", "collapse", "Collapse, or move to the parent", _ROWS),
    Command("fold.toggle", "toggle fold", "Expand or collapse", _FOLDING),
    Command("fold.open", "expand", "Expand", _FOLDING),
    Command("fold.close", "collapse", "Collapse", _FOLDING),
    Command("fold.open_all", "expand all", "Expand all", _FOLDING),
    Command("fold.close_all", "collapse all", "Collapse all", _FOLDING),
    Command("mark.toggle", "mark", "Mark or unmark the series and move down", TREE),
    Command("mark.range", "mark range", "Mark a range that grows with the cursor (again to end it)", TREE),
    Command("mark.query", "mark matching", "Mark the series that match a query", TREE, argument="QUERY"),
    Command("mark.clear", "unmark", "Remove all marks (Esc does, too)", TREE),
    Command("reader.page_or_next", "page", "Page down; at the end, the next message", READER, footer=True),
    Command("reader.scroll_left", "left", "Scroll code left", READER),
    Command("reader.scroll_right", "right", "Scroll code right", READER),
    Command("reader.next_hunk", "next hunk", "Next hunk of the diff", READER),
    Command("reader.previous_hunk", "previous hunk", "Previous hunk of the diff", READER),
    Command("reader.next_file", "next file", "Next file of the diff", READER),
    Command("reader.previous_file", "previous file", "Previous file of the diff", READER),
    Command("reader.next_comment", "next comment", "Next review comment", READER),
    Command("reader.previous_comment", "previous comment", "Previous review comment", READER),
    Command("reader.open", "open", "Unfold the quote here, or open the reply this comment is from", READER),
    Command("reader.open_reply", "open reply", "Open the reply this comment is from", READER),
    Command("reader.jump_back", "jump back", "Jump back", READER),
    Command("thread.read", "discussion", "The discussion in one scroll; again: comments under their lines", _SERIES),
    Command("reader.files", "files", "List the files of the patch and jump to one", READER),
    Command("reader.select", "select", "Select lines (again to stop)", READER),
    Command("hunk.viewed", "viewed", "Mark or unmark the hunk as viewed; settle the comment here, or open it again", READER),
    Command("digest.read", "read", "Open the series or discussion under the cursor", DIGEST, footer=True),
    Command("digest.earlier", "previous", "The previous period of the same length", DIGEST, footer=True),
    Command("digest.later", "next", "The next period of the same length", DIGEST, footer=True),
    Command("digest.mark", "bookmark", "Bookmark the end of this digest", DIGEST, footer=True),
    Command("digest.export", "export", "Write the digest to a file", DIGEST, footer=True),
    Command("versions.open", "versions", "Compare with the version before (again: all versions)", _VERSIONS, argument="OLD NEW"),
    Command("versions.read", "read", "Show the changes in the patch", LADDER, footer=True),
    Command("versions.older", "older", "Compare with an older version", LADDER, footer=True),
    Command("versions.newer", "newer", "Compare with a newer version", LADDER, footer=True),
    Command("triage.done", "done", "Done: hide until new activity (on a patch: that patch only)", footer=True),
    Command("triage.skip", "skip", "Skip: hide for good (on a patch: that patch only)", footer=True),
    Command("triage.wait", "wait", "Waiting on the author: hide until a reply or new version", footer=True),
    Command("triage.later", "snooze", "Snooze: for a time, until a date, the next version or a tag", footer=True, argument="WHEN"),
    Command("triage.accept", "accept", "Accepted: applied, or to be applied", footer=True),
    Command("triage.flag", "flag", "Flag or unflag", footer=True),
    Command("triage.label", "label", "Add a label, or remove it with - before it", footer=True, argument="LABEL"),
    Command("triage.note", "note", "Write a private note", footer=True, argument="TEXT"),
    Command("triage.priority_up", "priority up", "Raise the priority", footer=True),
    Command("triage.priority_down", "priority down", "Lower the priority", footer=True),
    Command("triage.reopen", "reopen", "Reopen"),
    Command("triage.undo", "undo", "Undo the last triage action, or take back a ready reply or an applied branch", footer=True),
    Command("triage.redo", "redo", "Redo", footer=True),
    Command("triage.catch_up", "catch up", "Mark series older than a time as done (default: 14 days)", argument="WHEN"),
    Command("triage.repeat", "repeat", "Repeat the last triage action here"),
    Command("triage.history", "history", "Triage history of this series"),
    Command("triage.today", "today", "All that was triaged today"),
    Command("patch.next", "next patch", "Next patch of the series", footer=True),
    Command("patch.previous", "previous patch", "Previous patch of the series"),
    Command("unread.next", "next unread", "Next unread message"),
    Command("unread.previous", "previous unread", "Previous unread message"),
    Command("mail.toggle_read", "read/unread", "Toggle read/unread"),
    Command("reply.comment", "comment", "Comment on the line, the selected lines or the comment under the cursor", READER, footer=True),
    Command("reply.delete_comment", "delete comment", "Delete your comment under the cursor", READER),
    Command("reply.trailers", "trailers", "Toggle a trailer on the message, or on marked series", _SERIES),
    Command("reply.whole", "reply", "Reply to the whole message in the editor", _SERIES),
    Command("reply.review", "review", "Preview the replies that can be sent, and send them"),
    Command("reply.send", "send", "Send the ready replies, once each was previewed"),
    Command("reply.drafts", "drafts", "List all drafts: unfinished, ready, sent and deleted ones"),
    Command("series.actions", "actions", "Try, apply, or find where it landed", _SERIES, footer=True),
    Command("apply.conflicts", "conflicts", "Resolve or abort an apply that stopped at a conflict"),
    Command("series.coverage", "coverage", "Review trailers by patch, and whether the code changed since", _SERIES),
    Command("comments.open_only", "open comments", "Outcome of open review comments only, or of all", _SERIES),
    Command("series.comments", "comments", "Outcome of the review comments", _SERIES),
    Command("list.switch", "lists", "Show one of the lists you follow, or all of them", argument="NAME"),
    Command("list.inbox", "inbox", "All lists, latest activity first"),
    Command("list.sync", "sync", "Sync the shown lists", argument="NAMES"),
    Command("list.sync_all", "sync all", "Sync all lists"),
    Command("list.follow", "follow", "Follow a list; its name is the last part of the address, unless you give one first", argument="TARGET"),
    Command("list.unfollow", "unfollow", "Stop following a list", argument="NAME"),
    Command("list.sort", "sort", "Sort by activity, date, author, size or replies", argument="ORDER"),
    Command("list.group", "group", "Group by day, author, state or nothing", argument="GROUP"),
    Command("move.down", "down", "Line down"),
    Command("move.up", "up", "Line up"),
    Command("move.half_down", "half page down", "Half a page down"),
    Command("move.half_up", "half page up", "Half a page up"),
    Command("move.page_down", "page down", "Page down"),
    Command("move.page_up", "page up", "Page up"),
    Command("move.top", "top", "Go to the top"),
    Command("move.bottom", "bottom", "Go to the bottom"),
    Command("pane.next", "next pane", "Next pane"),
    Command("pane.previous", "previous pane", "Previous pane"),
    Command("find.start", "find", "Find series and patches by subject or name as you type; in the reader, find in its text", footer=True),
    Command("find.query", "query", "Search by query: s: f: d: dfn: v: is: and more", argument="QUERY"),
    Command("find.next", "next match", "Next match"),
    Command("find.previous", "previous match", "Previous match"),
    Command("mail.copy", "copy", "Copy the Message-ID, subject, link or b4 command", footer=True),
    Command("mail.browse", "browser", "Open the message in the web browser"),
    Command("mail.attachments", "attachments", "List the attachments; show, open or save one", _SERIES),
    Command("mail.pipe", "pipe", "Pipe the message (in the tree: the series' patches) to a command", argument="COMMAND"),
    Command("mail.view_in_editor", "editor", "Open a copy in $EDITOR"),
    Command("digest.open", "digest", "Digest of the arrivals between two commits or dates"),
    Command("app.open", "open", "Open another target", footer=True, argument="TARGET"),
    Command("app.reload", "reload", "Reload the target"),
    Command("app.cancel", "cancel", "Cancel the running job, or copy the selection"),
    Command("view.choose", "view", "Show a view by its number"),
    Command("view.all", "all", "Show all series, without a view"),
    Command("view.switch", "views", "Choose a view from a list", argument="NAME"),
    Command("view.save", "save view", "Save the current query as a view", argument="NAME"),
    Command("view.full", "zoom", "Zoom this pane, or show both"),
    Command("view.panes", "panes", "Panes side by side, or one below the other"),
    Command("view.all_headers", "headers", "Show all headers, or the main ones"),
    Command("view.line_numbers", "numbers", "Line numbers in diffs"),
    Command("view.fold_quotes", "quotes", "Fold quoted text"),
    Command("view.syntax", "syntax", "Syntax colors"),
    Command("view.layout", "layout", "Diff layout: unified, side by side (from 140 columns), or old block, then new block"),
    Command("view.intraline", "word diff", "Highlight changed words and moved lines"),
    Command("view.wrap", "wrap", "Wrap long lines of code"),
    Command("view.whitespace", "whitespace", "Ignore whitespace changes"),
    Command("view.hide_viewed", "hide viewed", "Hide viewed hunks"),
    Command("view.show_decided", "show triaged", "Show done, skipped, waiting and snoozed series"),
    Command("view.bots", "bots", "Hide or show the messages of bots", _SERIES),
    Command("view.mouse", "mouse", "Mouse: for patchdesk, or for the terminal"),
    Command("dialog.accept", "accept", "Accept the highlighted line", Pane.DIALOG),
    Command("dialog.left", "left", "Go to the column on the left", Pane.DIALOG),
    Command("dialog.right", "right", "Go to the column on the right", Pane.DIALOG),
    Command("app.back", "back", "Back"),
    Command("app.help", "help", "All keys", footer=True),
    Command("app.command", "command", "Run a command by its name"),
    Command("app.palette", "palette", "Choose a command from a list"),
    Command("app.theme", "theme", "Choose a theme"),
    Command("app.log", "log", "Show the program's log"),
    Command("app.demo", "demo", "Open the built-in demo list"),
    Command("app.suspend", "suspend", "Suspend to the shell"),
    Command("app.quit", "quit", "Quit"),
)  # fmt: skip

COMMANDS: Final[tuple[Command, ...]] = tuple(
    replace(command, keys_text=DEFAULT[command.name]) for command in _COMMANDS
)
"""All commands, with their default keys."""

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
        "reader.next_remark": "reader.next_comment",
        "reader.previous_remark": "reader.previous_comment",
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
"""Earlier command ids → present ids; configurations and `:` may still use the earlier ones."""

_ALIASES: Final = {
    "q": "app.quit",
    "quit": "app.quit",
    "e": "app.open",
    "open": "app.open",
    "back": "app.back",
    "review": "reply.review",
    "send": "reply.send",
    "drafts": "reply.drafts",
    "apply.list": "apply.conflicts",
    "mark": "mark.query",
    "versions": "versions.open",
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
    "unfollow": "list.unfollow",
    "catchup": "triage.catch_up",
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

    run = (command for command in COMMANDS if command.pane != Pane.DIALOG)
    ranked = [(order, command) for command in run if (order := rank(command)) is not None]
    ranked.sort(key=lambda pair: pair[0])
    return [command for _, command in ranked]
