"""Finding: a query → the series, patches and threads that it means, best first; and views, which are queries by name.

`ListSearch` searches followed lists, `TargetSearch` one opened target in memory; a screen takes them as `Search`.
All calls block and may be made from any thread; each raises Cancelled soon after its `stop` is set.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from core.errors import QueryError
from core.index.query_sql import IndexQuery
from core.index.query_terms import REVIEW_TERMS
from core.index.search_rows import SearchRow
from core.model import Identity, MessageId
from core.query.date_ranges import VISITED
from core.query.fields import NOT_INDEXED, FieldTerm
from core.query.query import Node, read_query, terms
from core.search.backend import Matching, SearchBackend
from core.search.evaluate import has_ranked_words
from core.search.hits import Kind, SearchHit
from core.search.maintenance import body_index_file, review_counts_file
from core.search.search import Search

if TYPE_CHECKING:
    from core.config import Config
    from core.index.index import Index
    from core.search.fuzzy.cache import FuzzyCache
    from core.search.fuzzy.index import FuzzyHit

_MOST_KEPT: Final = 10_000
"""Patches read that are kept from key to key."""
_REMEMBERED: Final = 8
"""Sets of rows that terms left, kept while words are typed."""


class ListSearch(Search):
    """Searches followed lists. `close` it before the index."""

    def __init__(
        self,
        index: Index,
        config: Config,
        *,
        cache: Path | None = None,
        bodies: Path | None = None,
        reviews: Path | None = None,
    ) -> None:
        """Take the open index.

        `cache` is the folder of the fuzzy engine's arrays; without one, words are looked up plainly. `bodies` is the file of
        the words of mails' texts and `reviews` that of the counts of reviews, the user's own unless said.
        """
        self._config = config
        self._backend = _IndexBackend(
            index, config, cache, bodies or body_index_file(), reviews or review_counts_file()
        )
        super().__init__(self._backend)

    @property
    def ready(self) -> bool:
        """Whether the fuzzy engine answers."""
        engine = self._backend.engine
        return engine is not None and engine.ready

    @property
    def saved(self) -> bool:
        """Whether the fuzzy engine's arrays are saved, so that `ensure_ready` is quick."""
        engine = self._backend.engine
        return engine is not None and (engine.ready or engine.saved)

    def ranks(self, query: str) -> bool:
        """Whether a query has words that the fuzzy engine ranks. Raises QueryError."""
        return has_ranked_words(_read_indexed(query))

    def ensure_ready(self, stop: Event) -> bool:
        """Bring the fuzzy engine up to date, building it in another process where it is not there; whether it answers now.

        To be called in a worker once the first frame is drawn, and again whenever the index has changed. Raises Cancelled
        and IndexFileError.
        """
        engine = self._backend.engine
        return engine is not None and engine.ensure_ready(stop)

    def close(self) -> None:
        """Stop the build. Any thread; does not wait."""
        if self._backend.engine is not None:
            self._backend.engine.close()


_Kept = tuple[dict[int, SearchHit], dict[tuple[int, int], SearchHit]]


