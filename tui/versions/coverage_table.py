"""The table of patches and people of a series, with a cursor on its cells: over the whole screen, as a dialog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widgets import Static

from core.coverage.matrix import Cell, CoverageMatrix, coverage_matrix
from core.coverage.people import is_same_person
from core.coverage.phrases import coverage_summary, tag_phrase
from core.coverage.ready import ReadyRule
from core.coverage.values import Coverage, PatchCoverage
from core.model import MessageId
from core.text import SafeText, shown_line
from tui.keys.keymap import Keymap
from tui.reader.painter import Painter
from tui.reader.row import PageRow, StyledText, StyleSpan
from tui.widgets.cursor_list import CursorList
from tui.widgets.dialog import Dialog
from tui.widgets.row_text import fit

_NUMBER: Final = 4
_TITLE: Final = 44
"""Most cells of a patch's title."""
_NARROWEST: Final = 4
_WIDEST: Final = 16
"""Cells of a column."""
_LOOKS: Final = {"!": "warning", "-": "warning", "?": "muted", "": "added-sign"}
"""The look of a letter by the mark beside it."""


@dataclass(frozen=True, slots=True)
class ChosenCell:
    """A cell that was taken from the table."""

    patch: MessageId
    mail: MessageId
    """The mail behind the cell: a reply, or the patch."""
    compare: bool
    """Show what changed since, not the mail."""
    posting: MessageId | None
    """The posting that the trailer was given to; None for none."""


