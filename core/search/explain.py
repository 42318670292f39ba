"""Why a query finds nothing, as a sentence."""

from __future__ import annotations

from collections.abc import Collection
from threading import Event
from typing import Final

from core.query.fields import FieldTerm
from core.query.query import EVERYTHING, And, Node, conjuncts, source_text
from core.search.backend import SearchBackend

_MAX_QUOTED: Final = 60


def note_on(ground: SearchBackend, tree: Node) -> str:
    """Return a sentence about terms that cannot find everything; "" for none."""
    for part in conjuncts(tree):
        if (
            isinstance(part, FieldTerm)
            and part.prefix == "b"
            and (why_empty := ground.why_empty(part))
        ):
            return why_empty
    return ""


def explain_empty(
    ground: SearchBackend,
    query: str,
    words: str,
    rest: Node,
    lists: Collection[str],
    stop: Event | None,
) -> str:
    """Return which part of a query leaves nothing: of its bare `words`, which are ranked, and the `rest`. Raises Cancelled."""
    where = " in " + ", ".join(sorted(lists)) if lists else ""
    some = conjuncts(rest) if rest != EVERYTHING else ()
    for part in some:
        if isinstance(part, FieldTerm) and (why_empty := ground.why_empty(part)):
            return why_empty
        if not len(ground.rows(part, lists, stop)):
            return f"{source_text(part, query)} finds nothing{where}."
    before: tuple[Node, ...] = ()
    for part in some:
        count = len(ground.rows(And(before), lists, stop)) if before else 0
        if before and not len(ground.rows(And((*before, part)), lists, stop)):
            found = " ".join(source_text(each, query) for each in before)
            return f"{found} finds {count:,}{where}, {source_text(part, query)} none of them."
        before = (*before, part)
    if not words:
        return f"No messages{where} yet." if not query.strip() else f"No match{where}."
    if some:
        left = len(ground.rows(rest, lists, stop))
        found = " ".join(source_text(each, query) for each in some)
        return f"{found} finds {left:,}{where}, none of which matches “{shorten_query(words)}”."
    return f"No match for “{shorten_query(words)}”{where}."


def shorten_query(query: str) -> str:
    """Return a query for a message: its first 60 characters, on one line."""
    query = " ".join(query.split())
    return query if len(query) <= _MAX_QUOTED else f"{query[:_MAX_QUOTED]}…"
