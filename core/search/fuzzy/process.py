"""A child process that brings the saved arrays of the search up to date, so that no screen shares its interpreter with that.

The child is started as `python -P -m core.search.fuzzy.process INDEX FOLDER`, and sends one value at its end: None, or what went
wrong, as a sentence.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Event

from core.errors import PatchdeskError
from core.index.index import Index
from core.search.fuzzy.cache import rebuild
from core.system.child_process import send


def main(path: str, folder: str) -> None:
    """Bring the arrays in `folder` up to date with the index at `path`. The child's main."""
    os.nice(5)
    index = Index(Path(path))
    fault = None
    try:
        rebuild(index, Path(folder), Event())
    except PatchdeskError as error:
        fault = error.message
    finally:
        index.close()
    try:
        send(fault)
    except BrokenPipeError:
        # Whoever asked has left; what was built is there for the next.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main(*sys.argv[1:3])
