"""The net under `core.text.shown`: no control character leaves the application, whoever forgot to clean it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.filter import LineFilter

CONTROLS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""What `core.text` makes visible, said a second time on purpose: a mistake there does not open the net here."""


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
    """Take all colours away, for who set NO_COLOR; what only its ground set off (cursor, match) is reversed."""

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
