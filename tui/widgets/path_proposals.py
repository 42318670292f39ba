"""Proposals of files and folders for a prompt, listed off the screen's thread: a disk may be slow."""

from __future__ import annotations

from functools import partial
from typing import Final

from core.system.folder_names import FolderEntry, list_folder
from core.text import shown
from tui.tasks import Tasks
from tui.widgets.prompt import Prompt, Proposal

_NO_PATH: Final = ("://", "@", "<")
"""Texts that stand in addresses and Message-IDs, and hardly in a path."""


class PathProposals:
    """The entries of the folder that a typed path is in; once they are read, the prompt asks for proposals again."""

    def __init__(self, tasks: Tasks, prompt: Prompt) -> None:
        self._tasks = tasks
        self._prompt = prompt
        self._folder: str | None = None
        """The folder whose entries are known, as it was typed."""
        self._entries: list[FolderEntry] = []

    def of(self, text: str, before: str = "") -> list[Proposal]:
        """Return the paths that a text may be the beginning of, each with `before` in front; none while they are read."""
        if not text.strip() or any(sign in text for sign in _NO_PATH):
            return []
        folder, slash, name = text.rpartition("/")
        folder += slash
        if folder != self._folder:
            self._read(folder)
            return []
        is_hidden = name.startswith(".")
        return [
            (shown(f"{before}{folder}{entry.name}{'/' * entry.is_folder}"), "")
            for entry in self._entries
            if entry.name.startswith(name) and entry.name.startswith(".") == is_hidden
        ]

    def _read(self, folder: str) -> None:
        self._tasks.start(
            "paths", lambda _: list_folder(folder), then=partial(self._take, folder), replace=True
        )

    def _take(self, folder: str, entries: list[FolderEntry]) -> None:
        self._folder, self._entries = folder, entries
        self._prompt.propose_again()
