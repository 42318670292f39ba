"""`patchdesk config`: what is in force, and where each value comes from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace

from core.config import Config, describe, with_git
from core.system.paths import config_file
from core.text import shown


def run(config: Config, write: Callable[[Iterable[str]], None]) -> int:
    """Write it, and first what is wrong with the words that the screen alone knows: themes and keys."""
    from tui.keys.keymap import keymap_for
    from tui.themes import DEFAULT_THEME, theme_problem

    theme = theme_problem(config.theme)
    for problem in (*filter(None, [theme]), *keymap_for(config.keys_preset, config.keys)[1]):
        sys.stderr.write(shown(f"patchdesk: {config_file()}: {problem}") + "\n")
    if theme:
        sources = {key: file for key, file in config.sources.items() if key != "display.theme"}
        config = replace(config, theme=DEFAULT_THEME, sources=sources)
    write(describe(with_git(config)))
    return 0
