"""The question for a file to write: its name, and whether to overwrite one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from core.text import shown
from tui.widgets.path_proposals import PathProposals
from tui.widgets.prompt import Prompt, Proposal


class QuestionSurface(Protocol):
    """The screen that asks and tells."""

    prompt: Prompt

    def show_message(self, template: str, severity: str = ..., **values: object) -> None:
        """Show one sentence, with keys and values filled in."""
        ...


class FileQuestion:
    """Asks for the name of a file, completes paths, and overwrites nothing unasked."""

    def __init__(self, surface: QuestionSurface, paths: PathProposals) -> None:
        self._surface = surface
        self._paths = paths

    def ask(
        self,
        label: str,
        then: Callable[[Path], object],
        *,
        value: str = "",
        placeholder: str = "",
        files: Sequence[Proposal] = (),
    ) -> None:
        """Call `then` with the path that may be written; `value` is in the line, `files` are proposed first."""

        def propose(text: str) -> Sequence[Proposal]:
            return self._paths.of(text) or files

        self._surface.prompt.ask(
            label,
            then=lambda text: self._named(text, then),
            placeholder=placeholder,
            propose=propose,
            value=value,
        )

    def _named(self, text: str, then: Callable[[Path], object]) -> None:
        """Take the file named, after asking where there is one already."""
        if not text.strip():
            return
        try:
            path = Path(text.strip()).expanduser()
            folder, exists = path.parent.is_dir(), path.exists() or path.is_symlink()
        except (OSError, ValueError, RuntimeError):
            self._surface.show_message("{name} cannot be a file name.", "error", name=text)
            return
        if not folder:
            self._surface.show_message("There is no folder {folder}.", "error", folder=path.parent)
        elif path.is_dir():
            self._surface.show_message("{path} is a folder: name a file in it.", "error", path=path)
        elif exists:
            self._ask_overwrite(path, then)
        else:
            then(path)

    def _ask_overwrite(self, path: Path, then: Callable[[Path], object]) -> None:
        def answered(text: str) -> None:
            if text.strip().casefold() in ("y", "yes"):
                then(path)
            else:
                self._surface.show_message("Nothing was written.")

        self._surface.prompt.ask(
            shown(f"{path.name} is there already. Overwrite it?"),
            then=answered,
            cancelled=lambda: self._surface.show_message("Nothing was written."),
            placeholder="y or n",
        )
