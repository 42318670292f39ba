"""The net under `core.text.shown`: no control character leaves the application, whoever forgot to clean it."""

from __future__ import annotations

import re
from typing import Final

from rich.segment import Segment
from textual.color import Color
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
