"""An interdiff as the reader shows it over the patch: signs, removed rows, notes above."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from core.text import SafeText, shown, shown_line
from tui.reader.row import PageRow, RowsBlock, StyledText, slice_pieces, wrap_words

if TYPE_CHECKING:
    # What reads diffs is imported with the first mail: the first frame does not wait for it.
    from core.versions.comparison import PairInterdiff
    from core.versions.interdiff import FileInterdiff

Place = tuple[int, int]
"""A hunk of the diff, and a line of it; -1: its header."""

_NEW: Final = "▎"
_OLD: Final = "▏"
_MARGIN: Final = 1


@dataclass(frozen=True, slots=True)
class GoneRow:
    """A row of the old version that the new one has not."""

    text: str
    """With its sign."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterdiffView:
    """The interdiff of the patch that the reader shows, by its hunks and lines."""

    old: str
    """How the older version is called: `v2`."""
    new: str
    head: tuple[StyledText, ...] = ()
    """Lines above the message: kind of change, the author's changelog, tags, the old message."""
    marks: Mapping[Place, str] = field(default_factory=dict)
    """Lines that this version added or changed, each with its note."""
    gone: Mapping[Place, tuple[GoneRow, ...]] = field(default_factory=dict)
    """Lines of the old version that stood below a line."""
    unchanged: frozenset[int] = frozenset()
    """Hunks that are as they were."""
    linear: bool = False
    """Say versions by name and not by a mark."""

    @property
    def margin(self) -> int:
        """Cells in front of each line of the diff."""
        return max(len(self.old), len(self.new)) + 2 if self.linear else _MARGIN

    def mark(self, hunk: int, line: int) -> StyledText:
        """Return the sign in front of a line of the patch."""
        if (hunk, line) not in self.marks:
            return SafeText(" " * self.margin), ""
        text = f"{self.new}: " if self.linear else _NEW
        return shown_line(f"{text:<{self.margin}}"), "version-new"

    def note(self, hunk: int, line: int) -> tuple[StyledText, ...]:
        """Return the note at the right edge of a line."""
        words = self.marks.get((hunk, line), "")
        return ((SafeText(f" {shown(words)} "), "version-note"),) if words else ()

    def gone_rows(self, place: Place) -> RowsBlock:
        """Return the rows that stood below a line in the old version."""
        text = f"{self.old}: " if self.linear else _OLD
        gutter: StyledText = (shown_line(f"{text:<{self.margin}}"), "version-old")
        return RowsBlock(
            PageRow(
                ((shown_line(row.text, first_column=1), "version-gone"),),
                (gutter,),
                pans=True,
                fixed=1,
                note=((SafeText(f" {shown(row.note)} "), "version-note"),) if row.note else (),
            )
            for row in self.gone[place]
        )

    def head_rows(self, width: int) -> RowsBlock:
        """Return the lines above the message in `width` cells."""
        rows: list[PageRow] = []
        for piece in self.head:
            for start, end in wrap_words(piece[0], max(8, width - 2), 2):
                margin = SafeText(" " if not start else "   ")
                rows.append(PageRow(slice_pieces([piece], start, end), ((margin, ""),)))
        return RowsBlock([*rows, PageRow()] if rows else [])


def view_of(
    pair: PairInterdiff, head: tuple[StyledText, ...], *, old: str, new: str, linear: bool
) -> InterdiffView:
    """Return the view of a pair over its new patch, or over the old one where that is gone."""
    marks: dict[Place, str] = {}
    gone: dict[Place, list[GoneRow]] = {}
    first = 0
    for file in pair.files:
        if file.new is None:
            continue
        for place, said in _marked(file, pair, new, first):
            if isinstance(said, GoneRow):
                gone.setdefault(place, []).append(said)
            else:
                marks[place] = said
        first += len(file.new.hunk_starts)
    touched = {hunk for hunk, _ in (*marks, *gone)}
    return InterdiffView(
        old=old,
        new=new,
        head=head,
        marks=marks,
        gone={place: tuple(rows) for place, rows in gone.items()},
        unchanged=frozenset(range(first)) - touched if pair.old is not None else frozenset(),
        linear=linear,
    )


def _marked(
    file: FileInterdiff, pair: PairInterdiff, new: str, first: int
) -> Iterator[tuple[Place, str | GoneRow]]:
    """Yield the lines of a file that say something, `first` the number of its first hunk."""
    from core.versions.formats.phrases import row_differs, row_note

    if file.new is None or not file.new.hunk_starts:
        return
    starts = file.new.hunk_starts
    hunk, place = 0, (first, -1)
    for at, row in enumerate(file.rows):
        if row.new >= 0:
            while hunk + 1 < len(starts) and row.new >= starts[hunk + 1]:
                hunk += 1
            place = (first + hunk, row.new - starts[hunk])
        if not row_differs(row):
            continue
        note = row_note(file, at, pair, new)
        if row.new >= 0:
            yield place, note
        elif row.effect:
            yield place, GoneRow(row.was + row.text, note)
