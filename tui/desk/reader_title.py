"""The title of the reader: the mail, your note on its series, the viewed hunks, the position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content

from core.text import shown
from tui.desk.controller import DeskView, ReaderContent
from tui.widgets.row_text import fit

if TYPE_CHECKING:
    from core.text import SafeText

_SUBJECT: Final = 30
_REST: Final = 50
"""Cells of a subject in a narrow title; in a wide one it has all but those that the rest needs."""


def reader_title(desk: DeskView, what: SafeText | None) -> Content:
    """Return the title of the reader's pane: the kind of its content (`what`; None for a note), with notes on that."""
    if what is None:
        return Content("")
    reader, tree = desk.reader, desk.series_tree
    parts: list[SafeText | str] = [what]
    row = tree.row if desk.content is ReaderContent.MAIL else None
    if row is not None and row.message is not None and reader.scroll_offset.y > 0:
        subject = shown(row.message.subject.title)
        room = max(_SUBJECT, reader.size.width - _REST)
        parts.append(fit(subject, min(cell_len(subject), room)))
    here = tree.here
    state = tree.standings.get(here) if here is not None else None
    if state is not None and state.note:
        parts.append(f"✎ {shown(state.note)}")
    parts.append(reader.viewed_text())
    if reader.scroll_offset.y > 0:  # at the top the mail itself says all that
        parts.append(f"{round(100 * reader.scroll_offset.y / max(1, reader.max_scroll_y))}%")
    return Content(" · ".join(filter(None, parts)))
