"""The clipboard, by the programs that own one; a terminal's OSC 52 is the caller's, where none does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Final

_SECONDS: Final = 2.0
"""A program that takes longer is given up, such as one that waits for a display that is gone."""

_PROGRAMS: Final = (
    # The variable that must be set, what it is called, the command.
    ("TMUX", "tmux", ("tmux", "load-buffer", "-w", "-")),
    ("WAYLAND_DISPLAY", "wl-copy", ("wl-copy",)),
    ("DISPLAY", "xclip", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", "xsel", ("xsel", "--clipboard", "--input")),
    ("", "pbcopy", ("pbcopy",)),
)
"""In the order they are tried. tmux is first: inside of it the others may be of another machine or display, and it
hands the text on to the terminal outside (-w) where its `set-clipboard external` ignores OSC 52 of programs."""


def copy_text(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Give text to the first program that takes it, and return that program's name, "" where none does. Blocks."""
    for variable, name, command in _PROGRAMS:
        if (variable and not environment.get(variable)) or shutil.which(command[0]) is None:
            continue
        try:
            done = subprocess.run(
                command,
                input=text.encode("utf-8", "replace"),
                stdout=subprocess.DEVNULL,  # xclip stays, and would hold a pipe open
                stderr=subprocess.DEVNULL,
                env=dict(environment),
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            continue
        if done.returncode == 0:
            return name
    return ""
