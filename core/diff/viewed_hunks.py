"""What of a patch was viewed: hunks, known by their content, so that the next version shows only what is new."""

from __future__ import annotations

from hashlib import blake2b
from typing import Protocol

from core.diff.hunks import Hunk
from core.diff.lines import join_lines


class ViewedHunks(Protocol):
    """Remembers which hunks were viewed."""

    def is_viewed(self, key: str) -> bool:
        """Whether the hunk with that key was viewed."""
        ...

    def mark(self, key: str, viewed: bool) -> None:
        """Remember that it was, or forget it."""
        ...


class InMemoryViewedHunks:
    """Remembers as long as the program runs."""

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def is_viewed(self, key: str) -> bool:
        """Whether the hunk with that key was viewed."""
        return key in self._keys

    def mark(self, key: str, viewed: bool) -> None:
        """Remember that it was, or forget it."""
        if viewed:
            self._keys.add(key)
        else:
            self._keys.discard(key)


def hunk_key(path: str, hunk: Hunk) -> str:
    """Return what a hunk is known by: its file and its lines, whatever their numbers are; a BLAKE2b hash in hex."""
    digest = blake2b(path.encode("utf-8", "surrogatepass"), digest_size=16)
    digest.update(b"\0")
    text = join_lines(hunk.rows)
    if "\r" in text:
        text = "\n".join([row.rstrip("\r") for row in hunk.rows])
    digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
