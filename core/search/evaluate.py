"""Evaluates a query over a backend: the fuzzy engine ranks bare words among the rows left by the terms."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, Final

from core.model import MessageId
from core.query.fields import FieldTerm
from core.query.query import (
    EVERYTHING,
    And,
    Node,
    Word,
    concerns_single_mail,
    conjuncts,
    leaves,
)
from core.query.tokens import phrase_spans
from core.search.backend import SearchBackend
from core.search.explain import explain_empty, note_on, shorten_query
from core.search.hits import SearchHit, SearchResult, Span
from core.sources.message_url import message_id_in

if TYPE_CHECKING:
    from core.search.fuzzy.index import FuzzyHit

MOST_WORDS: Final = 12
"""Bare words that are looked for."""

_PLAIN: Final = 50.0
"""The score of exact matches."""
_POINTING: Final = frozenset({"s", "f", "dfn", "m"})
"""Terms that tell one patch from others; a date or an addressee all have."""
_EXACT: Final = 100.0


@dataclass(frozen=True, slots=True)
class _SplitQuery:
    """A query taken apart."""

    words: tuple[Word, ...]
    """Bare words that must all be there: they are ranked."""
    rest: Node

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def plain(self) -> Node:
        """The query with its words looked up literally."""
        return And((*self.words[:MOST_WORDS], *conjuncts(self.rest)))


def exact_query(tree: Node) -> Node:
    """Return a tree that is no more than can be asked at once: the first so many of its bare words count."""
    return _split_query(tree).plain


def has_ranked_words(tree: Node) -> bool:
    """Whether a tree has words that are ranked."""
    return bool(_split_query(tree).words)


def evaluate(
    ground: SearchBackend,
    query: str,
    tree: Node,
    lists: Collection[str],
    limit: int,
    stop: Event | None,
) -> SearchResult:
    """Return the results of a query. Raises Cancelled."""
    asked = _split_query(tree)
    if tree == EVERYTHING and query.strip():
        why = f"“{shorten_query(query)}” has no letter or digit to look for."
        return SearchResult(query=query, hits=(), total=0, empty_reason=why)
    found = None
    fuzzy = True
    if asked.words:
        allowed: array[int] | None = None
        if lists or asked.rest != EVERYTHING:
            allowed = ground.rows(asked.rest, lists, stop)
        if allowed is None or len(allowed):
            scored = ground.search(asked.text, max(limit, 200), stop, allowed)
            fuzzy = scored is not None
            if scored is not None:
                found = _ranked(ground, scored, asked, allowed)
        else:
            found = []
    if found is None:
        rows = ground.rows(asked.plain, lists, stop)
        hits = _plainly(ground, rows[:limit], asked, stop)
        total = len(rows)
    else:
        hits, total = found[:limit], len(found)
    why = (
        ""
        if hits or limit <= 0
        else explain_empty(ground, query, asked.text, asked.rest, lists, stop)
    )
    return SearchResult(
        query=query,
        hits=tuple(hits),
        total=total,
        empty_reason=why,
        fuzzy=fuzzy,
        note=note_on(ground, tree),
    )


def _split_query(tree: Node) -> _SplitQuery:
    words = tuple(part for part in conjuncts(tree) if isinstance(part, Word) and not part.whole)
    rest = [part for part in conjuncts(tree) if not (isinstance(part, Word) and not part.whole)]
    return _SplitQuery(words, rest[0] if len(rest) == 1 else And(tuple(rest)))


# ------------------------------------------------------------------- ranked


def _ranked(
    ground: SearchBackend,
    scored: Sequence[tuple[int, int, FuzzyHit]],
    asked: _SplitQuery,
    allowed: Sequence[int] | None,
) -> list[SearchHit]:
    """Return one hit a row with its matching patches, at the rank of the best of these."""
    own: dict[int, FuzzyHit | None] = {}
    patches: dict[int, list[tuple[int, FuzzyHit]]] = {}
    for row, number, one in scored:
        own.setdefault(row, None)
        if number:
            patches.setdefault(row, []).append((number, one))
        else:
            own[row] = one
    looks = ground.hits(own)
    details = ground.patches([(row, number) for row, some in patches.items() for number, _ in some])
    hits = []
    for row, mine in own.items():
        if (look := looks.get(row)) is None:  # taken away since
            continue
        under = tuple(
            _scored(patch, one, look.id)
            for number, one in patches.get(row, ())
            if (patch := details.get((row, number))) is not None
        )
        if mine is not None:
            hits.append(_scored(look, mine, look.id, under))
        elif under:
            hits.append(replace(look, matched=False, score=under[0].score, patches=under))
    return _with_message_id(ground, hits, asked, allowed)


def _scored(
    hit: SearchHit, scored: FuzzyHit, series: MessageId, under: tuple[SearchHit, ...] = ()
) -> SearchHit:
    """Return a hit with highlights, with the patches under it. Written out, since it is done some hundred times for a
    key.
    """
    author = hit.author
    return SearchHit(
        kind=hit.kind,
        row=hit.row,
        id=hit.id,
        series=series,
        subject=hit.subject,
        author=author,
        date=hit.date,
        lists=hit.lists,
        score=max(scored.score, under[0].score) if under else scored.score,
        # The texts may be others since the engine read them.
        subject_spans=_within(scored.subject, hit.subject),
        name_spans=_within(scored.name, author.name),
        address_spans=_within(scored.address, author.address),
        patches=under,
    )


def _within(spans: tuple[Span, ...], text: str) -> tuple[Span, ...]:
    if not spans or spans[-1][1] <= len(text):
        return spans
    return tuple((first, min(last, len(text))) for first, last in spans if first < len(text))


def _with_message_id(
    ground: SearchBackend, hits: list[SearchHit], asked: _SplitQuery, allowed: Sequence[int] | None
) -> list[SearchHit]:
    """Return the hits after the row that holds the message whose Message-ID was typed."""
    if len(asked.words) != 1 or (named := message_id_in(asked.words[0].text)) is None:
        return hits
    row = ground.row_holding(named)
    if (
        row is None
        or any(hit.row == row for hit in hits)
        or (allowed is not None and row not in allowed)
    ):
        return hits
    return [*(replace(hit, score=_EXACT) for hit in ground.hits([row]).values()), *hits]


# ------------------------------------------------------------------- looked up plainly


def _plainly(
    ground: SearchBackend, rows: Sequence[int], asked: _SplitQuery, stop: Event | None
) -> list[SearchHit]:
    """Return rows as hits, with the parts that contain the words."""
    looks = ground.hits(rows)
    mails = And(tuple(part for part in conjuncts(asked.plain) if concerns_single_mail(part)))
    pointed = any(isinstance(leaf, Word) or leaf.prefix in _POINTING for leaf in leaves(mails))
    matching = ground.matching(mails, rows, stop) if pointed else {}
    wanted = _texts(asked)
    hits = []
    for row in rows:
        if (hit := looks.get(row)) is None:
            continue
        itself, patches = matching.get(row, (True, ()))
        under = tuple(replace(_mark_matches(each, wanted), series=hit.id) for each in patches)
        hit = _mark_matches(hit, wanted)
        score = _PLAIN if asked.words else 0.0
        hits.append(replace(hit, score=score, patches=under, matched=itself or not under))
    return hits


_Text = tuple[str, tuple[str, ...], bool]
"""A text to highlight: a prefix or "", words, and whether they are whole."""


def _texts(asked: _SplitQuery) -> list[_Text]:
    found: list[_Text] = []
    for part in conjuncts(asked.plain):
        if isinstance(part, Word):
            found.append(("", part.words, part.whole))
        elif isinstance(part, FieldTerm) and part.prefix in ("s", "f"):
            found.append((part.prefix, part.words, part.whole))
    return found


def _mark_matches(hit: SearchHit, wanted: Sequence[_Text]) -> SearchHit:
    if not wanted:
        return hit
    subject, name, address = hit.subject_spans, hit.name_spans, hit.address_spans
    for prefix, words, whole in wanted:
        if prefix != "f":
            subject += phrase_spans(hit.subject, words, whole=whole)
        if prefix != "s":
            name += phrase_spans(hit.author.name, words, whole=whole)
            address += phrase_spans(hit.author.address, words, whole=whole)
    return replace(
        hit,
        subject_spans=tuple(sorted(subject)),
        name_spans=tuple(sorted(name)),
        address_spans=tuple(sorted(address)),
    )
