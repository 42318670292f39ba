"""What happens to a file beside its lines, in words: new, renamed, its mode, a symbolic link, a submodule, its size."""

from __future__ import annotations

import re
from typing import Final

from core.patch.diff import DiffFile
from core.text import SafeText, shown

_LONGEST_NAME: Final = 500
_INDEX_MODE: Final = re.compile(r"index [0-9a-f]{1,64}\.\.[0-9a-f]{1,64} ([0-7]{6})\r?$")
_BLOCK: Final = re.compile(r"(literal|delta) ([0-9]{1,12})\r?$")
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
    return SafeText(" · ".join(words))


def _mode_of_index(file: DiffFile) -> str | None:
    """Return the mode that an `index` line names, of a file that keeps it."""
    for line in file.header[:8]:
        if match := _INDEX_MODE.match(line):
            return match[1]
    return None


def _binary(file: DiffFile) -> str:
    """Return the sizes of a binary file, as far as its patch holds it whole: first the new one, then the old one."""
    blocks = [
        match for line in file.header if line[:1] in {"l", "d"} and (match := _BLOCK.match(line))
    ]
    sizes = [f"{int(block[2]):,}" if block[1] == "literal" else "" for block in blocks[:2]]
    if not sizes or not sizes[0]:
        return "binary"
    if len(sizes) > 1 and sizes[1] and file.change.status not in {"added", "deleted"}:
        return f"binary, {sizes[1]} → {sizes[0]} bytes"
    gone = file.change.status == "deleted" and len(sizes) > 1 and sizes[1]
    return f"binary, {gone or sizes[0]} bytes"
