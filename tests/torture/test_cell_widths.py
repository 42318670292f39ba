"""All of Unicode, as it is shown, takes as many cells here as tmux gives it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from rich import cells
from rich.cells import cell_len

import tui.cell_widths
from core.text import shown_line

INSIDE = r"""
import os, re, sys, termios, tty, unicodedata
before = termios.tcgetattr(0)
tty.setraw(0)
codes = [c for c in range(0xA0, 0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Co", "Cs")]
buffer = b""
with open(sys.argv[1], "w") as out:
    for at in range(0, len(codes), 100):
        part = codes[at : at + 100]
        os.write(1, b"".join(b"\x1b[2K\rA" + chr(code).encode() + b"\x1b[6n" for code in part))
        columns = []
        while len(columns) < len(part):
            buffer += os.read(0, 65536)
            while match := re.search(rb"\x1b\[\d+;(\d+)R", buffer):
                columns.append(int(match[1]))
                buffer = buffer[match.end() :]
        for code, column in zip(part, columns):
            out.write(f"{code} {column - 2}\n")
termios.tcsetattr(0, termios.TCSANOW, before)
"""


def test_spacing_marks_take_a_cell_of_their_own() -> None:
    tui.cell_widths.install()
    assert cell_len("हिन्दी") == 5
    assert cell_len("தமிழ்") == 4
    assert cell_len("\u0301\u093e\u302e") == 3
    assert cells.cell_len("山田 x") == 6


@pytest.mark.torture
@pytest.mark.timeout(600)
@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_every_character_is_as_wide_as_tmux_says(tmp_path: Path) -> None:
    script, found = tmp_path / "inside.py", tmp_path / "widths"
    script.write_text(INSIDE)
    command = (
        f"{sys.executable} {script} {found}.part; mv {found}.part {found}; tmux wait-for -S done"
    )
    call = ["tmux", "-S", str(tmp_path / "socket"), "-f", os.devnull]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
    environment.pop("TMUX", None)
    subprocess.run(
        [*call, "new-session", "-d", "-x", "80", "-y", "24", command], env=environment, check=True
    )
    try:
        subprocess.run([*call, "wait-for", "done"], env=environment, check=True, timeout=500)
    finally:
        subprocess.run([*call, "kill-server"], env=environment, check=False, capture_output=True)
    wrong = []
    for line in found.read_text().splitlines():
        code, width = map(int, line.split())
        text = "A" + chr(code)
        if shown_line(text) == text and cell_len(text) != 1 + width:
            wrong.append((hex(code), unicodedata.category(chr(code)), width))
    assert not wrong
