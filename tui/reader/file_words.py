"""What happens to a file beside its lines, in words: new, renamed, its mode, a symbolic link, a submodule, its size."""

from __future__ import annotations

import re
from typing import Final

from core.diff.parse import DiffFile
from core.diff.stat import binary_patch_sizes
from core.text import SafeText, shown

_LONGEST_NAME: Final = 500
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


def file_words(file: DiffFile) -> SafeText:
    """Say what happens to a file beside its lines."""
    change = file.change
    words: list[str] = []
    if change.status == "added":
        words.append("new file")
    elif change.status == "deleted":
        words.append("deleted")
    elif change.status in {"renamed", "copied"}:
        words.append(f"{change.status} from {shown((change.old_path or '')[:_LONGEST_NAME])}")
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
