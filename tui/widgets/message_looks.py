"""The looks of a mail's parts: their names, and their colours as theme variables."""

from __future__ import annotations

from typing import Final

LOOKS: Final = (
    "subject", "header-name", "person", "muted", "rule", "warning", "link", "note-title", "heading", "fold",
    "quote-1", "quote-2", "quote-3", "quote-added", "quote-removed", "trailer", "trailer-given", "signature",
    "bar", "bar-name", "bar-words", "bar-added", "bar-removed", "file-header", "hunk", "hunk-range", "hunk-section",
    "context", "added", "removed", "remark", "broken", "added-sign", "removed-sign", "line-number",
    "keyword", "type", "function", "string", "number", "comment", "preprocessor",
    "match", "match-current", "selected",
)  # fmt: skip

CODE: Final = frozenset(
    {"keyword", "type", "function", "string", "number", "comment", "preprocessor"}
)
"""The looks of code."""

PREFIX: Final = "message-view--"

CSS: Final = """
MessageView {
    overflow-x: hidden;
    overflow-y: auto;
    scrollbar-gutter: stable;
    scrollbar-size-vertical: 1;

    & > .message-view--subject { text-style: bold; color: $foreground; }
    & > .message-view--header-name { color: $foreground-muted; }
    & > .message-view--person { color: $quote-1; }
    & > .message-view--muted { color: $foreground-muted; }
    & > .message-view--rule { color: $border-blurred; }
    & > .message-view--warning { color: $text-warning; text-style: bold; }
    & > .message-view--link { color: $text-primary; text-style: underline; }
    & > .message-view--note-title { text-style: bold; color: $foreground; }
    & > .message-view--heading { text-style: bold; }
    & > .message-view--fold { color: $foreground-muted; text-style: italic; }

    & > .message-view--quote-1 { color: $quote-1 85%; }
    & > .message-view--quote-2 { color: $quote-2 80%; }
    & > .message-view--quote-3 { color: $quote-3 75%; }
    & > .message-view--quote-added { color: $diff-added 80%; }
    & > .message-view--quote-removed { color: $diff-removed 80%; }
    & > .message-view--trailer { color: $trailer; }
    & > .message-view--trailer-given { color: $trailer; text-style: bold; }
    & > .message-view--signature { color: $text-disabled; }

    & > .message-view--bar { background: $panel; }
    & > .message-view--bar-name { color: $foreground; text-style: bold; }
    & > .message-view--bar-words { color: $foreground-muted; text-style: italic; }
    & > .message-view--bar-added { color: $diff-added; text-style: bold; }
    & > .message-view--bar-removed { color: $diff-removed; text-style: bold; }
    & > .message-view--file-header { color: $foreground-muted; }
    & > .message-view--hunk { background: $diff-hunk 9%; }
    & > .message-view--hunk-range { color: $diff-hunk 75%; }
    & > .message-view--hunk-section { color: $foreground 80%; }

    & > .message-view--added { background: $diff-added 13%; }
    & > .message-view--removed { background: $diff-removed 13%; }
    & > .message-view--added-sign { color: $diff-added; text-style: bold; }
    & > .message-view--removed-sign { color: $diff-removed; text-style: bold; }
    & > .message-view--remark { color: $foreground-muted; }
    & > .message-view--broken { color: $text-warning; }
    & > .message-view--line-number { color: $text-disabled; }

    & > .message-view--keyword { color: $text-accent; }
    & > .message-view--type { color: $text-secondary; }
    & > .message-view--function { color: $text-primary; }
    & > .message-view--string { color: $text-warning; }
    & > .message-view--number { color: $text-warning; }
    & > .message-view--comment { color: $foreground-muted; text-style: italic; }
    & > .message-view--preprocessor { color: $text-secondary; }

    /* On a dark ground the colours themselves are light enough to read. */
    &:dark {
        & > .message-view--keyword { color: $accent; }
        & > .message-view--type { color: $secondary; }
        & > .message-view--function { color: $primary; }
        & > .message-view--string { color: $warning; }
        & > .message-view--number { color: $warning; }
        & > .message-view--preprocessor { color: $secondary; }
    }

    & > .message-view--match { background: $warning 40%; color: $foreground; }
    & > .message-view--match-current { color: $background; background: $warning; text-style: bold; }
    & > .message-view--selected { background: $input-selection-background; }

    /* Sixteen colours have no tints: the text itself says what is added and removed. */
    &:ansi {
        & > .message-view--added { color: ansi_green; background: ansi_default; }
        & > .message-view--removed { color: ansi_red; background: ansi_default; }
        & > .message-view--hunk { background: ansi_default; }
        & > .message-view--hunk-range { color: ansi_cyan; }
        & > .message-view--hunk-section { color: ansi_default; }
        & > .message-view--bar { background: ansi_default; text-style: reverse; }
        & > .message-view--bar-name { text-style: bold reverse; }
        & > .message-view--bar-words { text-style: reverse; }
        & > .message-view--bar-added { color: ansi_default; text-style: bold reverse; }
        & > .message-view--bar-removed { color: ansi_default; text-style: bold reverse; }
        & > .message-view--muted { text-style: dim; color: ansi_default; }
        & > .message-view--header-name { text-style: dim; color: ansi_default; }
        & > .message-view--signature { text-style: dim; color: ansi_default; }
        & > .message-view--line-number { text-style: dim; color: ansi_default; }
        & > .message-view--comment { text-style: dim italic; color: ansi_default; }
        & > .message-view--keyword { color: ansi_magenta; }
        & > .message-view--type { color: ansi_cyan; }
        & > .message-view--function { color: ansi_blue; }
        & > .message-view--string { color: ansi_yellow; }
        & > .message-view--number { color: ansi_yellow; }
        & > .message-view--preprocessor { color: ansi_cyan; }
        & > .message-view--quote-added { color: ansi_green; }
        & > .message-view--quote-removed { color: ansi_red; }
        & > .message-view--match { background: ansi_yellow; color: ansi_black; }
        & > .message-view--match-current { background: ansi_bright_yellow; color: ansi_black; text-style: bold underline; }
    }
}
"""
"""`MessageView`'s own: the variables beyond Textual's are those of `tui.themes.ROLES`."""
