"""A comment as rows under the line it was made of: folded to one, or open."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from rich.cells import cell_len, set_cell_size

from core.comments.values import CarriedComment
from core.reply.draft import DraftState
from core.reply.own_comments import OwnComment
from core.series.review_comments import ReviewComment
from core.text import SafeText, shown
from tui.reader.prose import Prose, ProseBlock
from tui.reader.row import PageRow, StyledText
from tui.widgets.row_text import age

_DEEPEST: Final = 6
_INDENT: Final = 3
_WORDS_READ: Final = 400


_STATES: Final = {
    DraftState.DRAFT: "draft",
    DraftState.READY: "ready to send",
    DraftState.HANDING: "being sent",
    DraftState.SENT: "sent, not on the list yet",
    DraftState.FAILED: "not sent",
    DraftState.UNSURE: "may have been sent",
}
"""How the user's own comments are marked."""


def _rule(depth: int) -> StyledText:
    return SafeText(" " * (1 + _INDENT * min(depth, _DEEPEST)) + "┃"), "talk-rule"


class CommentBlock:
    """One comment in `width` cells."""

    def __init__(
        self,
        comment: ReviewComment,
        width: int,
        now: datetime,
        *,
        is_open: bool,
        unfolded: Collection[int] = (),
    ) -> None:
        """`unfolded` are the numbers of its folded quotes that are shown in full."""
        self._comment = comment
        self._width = width
        self._now = now
        self._rule = _rule(comment.depth)
        room = max(16, width - cell_len(self._rule[0]))
        self._quotes: list[int] = []
        """For each line of the body the number of the folded quote that it belongs to, -1 for none."""
        self._body = ProseBlock(Prose.read(self._lines(unfolded)), room) if is_open else None

    @property
    def count(self) -> int:
        """How many rows it has."""
        return 1 if self._body is None else 1 + self._body.count

    def row(self, at: int) -> PageRow:
        """Make one row."""
        if at == 0 or self._body is None:
            return PageRow(tuple(self._head()), (self._rule,), base="talk")
        row = self._body.row(at - 1)
        return PageRow(row.pieces, (self._rule, *row.gutter), base="talk")

    def _lines(self, unfolded: Collection[int]) -> list[str]:
        """Return the lines of the body: below that of a folded quote the quote, where it is unfolded."""
        folded = {one.line: number for number, one in enumerate(self._comment.folded)}
        shown_lines: list[str] = []
        for at, line in enumerate(self._comment.lines):
            number = folded.get(at, -1)
            mine = [line.rstrip("\r")]
            if number >= 0:
                text = line.lstrip("> ")
                sign = "▾" if number in unfolded else "▸"
                mine = [f"{line[: len(line) - len(text)]}{sign} {text}"]
                if number in unfolded:
                    mine += self._comment.folded[number].quoted
            shown_lines += mine
            self._quotes += [number] * len(mine)
        return shown_lines

    def quote_at(self, at: int) -> int | None:
        """Return the number of the folded quote that a row belongs to; None for none."""
        if at == 0 or self._body is None:
            return None
        number = self._quotes[self._body.line_of(at - 1)]
        return None if number < 0 else number

    def row_of_quote(self, number: int) -> int:
        """Return the row that stands for a folded quote."""
        return 0 if self._body is None else 1 + self._body.row_of(self._quotes.index(number))

    def _head(self) -> list[StyledText]:
        message = self._comment.message
        name = shown((message.sender.name or message.sender.address)[:60]) or SafeText("(nobody)")
        mark = " ▸ " if self._body is None else " ▾ "
        pieces: list[StyledText] = [
            (SafeText(mark), "talk-mark"),
            (name, "talk-name"),
            (SafeText(f"  {age(message.date, self._now)}"), "muted"),
        ]
        if isinstance(self._comment, CarriedComment):
            text = f"  v{self._comment.version} · {self._comment.evidence.value}"
            pieces.append((SafeText(text), "muted"))
        if isinstance(self._comment, OwnComment):
            pieces.append((SafeText(f"  {_STATES[self._comment.state]}"), "talk-own"))
        if self._body is None:
            room = (
                self._width
                - cell_len(self._rule[0])
                - sum(cell_len(text) for text, _ in pieces)
                - 3
            )
            words = shown(" ".join(self._comment.lines)[:_WORDS_READ].strip())
            if cell_len(words) > room:
                words = SafeText(set_cell_size(words, max(0, room - 1)).rstrip() + "…")
            pieces.append((SafeText(f"  {words}"), ""))
        return pieces

    def texts(self) -> list[str]:
        """Return the text of each row."""
        return [self.row(0).text, *(self._body.texts() if self._body is not None else ())]

    def separators(self) -> list[str]:
        """Return the text between each row and the next."""
        return ["\n", *(self._body.separators() if self._body is not None else ())]

    def line_of(self, at: int) -> int:
        """Return the row itself: nothing is remembered by its lines."""
        return at

    def row_of(self, line: int) -> int:
        """Return the line itself."""
        return min(line, self.count - 1)
