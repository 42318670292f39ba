"""The looks of the tree's parts, in a theme's colours; how they are written is told in `message_looks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.style import Style

from tui.styles import StyleSheet

_LOOKS: Final[Mapping[str, str]] = {
    "subject": "$foreground",
    "thread": "$foreground-muted",
    "unread": "bold $foreground",
    "unread-author": "bold $quote-1",
    "news": "bold $text-accent",
    "heading": "bold $text-primary on $panel",
    "cover": "$foreground",
    "patch": "$foreground",
    "muted": "$foreground-muted",
    "number": "$text-primary",
    "version": "$text-secondary",
    "tag": "$text-warning",
    "complete": "$foreground-muted",
    "incomplete": "$text-warning",
    "missing": "$text-error",
    "trailer": "$trailer",
    "replies": "$text-accent",
    "author": "$quote-1",
    "age": "$foreground-muted",
    "expander": "$foreground-muted",
    "series-glyph": "$primary",
    "lit": "bold underline $text-warning",
    "lit-cursor": "bold underline",
    "mark": "bold $background on $text-accent",
    "state-done": "$text-success",
    "state-skipped": "$foreground-muted",
    "state-waiting": "$text-warning",
    "state-later": "$text-secondary",
    "state-accepted": "bold $text-success",
    "flag": "bold $text-warning",
    "priority": "bold $text-accent",
    "label": "$text-secondary",
    "cursor": "bold $block-cursor-foreground on $block-cursor-background",
    "cursor-blurred": "$block-cursor-blurred-foreground on $block-cursor-blurred-background",
}
_ANSI: Final[Mapping[str, str]] = {
    # The terminal's own sixteen colours have no grey that is sure to be seen.
    "thread": "dim $foreground",
    "muted": "dim $foreground",
    "complete": "dim $foreground",
    "age": "dim $foreground",
    "expander": "$foreground",
    "lit": "bold underline ansi_yellow",
    "cursor-blurred": "underline $foreground",
}
_FAINT: Final = frozenset({"thread", "muted", "age", "complete", "expander", "state-skipped"})
"""Looks too faint for the cursor's line."""


class TreeStyles(StyleSheet):
    """The looks in the colours of one theme."""

    def __init__(
        self, variables: Mapping[str, str], ground: Style, *, dark: bool, ansi: bool
    ) -> None:
        super().__init__(variables, ground, dark=dark, ansi=ansi)
        self._ansi = ansi
        self._looks = {**_LOOKS, **(_ANSI if ansi else {})}

    def names(self, look: str, state: str) -> tuple[str, ...]:
        """Return what is laid over each other for a look in a line that is `plain`, `cursor` or `cursor-blurred`."""
        line = () if state == "plain" else (state,)
        if look == "lit" and state == "cursor":
            return (*line, "lit-cursor")
        # Of sixteen colours too few can be read upon the cursor's own.
        if state == "cursor" and (look in _FAINT or self._ansi):
            return line
        return (*line, look)
