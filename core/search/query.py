"""The query language: what may be typed, and the tree that it is read into."""

from __future__ import annotations

from core.errors import PatchdeskError


class QueryError(PatchdeskError):
    """A query cannot be read."""

    def __init__(self, message: str, hint: str = "", *, offset: int = 0, length: int = 1) -> None:
        super().__init__(message, hint)
        self.offset = offset
        """The first character of the query that is wrong; its length where it ends too early."""
        self.length = length
        """How many characters are; at least 1."""
