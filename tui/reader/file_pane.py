"""The files of the patch in the reader, over the screen: letters narrow them down, the reader follows the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from core.text import SafeText
from tui.reader.files import FileEntry, FileList, files_like


class FilePicker(ModalScreen[int | None]):
    """Lists files by their paths; gives the number of the one that was taken. `peek` is told which the cursor is on."""

    DEFAULT_CSS = """
    FilePane {
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
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "dismiss(None)", "Back"),
        Binding("down,ctrl+n,ctrl+j,tab", "move(1)", "Down", priority=True),
        Binding("up,ctrl+p,ctrl+k,shift+tab", "move(-1)", "Up", priority=True),
        Binding("pagedown,ctrl+f", "page(1)", "A page down", priority=True),
        Binding("pageup,ctrl+b", "page(-1)", "A page up", priority=True),
    ]

    def __init__(
        self,
        paths: Sequence[SafeText],
        about: Callable[[int], FileEntry],
        peek: Callable[[int], object],
        *,
        at: int,
        words: str,
        below: bool = False,
    ) -> None:
        """Take also the file to begin `at`, and `words` for the lower edge; `below` leaves the upper part free."""
        super().__init__(classes="-below" if below else None)
        self._paths = paths
        self._about = about
        self._peek = peek
        self._at = at
        self._words = words

    def compose(self) -> ComposeResult:
        """Lay out the line that is typed into, and the list."""
        with Vertical() as frame:
            frame.border_title = Content("Files")
            frame.border_subtitle = Content(f"{self._words} · Enter goes there · Esc goes back")
            yield Input(placeholder="letters of its name", compact=True, select_on_focus=False)
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
        self._list(event.value)
        if event.value.strip() and (file := self.files.file) is not None:
            self._peek(file)

    @on(FileList.Moved)
    def _moved(self, event: FileList.Moved) -> None:
        self._peek(event.file)

    @on(FileList.Chosen)
    def _clicked(self, event: FileList.Chosen) -> None:
        self.dismiss(event.file)

    @on(Input.Submitted)
    def _take(self) -> None:
        if (file := self.files.file) is not None:
            self.dismiss(file)

    def action_move(self, step: int) -> None:
        """Move by files."""
        self.files.cursor += step

    def action_page(self, direction: int) -> None:
        """Move by as many files as are on the screen."""
        self.files.cursor += direction * max(1, self.files.height - 1)