class CoverageTable(CursorList):
    """Shows a row a patch and a column a person; the cursor is on one cell."""

    DEFAULT_CSS = """
    CoverageTable { height: 1fr; background: $surface; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    column: reactive[int] = reactive(0, repaint=False, init=False)
    """The column of the cursor, from 0."""

    @dataclass
    class Moved(Message):
        """Another cell is under the cursor."""

    def __init__(self, matrix: CoverageMatrix) -> None:
        super().__init__()
        self._matrix = matrix
        self._first = 0
        """The first column on the screen."""
        self._painter = Painter(self)
        self.virtual_size = Size(0, len(matrix.rows) + 1)  # the names stand in the first row

    def on_mount(self) -> None:
        """Put the cursor on the first patch."""
        self.place_cursor(1)
        self.cursor_moved()

    @property
    def here(self) -> tuple[PatchCoverage, Cell]:
        """The patch and the cell under the cursor."""
        patch, cells = self._matrix.rows[self.cursor - 1]
        return patch, cells[self.column] if cells else Cell()

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor below the names."""
        return max(1, super().validate_cursor(cursor))

    def validate_column(self, column: int) -> int:
        """Keep the cursor on a column."""
        return max(0, min(column, len(self._matrix.people) - 1))

    def watch_column(self) -> None:
        """Show the column, and report the cell."""
        self.refresh()
        self.cursor_moved()

    def cursor_moved(self) -> None:
        """Report the cell under the cursor."""
        self.post_message(self.Moved())

    def show_cursor(self) -> None:
        """Scroll to the cursor; to the first patch, with the names above it."""
        if self.cursor == 1:
            self.scroll_to_row(0)
        else:
            super().show_cursor()

    def notify_style_update(self) -> None:
        """Forget the colours of before."""
        self._painter.forget()
        super().notify_style_update()

    def _layout_columns(self, width: int) -> tuple[int, int, int]:
        """Return the cells of a title and of a column, and how many columns there is room for."""
        people = max(1, len(self._matrix.people))
        title = max(12, min(_TITLE, width // 2 - _NUMBER))
        room = width - _NUMBER - title
        column = max(_NARROWEST, min(_WIDEST, room // people))
        return title, column, max(1, min(people, room // column))

    def render_line(self, y: int) -> Strip:
        """Paint one row."""
        width = self.scrollable_content_region.width
        title, column, count = self._layout_columns(width)
        self._first = max(self.column - count + 1, min(self._first, self.column))
        shown_columns = range(self._first, min(self._first + count, len(self._matrix.people)))
        at = self.scroll_offset.y + y
        if at > len(self._matrix.rows):
            return self._painter.blank(width)
        if at == 0:
            names = [self._matrix.people[one] for one in shown_columns]
            heads = [fit(one.name or one.address, column - 1) + " " for one in names]
            left = "‹ " if self._first else ""
            more = len(self._matrix.people) + self._matrix.further - shown_columns.stop
            tail = f"+{more}" if more > 0 else ""
            text = fit(left, _NUMBER + title, right=True) + "".join(heads) + tail
            return self._painter.paint(PageRow(((SafeText(text), "muted"),)), width)
        patch, cells = self._matrix.rows[at - 1]
        pieces: list[StyledText] = [
            (SafeText(f"{patch.number:>3} "), "muted"),
            (SafeText(fit(patch.title, title)), ""),
        ]
        for one in shown_columns:
            cell = cells[one]
            look = _LOOKS[cell.mark] if cell.tag is not None else "muted"
            pieces.append((SafeText(fit(f" {cell.letter or ' '}{cell.mark}", column)), look))
        marks: list[StyleSpan] = []
        if at == self.cursor:
            start = _NUMBER + title + column * (self.column - self._first)
            marks = [(start, start + min(column, _NARROWEST), "match")]
        base = "cursor" if at == self.cursor else ""
        return self._painter.paint(PageRow(tuple(pieces), base=base), width, overlays=marks)


class CoverageDialog(Dialog[ChosenCell]):
    """Shows the coverage of a series; gives the cell whose mail, or whose changes since, are wanted."""

    DEFAULT_CSS = """
    CoverageDialog {
        background: $background 0%;
        & > Vertical { width: 100%; height: 100%; border: round $border; background: $surface; }
        & Static { height: auto; max-height: 4; padding: 0 1; }
    }
    """

    def __init__(
        self, keymap: Keymap, title: SafeText, found: Coverage, rule: ReadyRule | None
    ) -> None:
        super().__init__(keymap)
        self._title = title
        self._found = found
        self._rule = rule
        self._matrix = coverage_matrix(found)

    def compose(self) -> ComposeResult:
        """Lay out the table, and the sentence on the cell under the cursor."""
        with Vertical() as frame:
            frame.border_title = Content(self._title)
            hints = "{dialog.accept} reads the mail · {versions.open} compares since · {app.back} goes back"
            frame.border_subtitle = Content(self.keymap.fill(hints))
            yield Static(Content(shown_line(coverage_summary(self._found, self._rule))))
            yield CoverageTable(self._matrix)
            yield Static(id="cell")

    @property
    def table(self) -> CoverageTable:
        """The table."""
        return self.query_one(CoverageTable)

    def on_coverage_table_moved(self) -> None:
        """Say what the cell under the cursor stands for."""
        self.query_one("#cell", Static).update(Content(shown_line(self._cell_text())))

    def _cell_text(self) -> str:
        """Return the person and the trailers of the cell, in words."""
        patch, cell = self.table.here
        if not self._matrix.people:
            return f"{patch.number} {patch.title}: nobody gave a trailer, commented or was asked"
        person = self._matrix.people[self.table.column]
        forgotten = {(one.number, one.tag) for one in self._found.forgotten}
        phrases = [
            tag_phrase(tag, self._found.version, forgotten=(patch.number, tag) in forgotten)
            for tag in patch.tags
            if is_same_person(tag.person, person)
        ]
        if not phrases:
            phrases = [{"c": "commented", "·": "asked, silent"}.get(cell.letter, "nothing here")]
        return f"{patch.number} {person.name or person.address}: {'; '.join(phrases)}"

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of the dialog's commands, by name."""
        table = self.table
        return {
            **super().command_handlers(),
            "versions.open": lambda: self._take(compare=True),
            "dialog.left": lambda: self._move_column(-1),
            "dialog.right": lambda: self._move_column(1),
            "move.down": lambda: table.action_line(1),
            "move.up": lambda: table.action_line(-1),
            "move.half_down": lambda: table.action_half_page(1),
            "move.half_up": lambda: table.action_half_page(-1),
            "move.page_down": lambda: table.action_page(1),
            "move.page_up": lambda: table.action_page(-1),
            "move.top": table.action_top,
            "move.bottom": table.action_bottom,
        }

    def _move_column(self, step: int) -> None:
        self.table.column += step

    def accept(self) -> None:
        """Take the mail behind the cell."""
        self._take(compare=False)

    def _take(self, *, compare: bool) -> None:
        patch, cell = self.table.here
        posting = cell.tag.posting if cell.tag is not None else None
        mail = cell.message_id or patch.message_id
        self.dismiss(ChosenCell(patch.message_id, mail, compare, posting))
