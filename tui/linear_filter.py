"""The linear mode, for screen readers and plain terminals: words in place of glyphs, nothing that only draws."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_WORDS: Final = {
    "✓ viewed": "viewed",
    "▸ ": "folded: ",
    "▾ ": "open: ",
    "▸": "folded",
    "▾": "open",
    "◆ ": "series ",
    "◇ ": "thread ",
    "≡ ": "cover letter ",
    "● ": "unread ",
    "↳": "replies ",
    "✓": "done",
    "✗": "skipped",
    "◷": "waiting",
    "☾": "later",
    "✚": "accepted",
    "⚑": "flagged",
    "✎": "note",
    "≠": "clashes",
    " · ": ", ",
    "↑↓": "Up, Down",
    "→": "Right",
    "←": "Left",
    "↑": "Up",
    "↓": "Down",
    "┃": ">",
    "›": " ",
    "│": " ",
}
"""Words for what the screens draw. A row that grows by them loses of its end."""

_GLYPHS: Final = re.compile("|".join(map(re.escape, _WORDS)))
_FROM_TO: Final = re.compile(r"(?<=\w) → (?=\w)")
"""An arrow that is no key."""
_DRAWN: Final = re.compile("[\u2500-\u259f\u2800-\u28ff]")
"""Lines, boxes, blocks and the pictures of a spinner."""


class LinearFilter(LineFilter):
    """Say in words what a line would draw, and leave out what only draws; each line stays as wide as it was."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """Return the segments in words; the same list where there is nothing to say otherwise."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        width = sum(cell_len(segment.text) for segment in segments)
        return list(
            _fitted(
                (Segment(plain(text), style, control) for text, style, control in segments), width
            )
        )


def plain(text: str) -> str:
    """Return text with words for glyphs, and blanks for what only draws."""
    if text.isascii():
        return text
    text = _FROM_TO.sub(" to ", text.replace("l →", "l Right"))
    return _DRAWN.sub(" ", _GLYPHS.sub(lambda found: _WORDS[found[0]], text))


def _fitted(segments: Iterable[Segment], width: int) -> Iterable[Segment]:
    """Yield segments that have `width` cells together."""
    left = width
    style: Style | None = None
    for text, style, control in segments:
        if control:
            yield Segment(text, style, control)
            continue
        cells = cell_len(text)
        if cells > left:
            text, cells = set_cell_size(text, left), left
        left -= cells
        if text:
            yield Segment(text, style)
    if left > 0:
        yield Segment(" " * left, style)
