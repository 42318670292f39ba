"""Reading a query, with what its dates mean now."""

from __future__ import annotations

from datetime import UTC, datetime

from core.digest.range import read_moment
from core.query.query import Node, parse_query


def read(query: str, looked: int | None = None) -> Node:
    """Read a query; `looked` is when the lists were looked at last, for `d:looked..`. Raises QueryError."""
    # To the minute, so that what is asked with each key is the same.
    now = datetime.now(UTC).replace(second=0, microsecond=0)

    def moment(words: str) -> int | None:
        if words == "looked":
            return 0 if looked is None else looked
        found = read_moment(words, now)
        return None if found is None else found.time

    return parse_query(query, moment)
