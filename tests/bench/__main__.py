"""Run the measurements, all of them or those named; or, with --compare, on two revisions side by side."""

from __future__ import annotations

import argparse
import compileall
import importlib
import json
import os
import tempfile
from dataclasses import astuple
from pathlib import Path

from tests.bench.compare import compare
from tests.bench.corpus import ROOT
from tests.bench.goals import Figure, table

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
    "million",
)


def main() -> None:
    """Print what the suites say as they say it, and at the end the table of the figures that have goals."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(ALL))
    parser.add_argument("--compare", metavar="REV", help="run REV and this tree in turn")
    parser.add_argument("--figures", type=Path, help="also write the figures there, as JSON Lines")
    arguments = parser.parse_args()
    suites = arguments.suites or ALL
    if unknown := set(suites) - set(ALL):
        parser.error(f"there is no suite {', '.join(sorted(unknown))}")
    # As an installed program is: compiled.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for package in ("core", "tui"):
        compileall.compile_dir(ROOT / package, quiet=1)
    with tempfile.TemporaryDirectory(prefix="patchdesk-bench-") as folder:
        if arguments.compare:
            for line in compare(arguments.compare, suites, Path(folder)):
                print(line, flush=True)
            return
        figures: list[Figure] = []
        for name in suites:
            for line in importlib.import_module(f"tests.bench.{name}").run(Path(folder)):
                print(line, flush=True)
                if isinstance(line, Figure):
                    figures.append(line)
        if arguments.figures is not None:
            arguments.figures.write_text("".join(f"{json.dumps(astuple(f))}\n" for f in figures))
        print("", *table(figures), sep="\n")


main()
