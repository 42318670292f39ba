"""The bar above each file of a diff: its path, its status, its added and removed lines."""

from __future__ import annotations

import re
from typing import Final

from rich.cells import cell_len, set_cell_size

from core.diff.parse import DiffFile
from core.diff.stat import binary_patch_sizes
from core.text import SafeText, shown
from tui.reader.diff_rows import LONGEST_NAME, path_tail
from tui.reader.row import PageRow, StyledText

_INDEX_MODE: Final = re.compile(r"index [0-9a-f]{1,64}\.\.[0-9a-f]{1,64} ([0-7]{6})\r?$")
_IS_EMPTY: Final = re.compile(r"index (?:[0-9a-f]{0,64}\.\.)?(?:e69de29|473a0f4)")
"""Names the blob of no bytes, by SHA-1 or SHA-256, on either side."""
_ORDINARY: Final = frozenset({"100644", "100664"})
_KINDS: Final = {
    "100755": "executable",
    "120000": "symbolic link",
    "160000": "submodule",
    "040000": "directory",
}


def file_bar(file: DiffFile, width: int, *, note: str, section: str) -> PageRow:
    """Return the bar of a file in `width` cells, with a `note` on it and the `section` of the hunk one is in."""
    change = file.change
    parts = (file_change_text(file), note, shown(section[:LONGEST_NAME]))
    text = SafeText(" · ".join(filter(None, parts)))
    counts: list[StyledText] = []
    if change.added or (file.hunks and not change.removed):
        counts.append((SafeText(f"+{change.added:,}"), "bar-added"))
    if change.removed:
        counts.append((SafeText(f" −{change.removed:,}"), "bar-removed"))
    room = width - sum(cell_len(text) for text, _ in counts) - 2
    name = path_tail(shown(change.path[-LONGEST_NAME:]) or SafeText("(no file is named)"), room)
    room -= cell_len(name)
    fitted = _head(SafeText(f"  {text}"), room - 1) if text and room > 3 else SafeText("")
    fill = SafeText(" " * max(1, room - cell_len(fitted)))
    edge: StyledText = (SafeText("▌"), "bar-edge")
    pieces = ((name, "bar-name"), (fitted, "bar-words"), (fill, "bar"), *counts)
    return PageRow(pieces, (edge,), base="bar")


def _head(text: SafeText, room: int) -> SafeText:
    """Cut text to `room` cells at its end."""
    if cell_len(text) <= room:
        return text
    return SafeText(set_cell_size(text, max(0, room - 1)) + "…")


def file_change_text(file: DiffFile) -> SafeText:
    """Return the changes of a file beside its lines, such as its mode."""
    change = file.change
    words: list[str] = []
    if change.status == "added":
        words.append("new file")
    elif change.status == "deleted":
        words.append("deleted")
    elif change.status in {"renamed", "copied"}:
        words.append(f"{change.status} from {shown((change.old_path or '')[:LONGEST_NAME])}")
    if file.old_mode and file.new_mode and file.old_mode != file.new_mode:
        words.append(f"mode {shown(file.old_mode[:9])} → {shown(file.new_mode[:9])}")
    else:
        mode = file.new_mode or file.old_mode or _mode_of_index(file)
        if mode and mode not in _ORDINARY:
            words.append(_KINDS.get(mode) or f"mode {shown(mode[:9])}")
    if file.binary:
        words.append(_binary(file))
    elif not file.hunks and any(map(_IS_EMPTY.match, file.header[:8])):
        words.append("empty")
    if any(hunk.parents > 1 for hunk in file.hunks[:1]):
        words.append(f"merge of {file.hunks[0].parents}")
    return SafeText(" · ".join(words))


def _mode_of_index(file: DiffFile) -> str | None:
    """Return the mode that an `index` line names, of a file that keeps it."""
    for line in file.header[:8]:
        if match := _INDEX_MODE.match(line):
            return match[1]
    return None


def _binary(file: DiffFile) -> str:
    """Return the size of a binary file, before and after, as far as its patch tells it."""
    before, after = binary_patch_sizes(file.header)
    if file.change.status == "deleted":
        before, after = None, before
    elif file.change.status == "added":
        before = None
    if after is None:
        return "binary"
    if before is None:
        return f"binary, {after:,} bytes"
    return f"binary, {before:,} → {after:,} bytes"
