"""Adds the manual pages to the wheel, made from the tables of the program as it is built."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPages(BuildHookInterface):  # type: ignore[type-arg]
    """Writes the pages to `build/man` and ships them as share/man."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the pages before a wheel is built; an editable install has them, too."""
        del version
        sys.path.insert(0, self.root)
        from tui.cli.manual import pages

        folder = Path(self.root, "build", "man")
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages().items():
            path = folder / name
            path.write_text(text, encoding="utf-8")
            section = path.suffix.removeprefix(".")
            build_data["shared_data"][str(path)] = f"share/man/man{section}/{name}"
