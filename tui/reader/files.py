"""The file list of a patch: path, status, added and removed lines, hunks left to view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from core.text import SafeText, shown
from tui.keys.keymap import Keymap
from tui.reader.painter import Painter
from tui.reader.row import PageRow, StyledText, StyleSpan
from tui.widgets.cursor_list import CursorList
from tui.widgets.dialog import Dialog
from tui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from tui.reader.diff import DiffBlock
    from tui.reader.folds import Folds


LONGEST_PATH: Final = 500

_SIGNS: Final = {"added": "A", "deleted": "D", "renamed": "R", "copied": "C", "mode": "T"}
_SIGN_LOOKS: Final = {"added": "added-sign", "deleted": "removed-sign"}
_COUNTS: Final = 13
"""Cells of the lines that come and go."""
_LEFT: Final = 9
_MOST_COUNTED: Final = 1_000
"""Hunks of a file that are counted as viewed or not."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """The facts of a file that its row shows."""

    path: SafeText
    status: str
    added: int
    removed: int
    viewed: int
    hunks: int
    comments: int


def letters_in(wanted: str, text: str) -> list[int] | None:
    """Return the places of the letters of `wanted` in `text`, in their order, as near its end as possible; or None."""
    places: list[int] = []
    at = len(text)
    for letter in reversed(wanted):
        at = text.rfind(letter, 0, at)
        if at < 0:
            return None
        places.append(at)
    return places[::-1]


class FileList(CursorList):
    """Shows `files` by number; `about` returns the facts of one that is on the screen."""

    DEFAULT_CSS = """
    FileList { height: 1fr; background: $surface; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class Moved(Message):
        """Another file is under the cursor."""

        file: int

    @dataclass
    class Chosen(Message):
        """A file was clicked."""

        file: int

    def __init__(self, about: Callable[[int], FileEntry]) -> None:
        super().__init__()
        self._about = about
        self._files: Sequence[int] = ()
        self._letters: Sequence[Sequence[int]] = ()
        self._painter = Painter(self)

    def show(
        self, files: Sequence[int], letters: Sequence[Sequence[int]] = (), *, at: int = 0
    ) -> None:
        """Show these files, the cursor on the one at row `at`; `letters` are the places to highlight in each path."""
        self._files, self._letters = files, letters
        self.virtual_size = Size(self.size.width, len(files))
        self.place_cursor(at)

    @property
    def file(self) -> int | None:
        """The number of the file under the cursor."""
        return self._files[self.cursor] if self._files else None

    def cursor_moved(self) -> None:
        """Report the file under the cursor."""
        if (file := self.file) is not None:
            self.post_message(self.Moved(file))

    def on_click(self, event: events.Click) -> None:
        """Choose a file."""
        row = self.scroll_offset.y + event.y
        if row < len(self._files):
            self.post_message(self.Chosen(self._files[row]))

    def notify_style_update(self) -> None:
        """Forget the colours of before."""
        self._painter.forget()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Paint one row."""
        width = self.scrollable_content_region.width
        at = self.scroll_offset.y + y
        if at >= len(self._files):
            return self._painter.blank(width)
        pieces, before, cut = _pieces(self._about(self._files[at]), width)
        marks: list[StyleSpan] = []
        if self._letters:
            marks = [
                (before + place - cut, before + place - cut + 1, "match")
                for place in self._letters[at]
                if place >= cut
            ]
        base = "cursor" if at == self.cursor else ""
        return self._painter.paint(PageRow(tuple(pieces), base=base), width, overlays=marks)


def _pieces(entry: FileEntry, width: int) -> tuple[list[StyledText], int, int]:
    """Return a row in `width` cells; where its path begins, and how many characters of that are cut off."""
    sign = _SIGNS.get(entry.status, " ")
    start: list[StyledText] = [(SafeText(f" {sign} "), _SIGN_LOOKS.get(entry.status, "muted"))]
    end = _end(entry) if width >= 40 else []
    room = width - 3 - sum(cell_len(text) for text, _ in end)
    path = entry.path or SafeText("(no file is named)")
    cut = 0
    while cut < len(path) and cell_len(path[cut:]) > room - (cut > 0):
        cut += max(1, (cell_len(path[cut:]) - room) // 2)
    kept = path[cut:]
    folder, slash, name = kept.rpartition("/")
    pieces = [
        *start,
        *([(SafeText("…"), "muted")] if cut else []),
        (SafeText(folder + slash), "muted"),
        (SafeText(name), "bar-name"),
    ]
    taken = cell_len(kept) + (cut > 0)
    pieces.append((SafeText(" " * max(0, room - taken)), ""))
    return [*pieces, *end], 3 + (cut > 0), cut


def _end(entry: FileEntry) -> list[StyledText]:
    """Return the right end of a row."""
    added = f"+{entry.added:,}" if entry.added else ""
    removed = f"−{entry.removed:,}" if entry.removed else ""
    left = entry.hunks - entry.viewed
    if not entry.hunks:
        words, look = "", "muted"
    elif not left:
        words, look = "✓ viewed", "bar-added"
    else:
        words, look = f"{left:,} left", "warning" if entry.viewed else "muted"
    said = f"┃{entry.comments}" if entry.comments else ""
    return [
        (SafeText(f" {said:>3}"), "talk-mark"),
        (SafeText(f"{added:>{_COUNTS // 2}}"), "bar-added"),
        (SafeText(f"{removed:>{_COUNTS - _COUNTS // 2}}"), "bar-removed"),
        (SafeText(f"{words:>{_LEFT}} "), look),
    ]


def files_like(text: str, paths: Sequence[str]) -> tuple[list[int], list[list[int]]]:
    """Return which paths have the letters of `text` in that order, the closest together first, and where each has them."""
    wanted = "".join(text.casefold().split())
    found: list[tuple[int, int, list[int]]] = []
    for number, path in enumerate(paths):
        places = letters_in(wanted, path.casefold())
        if places is not None:
            spread = places[-1] - places[0] if places else 0
            found.append((spread, number, places))
    found.sort(key=lambda one: one[:2])
    return [number for _, number, _ in found], [places for _, _, places in found]


def path_shown(path: str) -> SafeText:
    """Return a path as the list shows it: of a long one the end."""
    return shown(path[-LONGEST_PATH:])


def entry_of(diff: DiffBlock | None, folds: Folds, number: int) -> FileEntry:
    """Return the facts of a file of a diff."""
    if diff is None or number >= len(diff.files):
        return FileEntry(SafeText(""), "", 0, 0, 0, 0, 0)
    change, hunks = diff.files[number].change, diff.hunks_of(number)
    viewed = folds.progress(diff, number)[0] if len(hunks) <= _MOST_COUNTED else 0
    first = diff.files[number].start
    last = diff.files[number + 1].start if number + 1 < len(diff.files) else 1 << 60
    said = sum(
        comment.place is not None
        and comment.place.part == "diff"
        and first <= comment.place.line < last
        for comment in folds.comments
    )
    return FileEntry(
        path_shown(change.path), change.status, change.added, change.removed, viewed, len(hunks), said
    )  # fmt: skip


class FilePicker(Dialog[int]):
    """Lists files by their paths; gives the number of the one that was taken. `peek` is told which the cursor is on."""

    DEFAULT_CSS = """
    FilePicker {
        align: left top; background: $background 0%;
        & > Vertical {
            width: 48%; min-width: 60; max-width: 104; height: 1fr; margin: 1 0;
            border: round $border; background: $surface;
        }
        & Input { background: $surface; padding: 0 1; }
        &.-narrow > Vertical, &.-below > Vertical {
            width: 100%; max-width: 100%; height: 40%; min-height: 8; margin: 0;
        }
        &.-below { align: left bottom; }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]

    def __init__(
        self,
        keymap: Keymap,
        paths: Sequence[SafeText],
        about: Callable[[int], FileEntry],
        peek: Callable[[int], object],
        *,
        at: int,
        words: str,
        below: bool = False,
    ) -> None:
        """Take also the file to begin `at`, and `words` for the lower edge; `below` leaves the upper part free."""
        super().__init__(keymap, classes="-below" if below else None)
        self._paths = paths
        self._about = about
        self._peek = peek
        self._at = at
        self._words = words
        self._text = ""

    def compose(self) -> ComposeResult:
        """Lay out the line that is typed into, and the list."""
        with Vertical() as frame:
            frame.border_title = Content("Files")
            frame.border_subtitle = Content(f"{self._words} · Enter goes there · Esc goes back")
            yield LineInput(placeholder="letters of its name", compact=True, select_on_focus=False)
            yield FileList(self._about)

    def on_mount(self) -> None:
        """List all files, the cursor on the one that is being read."""
        self.call_after_refresh(self._list, "", self._at)

    @property
    def files(self) -> FileList:
        """The list."""
        return self.query_one(FileList)

    def _list(self, text: str, at: int = 0) -> None:
        files, letters = files_like(text, self._paths)
        self.files.show(files, letters if text.strip() else (), at=at)
        title = f"{len(files):,} of {len(self._paths):,} files" if text.strip() else "Files"
        self.query_one(Vertical).border_title = Content(title)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if event.value != self._text:  # pasted
            self._filter(event.value)

    def _filter(self, text: str) -> None:
        self._text = text
        self._list(text)
        if text.strip() and (file := self.files.file) is not None:
            self._peek(file)

    @on(FileList.Moved)
    def _moved(self, event: FileList.Moved) -> None:
        self._peek(event.file)

    @on(FileList.Chosen)
    def _clicked(self, event: FileList.Chosen) -> None:
        self.dismiss(event.file)

    def accept(self) -> None:
        """Go to the file under the cursor."""
        if (file := self.files.file) is not None:
            self.dismiss(file)

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of the dialog's commands, by name."""
        page = max(1, self.files.height - 1)
        return {
            **super().command_handlers(),
            "move.down": lambda: self._move(1),
            "move.up": lambda: self._move(-1),
            "move.page_down": lambda: self._move(page),
            "move.page_up": lambda: self._move(-page),
        }

    def press_key(self, event: events.Key) -> bool:
        """Type a character, or run a command by a key that types none."""
        line = self.query_one(LineInput)
        if (step := _STEPS.get(event.key)) is not None:
            self._move(step)
        elif event.is_printable or not super().press_key(event):
            if not line.feed(event):
                return False
            self._filter(line.value)
        return True

    def _move(self, step: int) -> None:
        self.files.cursor += step


_STEPS: Final = {
    **dict.fromkeys(("down", "ctrl+n", "ctrl+j", "tab"), 1),
    **dict.fromkeys(("up", "ctrl+p", "ctrl+k", "shift+tab"), -1),
}
"""Keys that move between files while letters are typed."""
