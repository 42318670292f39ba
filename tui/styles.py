"""The looks of a mail's parts, in a theme's colours.

No component classes: Textual works out the style of each at every update of the screen, before the first frame too.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rich.style import Style as RichStyle
from textual.color import Color
from textual.style import Style

from tui.themes import add_diff_colours

if TYPE_CHECKING:
    from textual.widget import Widget

LOOKS: Final[Mapping[str, str]] = {
    "subject": "bold $foreground",
    "header-name": "$foreground-muted",
    "person": "$quote-1",
    "muted": "$foreground-muted",
    "rule": "$border-blurred",
    "warning": "bold $text-warning",
    "link": "underline $text-primary",
    "note-title": "bold $foreground",
    "heading": "bold",
    "fold": "$foreground-muted",
    "quote-1": "$quote-1 85%",
    "quote-2": "$quote-2 80%",
    "quote-3": "$quote-3 75%",
    "quote-added": "$diff-added 80%",
    "quote-removed": "$diff-removed 80%",
    "trailer": "$trailer",
    "trailer-given": "bold $trailer",
    "signature": "$text-disabled",
    "bar": "on $panel",
    "bar-edge": "$diff-hunk",
    "bar-name": "bold $foreground",
    "bar-words": "$foreground-muted",
    "bar-added": "bold $diff-added",
    "bar-removed": "bold $diff-removed",
    "file-header": "$foreground-muted",
    "hunk": "on $diff-hunk 9%",
    "hunk-range": "$diff-hunk 75%",
    "hunk-section": "$foreground 80%",
    "context": "",
    "added": "on $diff-added 13%",
    "removed": "on $diff-removed 13%",
    "moved-added": "on $diff-moved-to 13%",
    "moved-removed": "on $diff-moved-from 13%",
    "moved-added-sign": "bold $diff-moved-to",
    "moved-removed-sign": "bold $diff-moved-from",
    "moved-note": "italic $foreground-muted",
    "nothing": "on $panel 35%",
    "outside": "$foreground-muted",
    "broken": "$text-warning",
    "added-sign": "bold $diff-added",
    "removed-sign": "bold $diff-removed",
    "line-number": "$text-disabled",
    "keyword": "$text-accent",
    "type": "$text-secondary",
    "function": "$text-primary",
    "string": "$text-warning",
    "number": "$text-warning",
    "comment": "italic $foreground-muted",
    "preprocessor": "$text-secondary",
    "talk": "on $quote-1 9%",
    "talk-rule": "$quote-1 60%",
    "talk-mark": "$quote-1",
    "talk-name": "bold $quote-1",
    "talk-own": "bold $text-warning",
    "cursor-line": "on $block-cursor-background 35%",
    "added-word": "on $diff-added 32%",
    "removed-word": "on $diff-removed 32%",
    "whitespace-error": "on $error 60%",
    "deceit": "bold reverse $error",
    "version-new": "bold $primary",
    "version-old": "$foreground-muted",
    "version-gone": "strike $foreground-muted",
    "version-note": "italic $foreground-muted",
    "cursor": "on $block-cursor-background",
    "match": "$foreground on $warning 40%",
    "match-current": "bold $background on $warning",
    "selected": "on $input-selection-background",
}
"""Name → attributes, colour, `on` background; a colour is a theme's variable (see `tui.themes`), or the terminal's."""

_CLEAR: Final[Mapping[str, str]] = {
    "keyword": "$accent",
    "type": "$secondary",
    "function": "$primary",
    "string": "$warning",
    "number": "$warning",
    "preprocessor": "$secondary",
}
"""Looks in a theme's plain colours, which have enough contrast on a dark background."""

_ANSI: Final[Mapping[str, str]] = {
    "added": "ansi_green on ansi_default",
    "removed": "ansi_red on ansi_default",
    "moved-added": "ansi_cyan on ansi_default",
    "moved-removed": "ansi_magenta on ansi_default",
    "moved-added-sign": "bold ansi_cyan",
    "moved-removed-sign": "bold ansi_magenta",
    "moved-note": "dim ansi_default",
    "nothing": "on ansi_default",
    "hunk": "on ansi_default",
    "hunk-range": "ansi_cyan",
    "hunk-section": "ansi_default",
    "bar": "reverse on ansi_default",
    "bar-name": "bold reverse $foreground",
    "bar-words": "reverse $foreground",
    "bar-added": "bold reverse ansi_default",
    "bar-removed": "bold reverse ansi_default",
    "muted": "dim ansi_default",
    "header-name": "dim ansi_default",
    "signature": "dim ansi_default",
    "line-number": "dim ansi_default",
    "comment": "dim italic ansi_default",
    "keyword": "ansi_magenta",
    "type": "ansi_cyan",
    "function": "ansi_blue",
    "string": "ansi_yellow",
    "number": "ansi_yellow",
    "preprocessor": "ansi_cyan",
    "quote-added": "ansi_green",
    "quote-removed": "ansi_red",
    "talk": "on ansi_default",
    "cursor-line": "reverse on ansi_default",
    "added-word": "bold reverse ansi_green",
    "removed-word": "bold reverse ansi_red",
    "whitespace-error": "reverse ansi_red",
    "deceit": "bold reverse ansi_red",
    "version-new": "bold ansi_blue",
    "version-old": "dim ansi_default",
    "version-gone": "dim strike ansi_default",
    "version-note": "dim italic ansi_default",
    "match": "ansi_black on ansi_yellow",
    "match-current": "bold underline ansi_black on ansi_bright_yellow",
}
"""Sixteen colours have no tints: the text itself is coloured as added and removed."""

