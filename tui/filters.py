"""The net under `core.text.shown`: no control character leaves the application, whoever forgot to clean it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.filter import LineFilter

import tui.cell_widths  # noqa: F401 - measures as terminals do, from here on
from core.text import CONTROLS


class ControlFilter(LineFilter):
    """Take control, bidi and invisible format characters out of every line before it is written.

    It deletes, since these measure no cells; making them visible is the work of `core.text`, before measuring.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """Return the segments without controls; the same list where there are none."""
        if not any(CONTROLS.search(segment.text) for segment in segments):
            return segments
        return [
            Segment(CONTROLS.sub("", text), style, control) for text, style, control in segments
        ]


_STANDS_OUT: Final = 100
"""How far a ground is from the theme's own, over the three parts of a colour, where it sets something off."""


class PlainFilter(LineFilter):
    """Remove all colours, for NO_COLOR; text marked by its background alone (cursor, match) is reversed."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__()
        self._ground = _parsed(variables.get("background", ""))
        self._cursor = _parsed(variables.get("block-cursor-background", ""))

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """Return the segments without colours."""
        return [
            Segment(text, _plain(style, self._ground, self._cursor) if style else style, control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=2048)
def _plain(style: Style, ground: RichColor | None, cursor: RichColor | None) -> Style:
    own = style.bgcolor
    reverse = style.reverse
    if own is not None and not own.is_default and not reverse:
        reverse = own == cursor or ground is None or _distance(own, ground) >= _STANDS_OUT
    return style.without_color + Style(reverse=reverse)


def _distance(one: RichColor, other: RichColor) -> int:
    pairs = zip(one.get_truecolor(), other.get_truecolor(), strict=True)
    return sum(abs(a - b) for a, b in pairs)


@lru_cache(maxsize=16)
def _parsed(colour: str) -> RichColor | None:
    """Return a theme's colour; None of one that is the terminal's own."""
    try:
        parsed = Color.parse(colour)
    except ColorParseError:
        return None
    return None if parsed.ansi is not None else parsed.rich_color


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
"""Words for the glyphs of the screens. A row that they make longer is cut at its end."""

_GLYPHS: Final = re.compile("|".join(map(re.escape, _WORDS)))
_FROM_TO: Final = re.compile(r"(?<=\w) → (?=\w)")
"""An arrow that is no key."""
_DRAWN: Final = re.compile("[\u2500-\u259f\u2800-\u28ff]")
"""Lines, boxes, blocks and the pictures of a spinner."""


class LinearFilter(LineFilter):
    """Write drawn glyphs as words, and remove decoration; each line keeps its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """Return the segments with signs replaced by text; the same list where there are no signs."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        width = sum(cell_len(segment.text) for segment in segments)
        return list(
            _fitted(
                (Segment(plain(text), style, control) for text, style, control in segments), width
            )
        )


def plain(text: str) -> str:
    """Return text with words for glyphs, and blanks for decoration."""
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
