"""The errors of the index file, in a file that imports nothing: screens tell them apart without SQLite."""

from __future__ import annotations

from core.errors import PatchdeskError


class IndexFileError(PatchdeskError):
    """The index cannot be opened, read or written."""


class IndexDamagedError(IndexFileError):
    """The index is damaged: the next opening sets it aside and begins another."""