class _IndexBackend(SearchBackend):
    """Evaluates queries over the index."""

    def __init__(
        self, index: Index, config: Config, cache: Path | None, bodies: Path, reviews: Path
    ) -> None:
        self.index = index
        self.engine: FuzzyCache | None = None
        if cache is not None:
            from core.search.fuzzy.cache import FuzzyCache

            self.engine = FuzzyCache(index, cache)
        self._config = config
        self._file = bodies
        self._reviews = reviews
        self._me: tuple[str, ...] | None = None
        self._left: OrderedDict[object, array[int]] = OrderedDict()
        self._lock = threading.Lock()
        self._kept_of = -1
        self._keeping: _Kept = ({}, {})

    def read(self, query: str) -> Node:
        return _read_indexed(query, self.index.search.last_visit() if VISITED in query else None)

    def rows(self, tree: Node, lists: Collection[str], stop: Event | None) -> array[int]:
        """Return rows; those of the same question are kept for as long as the index stays as it is."""
        choice = self._choice(tree, lists)
        key = (tree, choice.lists, self.index.generation(), int(choice.now))
        with self._lock:
            found = self._left.get(key)
        if found is None:
            found = self.index.search.rows(choice, stop)
            with self._lock:
                self._left[key] = found
                while len(self._left) > _REMEMBERED:
                    self._left.popitem(last=False)
        return found

    def count(self, tree: Node, lists: Collection[str]) -> int:
        return self.index.search.count(self._choice(tree, lists))

    def search(
        self, text: str, limit: int, stop: Event | None, rows: Sequence[int] | None
    ) -> list[tuple[int, int, FuzzyHit]] | None:
        return None if self.engine is None else self.engine.search(text, limit, stop, rows)

    def hits(self, rows: Collection[int]) -> Mapping[int, SearchHit]:
        known = self._kept()[0]
        found = {row: hit for row in rows if (hit := known.get(row)) is not None}
        for one in self.index.rows.summaries([row for row in rows if row not in found]):
            kind: Kind = "thread" if one.is_thread else "series"
            found[one.row] = SearchHit(
                kind=kind, row=one.row, id=one.id, series=one.id, subject=one.subject, author=one.author, date=one.date,
                lists=one.lists,
            )  # fmt: skip
            known[one.row] = found[one.row]
        return found

    def patches(self, patches: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], SearchHit]:
        known = self._kept()[1]
        found = {place: hit for place in patches if (hit := known.get(place)) is not None}
        missing = [node for row, node in patches if (row, node) not in found]
        for node, one in self.index.search.search_rows_of(missing).items() if missing else ():
            found[one.row, node] = known[one.row, node] = _patch(one)
        return found

    def _kept(self) -> _Kept:
        """Return the cached rows and patches, valid as long as the index stays unchanged."""
        generation = self.index.generation()
        with self._lock:
            if generation != self._kept_of or len(self._keeping[1]) > _MOST_KEPT:
                self._kept_of, self._keeping = generation, ({}, {})
            return self._keeping

    def matching(
        self, tree: Node, rows: Collection[int], stop: Event | None
    ) -> Mapping[int, Matching]:
        nodes = self.index.search.matching(self._choice(tree, ()), rows, stop)
        patches: dict[int, list[SearchHit]] = {}
        told: set[int] = set()
        for one in self.index.search.search_rows(rows):
            told.add(one.node)
            if one.node in nodes:
                patches.setdefault(one.row, []).append(_patch(one))
        rest = nodes.keys() - told
        # Of earlier versions' patches a later one with the same subject is there; what is no patch is a cover letter.
        older = self.index.search.search_rows_of(rest) if rest else {}
        itself = {
            row for node, (row, leads) in nodes.items() if leads or node in rest - older.keys()
        }
        return {row: (row in itself, patches.get(row, ())) for row in rows}

    def row_holding(self, message_id: MessageId) -> int | None:
        return self.index.mails.find_row(message_id)

    def why_empty(self, term: FieldTerm) -> str:
        if term.prefix == "l":
            names = sorted(info.name for info in self.index.rows.lists())
            if term.value.casefold().partition(".")[0] not in {name.casefold() for name in names}:
                return f"l:{term.value} is not a followed list. Lists: {', '.join(names)}."
        if f"{term.prefix}:{term.value}" in REVIEW_TERMS and not self._reviews.exists():
            return "No reviews were counted yet: “patchdesk sync” counts them."
        if term.prefix == "b" and not self._config.index_bodies:
            return "The text of mails is not indexed: write bodies = true under [index] in config.toml, then sync."
        if term.prefix == "b" and self._bodies() is None:
            return "The text of mails is not indexed yet: “patchdesk sync” indexes it."
        return ""

    def _choice(self, tree: Node, lists: Collection[str]) -> IndexQuery:
        now = time.time()
        return IndexQuery(
            tree=tree,
            lists=tuple(sorted(lists)),
            now=now - now % 60,
            me=self._mine() if any(term.value == "mine" for term in terms(tree)) else (),
            bodies=self._bodies(),
            reviews=self._reviews if self._reviews.exists() else None,
        )

    def _mine(self) -> tuple[str, ...]:
        if self._me is None:
            from core.config import with_git

            config = self._config
            self._me = (config if config.me_addresses else with_git(config)).me_addresses
        return self._me

    def _bodies(self) -> Path | None:
        return self._file if self._config.index_bodies and self._file.exists() else None


def _read_indexed(query: str, visited: int | None = None) -> Node:
    """Parse a query for the index. Raises QueryError, also for terms that it has no table for."""
    tree = read_query(query, visited)
    for term in terms(tree):
        name = term.prefix if term.prefix in NOT_INDEXED else f"{term.prefix}:{term.value}"
        if (why := NOT_INDEXED.get(name)) is not None:
            raise QueryError(
                f"{name}{'' if ':' in name else ':'} does not work on followed lists.",
                why,
                offset=term.offset,
                length=term.length,
            )
    return tree


def _patch(one: SearchRow) -> SearchHit:
    return SearchHit(
        kind="patch",
        row=one.row,
        id=MessageId(one.message_id),
        series=MessageId(""),
        subject=one.subject,
        author=Identity(one.name, one.address),
        date=datetime.fromtimestamp(max(0, min(one.date, 1 << 37)), UTC),
    )