CODE: Final = frozenset(
    {"keyword", "type", "function", "string", "number", "comment", "preprocessor"}
)
"""The looks of code."""

_ATTRIBUTES: Final = frozenset({"bold", "dim", "italic", "underline", "reverse", "strike"})

CSS: Final = """
MessageView {
    overflow-x: hidden;
    overflow-y: auto;
    scrollbar-gutter: stable;
    scrollbar-size-vertical: 1;
}
"""
"""`MessageView`'s own."""


class StyleSheet:
    """The looks in the colours of one theme: its `variables`, the terminal's own sixteen colours where `ansi`."""

    def __init__(
        self, variables: Mapping[str, str], ground: Style, *, dark: bool, ansi: bool
    ) -> None:
        """Take also the `ground` that looks are laid on: the widget's own colours; `dark`, or not, says which colours can be read on it."""
        self._variables = variables
        self._ground = ground
        self._looks = {**LOOKS, **(_CLEAR if dark else {}), **(_ANSI if ansi else {})}

    def style(self, *names: str) -> RichStyle:
        """Return looks laid over each other, the last on top; an unknown one is plain."""
        background = self._ground.background or Color(0, 0, 0, 0)
        colour = self._ground.foreground or Color(255, 255, 255, 0)
        attributes: set[str] = set()
        for name in names:
            text, _, ground = self._looks.get(name, "").partition("on ")
            if ground:
                background += self._colour(ground, background)
            words = text.split()
            attributes |= _ATTRIBUTES.intersection(words)
            if rest := " ".join(word for word in words if word not in _ATTRIBUTES):
                colour = self._colour(rest, background)
        return RichStyle(
            color=(background + colour).rich_color,
            bgcolor=background.rich_color,
            bold="bold" in attributes or None,
            dim="dim" in attributes or None,
            italic="italic" in attributes or None,
            underline="underline" in attributes or None,
            reverse="reverse" in attributes or None,
            strike="strike" in attributes or None,
        )

    def _colour(self, written: str, background: Color) -> Color:
        """Return the colour of `NAME`, `$VARIABLE` or `auto` (the most contrast), each with or without `85%` of it."""
        name, _, share = written.strip().partition(" ")
        alpha = float(share.rstrip("%")) / 100 if share else 1.0
        if name == "auto":
            return background.get_contrast_text(alpha)
        if name.startswith("$"):
            return self._colour(self._variables[name[1:]], background).multiply_alpha(alpha)
        return Color.parse(name).multiply_alpha(alpha)


_TREE_LOOKS: Final[Mapping[str, str]] = {
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
    "landed": "$text-success",
    "flag": "bold $text-warning",
    "priority": "bold $text-accent",
    "label": "$text-secondary",
    "cursor": "bold $block-cursor-foreground on $block-cursor-background",
    "cursor-blurred": "$block-cursor-blurred-foreground on $block-cursor-blurred-background",
}
_TREE_ANSI: Final[Mapping[str, str]] = {
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
        self,
        variables: Mapping[str, str],
        ground: Style,
        *,
        dark: bool,
        ansi: bool,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`more` adds to the tree's looks, or replaces them."""
        super().__init__(variables, ground, dark=dark, ansi=ansi)
        self._ansi = ansi
        self._looks = {**_TREE_LOOKS, **(_TREE_ANSI if ansi else {}), **more}

    def names(self, look: str, state: str) -> tuple[str, ...]:
        """Return the names of the styles laid over each other in a line that is `plain`, `cursor` or `cursor-blurred`."""
        line = () if state == "plain" else (state,)
        if look == "lit" and state == "cursor":
            return (*line, "lit-cursor")
        # Of sixteen colours too few can be read upon the cursor's own.
        if state == "cursor" and (look in _FAINT or self._ansi):
            return line
        return (*line, look)


class RowStyles:
    """The styles of one widget's rows, each worked out once and until the theme changes."""

    def __init__(self, widget: Widget, more: Mapping[str, str] = MappingProxyType({})) -> None:
        """`more` adds to the tree's looks, or replaces them."""
        self._widget = widget
        self._more = more
        self._sheet: TreeStyles | None = None
        self._styles: dict[tuple[str, str], RichStyle] = {}

    def clear(self) -> None:
        """Forget the styles: the theme, or the widget's own style, is another."""
        self._sheet = None
        self._styles.clear()

    def style(self, look: str, state: str) -> RichStyle:
        """Return the style of a look in a row that is `plain`, `cursor` or `cursor-blurred`."""
        style = self._styles.get((look, state))
        if style is None:
            if self._sheet is None:
                app = self._widget.app
                self._sheet = TreeStyles(
                    add_diff_colours(app.theme_variables),
                    self._widget.visual_style,
                    dark=app.current_theme.dark,
                    ansi=app.native_ansi_color,
                    more=self._more,
                )
            style = self._sheet.style(*self._sheet.names(look, state))
            self._styles[look, state] = style
        return style
