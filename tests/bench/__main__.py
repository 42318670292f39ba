"""Run the measurements: all of them, or those named."""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

ALL = (
    "opening",
    "grouping",
    "sends",
    "fetching",
    "keys",
    "lists",
    "search_bar",
    "triage",
    "ingest",
    "search",
    "finding",
    "digest",
    "diff",
    "reading",
    "versions",
    "ladder",
    "reviews",
    "replies",
    "apply",
)


def main(names: list[str]) -> None:
    """Print the table, a suite at a time."""
    with tempfile.TemporaryDirectory(prefix="patchdesk-bench-") as folder:
        for name in names or ALL:
            for line in importlib.import_module(f"tests.bench.{name}").run(Path(folder)):
                print(line, flush=True)


main(sys.argv[1:])
