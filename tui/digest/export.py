"""Writing a digest to a file: asks for its name, and before it overwrites one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from core.text import shown
from tui.digest.loading import NO_DIGEST, DigestLoader
from tui.digest.rows import TOP
from tui.widgets.path_proposals import PathProposals
from tui.widgets.prompt import Prompt


class ExportSurface(Protocol):
    """The screen that an export asks and tells on."""

    prompt: Prompt

    def show_message(self, template: str, severity: str = ..., **values: object) -> None:
        """Show one sentence, with keys and values filled in."""
        ...


class DigestExport:
    """Writes the digest on the screen where the user says: the suffix of the name decides on its form."""

    def __init__(
        self,
        screen: ExportSurface,
        loader: DigestLoader,
        paths: PathProposals,
        clock: Callable[[], datetime],
        web: str,
    ) -> None:
        """`web` is the list's web address, to which a web page links; "" for none."""
        self._screen = screen
        self._loader = loader
        self._paths = paths
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
        files = [(shown(f"{name}-{day}.{suffix}"), words) for suffix, words in kinds]
        self._screen.prompt.ask(
            "Write to",
            then=self._export_to,
            placeholder="FILE.html, .md, .txt or .json",
            propose=lambda text: self._paths.of(text) or files,
        )

    def _export_to(self, text: str) -> None:
        """Write to the file named, after asking where there is one already."""
        if not text.strip():
            return
        try:
            path = Path(text.strip()).expanduser()
            folder, exists = path.parent.is_dir(), path.exists() or path.is_symlink()
        except (OSError, ValueError, RuntimeError):
            self._screen.show_message("{name} cannot be a file name.", "error", name=text)
            return
        if not folder:
            self._screen.show_message("There is no folder {folder}.", "error", folder=path.parent)
        elif path.is_dir():
            self._screen.show_message("{path} is a folder: name a file in it.", "error", path=path)
        elif exists:
            self._ask_overwrite(path)
        else:
            self._loader.export(path, TOP, self._web)

    def _ask_overwrite(self, path: Path) -> None:
        def answered(text: str) -> None:
            if text.strip().casefold() in ("y", "yes"):
                self._loader.export(path, TOP, self._web)
            else:
                self._screen.show_message("Nothing was written.")

        self._screen.prompt.ask(
            shown(f"{path.name} is there already. Overwrite it?"),
            then=answered,
            cancelled=lambda: self._screen.show_message("Nothing was written."),
            placeholder="y or n",
        )
