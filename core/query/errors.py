"""What is wrong with a query, and where."""

from __future__ import annotations

from core.errors import PatchdeskError


class QueryError(PatchdeskError):
    """A query cannot be read; the hint says what is allowed there."""

    def __init__(self, message: str, hint: str = "", *, offset: int = 0, length: int = 1) -> None:
        super().__init__(message, hint)
        self.offset = offset
        """Where what is wrong begins, in characters of the query."""
        self.length = max(1, length)
        """How many characters it has; at least 1."""
