"""The results of a search: hits, and answers made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from core.model import Identity, MessageId

Kind = Literal["series", "patch", "thread"]
Span = tuple[int, int]
"""Start and end of highlighted letters in a text, in characters."""

LIMIT: Final = 200
"""Default number of hits of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """A series, patch or thread that was found."""

    kind: Kind
    row: int
    """Its series or thread: the number in the index, or the place in the listing's items."""
    id: MessageId
    """The Message-ID of the patch, else the id of the series or thread."""
    series: MessageId
    """The id of the series or thread that holds it."""
    subject: str
    author: Identity
    date: datetime
    """The date of the patch, else the latest activity."""
    lists: tuple[str, ...] = ()
    score: float = 0.0
    """0 to 100; 0 where the query has no words to match."""
    subject_spans: tuple[Span, ...] = ()
    name_spans: tuple[Span, ...] = ()
    address_spans: tuple[Span, ...] = ()
    """The matched letters of `subject`, `author.name` and `author.address`."""
    patches: tuple[SearchHit, ...] = ()
    """The matching patches of a series, best first."""
    matched: bool = True
    """It matches itself; False for a series found by its patches alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """The results of a query."""

    query: str
    hits: tuple[SearchHit, ...]
    """One a series or thread, best first."""
    total: int
    """How many there are, of which `hits` are the first; where words are matched, of the best."""
    empty_reason: str = ""
    """Why nothing was found, as a sentence; else ""."""
    fuzzy: bool = True
    """False where the words were looked up plainly, since the fuzzy engine is not ready yet; a later search may find
    more.
    """
    note: str = ""
    """A note on the results, as a sentence; "" for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSearchResult:
    """The results of a server search."""

    mails: int
    """How many mails it found."""
    added: int
    """How many of them are new here."""
    asked: str
    """The query as it was sent."""
    note: str = ""
    """The terms that the server could not search, as a sentence; "" for none."""
