"""Calls of the program with any bytes for arguments: each ends with a status, and the next one works."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from pathlib import Path
from typing import Final
from unittest.mock import patch

from core.text import CONTROLS
from tui.cli.main import main

CALLS: Final[tuple[tuple[str, ...], ...]] = (
    ("triage", "done"),
    ("triage", "note", "a@b", "--note"),
    ("triage", "label", "a@b", "--label"),
    ("triage", "later", "a@b", "--until"),
    ("triage", "settle"),
    ("triage", "log"),
    ("follow",),
    ("unfollow",),
    ("search",),
    ("series", "--list"),
    ("lists",),
    ("config",),
    (),
)
"""The beginnings of calls that neither reach a network nor open the reader."""
MOST: Final = 6
"""Arguments of a call."""
HOME: Final = Path(tempfile.gettempdir(), f"torture-calls-{os.getpid()}")


def call(data: bytes) -> None:
    """Make one call: the first byte chooses its beginning, NUL ends an argument."""
    words = [os.fsdecode(word) for word in data[1:].split(b"\0")[:MOST]]
    begin = CALLS[data[0] % len(CALLS)] if data else ()
    if not begin and (not words or not words[0].startswith("-")):
        return  # the reader
    assert _run([*begin, *words]) in {0, 1, 2}
    assert _run(["triage", "done", "always@example.org"]) == 0
    assert _run(["triage", "log"]) == 0


def _run(words: list[str]) -> int:
    """Return the status of a call in a home of its own; what it prints may go to a terminal."""
    folders = {
        f"XDG_{name}_HOME": str(HOME / name) for name in ("CONFIG", "DATA", "CACHE", "STATE")
    }
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "strict", "\n") for _ in range(2))
    with (
        patch.dict(os.environ, {"HOME": str(HOME), **folders}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            status = main(words)
        except SystemExit as end:
            status = int(end.code or 0)
    for stream in (out, err):
        stream.flush()
        for line in stream.buffer.getvalue().decode().split("\n"):
            assert not CONTROLS.search(line), ascii(line[:200])
    return status
