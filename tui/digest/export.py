"""Writing a digest to a file: asks for its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from core.text import shown
from tui.digest.loading import NO_DIGEST, DigestLoader
from tui.digest.rows import TOP
from tui.widgets.file_question import FileQuestion, QuestionSurface
from tui.widgets.path_proposals import PathProposals


class DigestExport:
    """Writes the digest on the screen where the user says: the suffix of the name decides on its form."""

    def __init__(
        self,
        screen: QuestionSurface,
        loader: DigestLoader,
        paths: PathProposals,
        clock: Callable[[], datetime],
        web: str,
    ) -> None:
        """`web` is the list's web address, to which a web page links; "" for none."""
        self._screen = screen
        self._loader = loader
        self._file = FileQuestion(screen, paths)
        self._clock = clock
        self._web = web

    def ask_file(self) -> None:
        """Ask for the name of the file."""
        result = self._loader.result
        if result is None:
            self._screen.show_message(NO_DIGEST, "warning")
            return
        name = re.sub(r"[^a-z0-9_-]", "-", result.digest.list_name.lower())[:60] or "list"
        day = f"{result.digest.last or self._clock():%Y-%m-%d}"
        kinds = (("html", "a web page"), ("md", "markdown"), ("txt", "text"), ("json", "JSON"))
        self._file.ask(
            "Write to",
            self._export_to,
            placeholder="FILE.html, .md, .txt or .json",
            files=[(shown(f"{name}-{day}.{suffix}"), words) for suffix, words in kinds],
        )

    def _export_to(self, path: Path) -> None:
        self._loader.export(path, TOP, self._web)
