"""The archive that ships with the program: the list of an invented project, to look at and to learn the keys on.

`demo.mbox` (mboxrd) is made by `python -m tests.demo.build`; never edit it by hand.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from pathlib import Path


def demo_path() -> AbstractContextManager[Path]:
    """Return a context that gives the path of the demo's mbox, unpacked where the package is in an archive."""
    return as_file(files(__package__) / "demo.mbox")
