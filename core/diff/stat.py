"""How many lines a patch adds to and removes from each file, without taking it apart where it is plain.

A plain diff is one that git wrote: one file after the other, each with its names and hunks. Its lines are counted, not
looked at; that the hunks' headers account for every one of them shows that nothing else is among them. Any other diff
is read by `core.diff.parse`.
"""

from __future__ import annotations

import re
from typing import Final

from core.diff.parse import file_changes

_START: Final = "\ndiff --git a/"
_RANGES: Final = re.compile(r"-\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_ODD_LINE: Final = re.compile(
    r"\n(?!index |new file mode |deleted file mode |old mode |new mode |similarity index |rename (?:from|to) )"
)
_ODD_NAME: Final = re.compile(r'["\t\r]')


def diffstat(diff: str) -> list[tuple[str, int, int]]:
    """Return of each file that a diff touches its path, and the lines added and removed; never raises.

    What `core.diff.parse.file_changes` says of them.
    """
    plain = _plain(diff)
    if plain is not None:
        return plain
    return [(file.path, file.added, file.removed) for file in file_changes(diff)]


def _plain(diff: str) -> list[tuple[str, int, int]] | None:
    """Count a plain diff; None where it is another."""
    before, *parts = ("\n" + diff).split(_START)
    if before or not parts:
        return None
    end = parts[-1].rfind("\n-- \n")  # git's version stands below it
    parts[-1] = parts[-1][:end] if end >= 0 else parts[-1].rstrip("\n")
    found = []
    for part in parts:
        counted = _file(part)
        if counted is None:
            return None
        found.append(counted)
    return found


def _file(part: str) -> tuple[str, int, int] | None:
    """Count what a plain diff does to one file; `part` ends without its last line's end."""
    head, *hunks = part.split("\n@@ ")
    path = _path(head)
    if not path or not hunks:
        return None
    added = removed = 0
    for hunk in hunks:
        ranges = _RANGES.match(hunk)
        if ranges is None:
            return None
        old, new = (int(count) if count else 1 for count in ranges.groups())
        plus, minus = hunk.count("\n+"), hunk.count("\n-")
        remarks = hunk.count("\n\\") if "\\" in hunk else 0
        lines = hunk.count("\n") - remarks
        if lines != old + plus or lines != new + minus:
            return None
        added += plus
        removed += minus
    return path, added, removed


def _path(head: str) -> str:
    """Return the path that a file's header names; "" where it is not plain."""
    at = head.find("\n--- ")
    old, _, new = head[at + 5 :].partition("\n+++ ")
    if at < 0 or not new or "\n" in new or "\n" in old or _ODD_NAME.search(head, at):
        return ""
    if _ODD_LINE.search(head, 0, at):
        return ""
    if new == "/dev/null":
        return old[2:] if old.startswith("a/") else ""
    if old == "/dev/null" or old.startswith("a/"):
        return new[2:] if new.startswith("b/") else ""
    return ""
