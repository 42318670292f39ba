"""The program's own themes, and the colours of patches in everybody else's.

A widget uses the variables of `ROLES` (`$diff-added`, `$quote-1`, …); a theme may set them, and where it does not,
each falls back to a colour that every theme has, so a patch is readable in the terminal's own sixteen colours too.
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

ROLES: Final = {
    "diff-added": "text-success",
    "diff-removed": "text-error",
    "diff-moved-from": "text-accent",
    "diff-moved-to": "text-primary",
    "diff-hunk": "text-accent",
    "quote-1": "text-primary",
    "quote-2": "text-secondary",
    "quote-3": "text-warning",
    "trailer": "text-success",
}
"""Variable → the variable of any theme that replaces it."""

_DARK: Final = Theme(
    name="patchdesk",
    primary="#7aa2f7",
    secondary="#82aaad",
    accent="#c9a2e8",
    warning="#e5b567",
    error="#ee7d77",
    success="#9ccb7f",
    foreground="#d5d9e2",
    background="#14161c",
    surface="#1a1d25",
    panel="#242835",
    variables={
        "diff-added": "#9fd18b",
        "diff-removed": "#f0908a",
        "diff-moved-from": "#c39be6",
        "diff-moved-to": "#6fb6e0",
        "diff-hunk": "#79b8d8",
        "quote-1": "#8fb3c9",
        "quote-2": "#b9a5d6",
        "quote-3": "#c9b283",
        "trailer": "#8ccbb0",
        "border-blurred": "#343a4a",
        "block-cursor-background": "#2c3a5e",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#252a38",
        "footer-key-foreground": "#e5b567",
        "input-selection-background": "#7aa2f7 35%",
    },
)

_LIGHT: Final = Theme(
    name="patchdesk-light",
    primary="#2f5fb3",
    secondary="#3f6f74",
    accent="#7a3fa0",
    warning="#8a5a00",
    error="#b3261e",
    success="#2e6b1f",
    foreground="#20242c",
    background="#fbfaf7",
    surface="#f2f0ea",
    panel="#e5e2d9",
    dark=False,
    variables={
        "diff-added": "#22631a",
        "diff-removed": "#a8201a",
        "diff-moved-from": "#8a3f9e",
        "diff-moved-to": "#1f5fa8",
        "diff-hunk": "#1d5f86",
        "quote-1": "#35607a",
        "quote-2": "#6a4a92",
        "quote-3": "#7d5a12",
        "trailer": "#1f6a52",
        "border-blurred": "#cbc6b8",
        "block-cursor-background": "#cfdcf5",
        "block-cursor-foreground": "#101318",
        "block-cursor-blurred-background": "#e6e5e0",
        "footer-key-foreground": "#8a5a00",
        "input-selection-background": "#2f5fb3 25%",
    },
)

_CONTRAST: Final = Theme(
    name="patchdesk-contrast",
    primary="#5fd7ff",
    secondary="#ffffff",
    accent="#ffd75f",
    warning="#ffd75f",
    error="#ff8787",
    success="#87ff87",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    text_alpha=1.0,
    variables={
        # Blue and yellow, not green and red, tell the sides of a diff apart for every kind of colour vision.
        "diff-added": "#5fd7ff",
        "diff-removed": "#ffaf5f",
        "diff-moved-from": "#ff87ff",
        "diff-moved-to": "#87ff87",
        "diff-hunk": "#ffff87",
        "quote-1": "#d7d7d7",
        "quote-2": "#d7d7ff",
        "quote-3": "#ffffd7",
        "trailer": "#87ffd7",
        "text-muted": "#d0d0d0",
        "foreground-muted": "#d0d0d0",
        "text-disabled": "#b0b0b0",
        "border": "#ffffff",
        "border-blurred": "#8a8a8a",
        "block-cursor-background": "#005faf",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#3a3a3a",
        "footer-key-foreground": "#ffff87",
    },
)

THEMES: Final = (_DARK, _LIGHT, _CONTRAST)
DEFAULT_THEME: Final = _DARK.name


def theme_problem(name: str) -> str:
    """Return the problem of a theme's name, as a sentence that follows the file's name; "" for none."""
    if any(name == theme.name for theme in THEMES):
        return ""
    from textual.theme import BUILTIN_THEMES

    if name in BUILTIN_THEMES:
        return ""
    known = ", ".join([*(theme.name for theme in THEMES), *sorted(BUILTIN_THEMES)])
    return f"display.theme: it must be one of {known}; the default holds"


def add_diff_colours(variables: dict[str, str]) -> dict[str, str]:
    """Return a theme's CSS variables with every role of `ROLES` filled in."""
    return {role: variables[stand_in] for role, stand_in in ROLES.items()} | variables
