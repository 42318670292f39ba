"""A reply in the user's editor: the file is the very text that leaves, below one separator."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from core.errors import PatchdeskError
from core.system.paths import write_atomically
from core.system.programs import editor_command, run_in_terminal

SEPARATOR: Final = "--8<-- patchdesk: everything above this line is dropped"
_HELP: Final = "Write below the quoted lines, cut what you do not answer, and save. An empty text drops the reply.\n"
_LARGEST: Final = 8 << 20
"""Bytes of an edited text that are read."""


def edit_text(file: Path, text: str) -> str:
    """Let the user edit a text, and return it.

    The file stays where it is until the caller has the text elsewhere: after a crash it is offered again. Raises
    PatchdeskError where the editor fails.
    """
    if not file.exists():
        write_atomically(file, f"{_HELP}{SEPARATOR}\n{text}".encode("utf-8", "replace"))
    return _edit(file)


def edit_plain(file: Path, text: str) -> str:
    """Let the user edit a text that is on disk elsewhere already, and return it. Raises PatchdeskError."""
    write_atomically(file, text.encode("utf-8", "replace"))
    edited = _edit(file)
    file.unlink(missing_ok=True)
    return edited


def _edit(file: Path) -> str:
    status = run_in_terminal(editor_command(file, os.environ))
    if status:
        raise PatchdeskError(f"The editor failed ({status}).", f"What you wrote is in {file}.")
    return read_edited(file)


def read_edited(file: Path) -> str:
    """Return an edited text without the help above it. Raises PatchdeskError."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except OSError as error:
        raise PatchdeskError(f"{file} cannot be read: {error.strerror}.") from error
    if len(content) > _LARGEST:
        raise PatchdeskError(f"{file} is larger than 8 MiB.", "Make it shorter, and edit again.")
    text = content.decode("utf-8", "replace")
    head, found, body = text.partition(f"{SEPARATOR}\n")
    return body if found and head == _HELP else text
