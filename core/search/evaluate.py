"""A query, and where to look → the answer: bare words rank what the terms leave, and an empty answer says why it is."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import unquote

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
    source_text,
)
from core.query.tokens import phrase_spans
from core.search.hits import LIMIT, SearchHit, SearchResult, Span

if TYPE_CHECKING:
    from core.search.fuzzy.index import FuzzyHit

MOST_WORDS: Final = 12
"""Bare words that are looked for."""

_PLAIN: Final = 50.0
"""The score of what was looked up plainly."""
_SAID: Final = 60
_POINTING: Final = frozenset({"s", "f", "dfn", "m"})
"""Terms that tell one patch from others; a date or an addressee all have."""
_EXACT: Final = 100.0


Matching = tuple[bool, Sequence[SearchHit]]
"""Whether the row itself matches, by its cover letter or first mail, and those of its patches that do."""


class Search(Protocol):
    """What a screen asks."""

    @property
    def ready(self) -> bool:
        """Whether the fuzzy engine answers."""
        ...

    def ensure_ready(self, stop: Event) -> bool:
        """Bring the fuzzy engine up to date; whether it answers now. Blocks meanwhile; raises Cancelled."""
        ...

    def close(self) -> None:
        """End what is being built. Any thread; does not wait."""
        ...

    def check(self, query: str) -> None:
        """Raise QueryError where a query cannot be read; costs nothing else."""
        ...

    def find(
        self,
        query: str,
        lists: Collection[str] = (),
        *,
        limit: int = LIMIT,
        stop: Event | None = None,
    ) -> SearchResult:
        """Return what a query finds in some lists; none named stands for all. Raises QueryError and Cancelled."""
        ...

    def rows(self, query: str, lists: Collection[str] = ()) -> array[int]:
        """Return all rows that a query means, the latest activity first; words are looked up plainly. Raises QueryError."""
        ...

    def count(self, query: str, lists: Collection[str] = ()) -> int:
        """Return how many rows a query means. Raises QueryError."""
        ...


class SearchBackend(Protocol):
    """Where to look: an index, or a listing."""

    def rows(self, tree: Node, lists: Collection[str], stop: Event | None) -> array[int]:
        """Return what a tree means, the latest activity first. Raises Cancelled."""
        ...

    def search(
        self, text: str, limit: int, stop: Event | None, rows: Sequence[int] | None
    ) -> list[tuple[int, int, FuzzyHit]] | None:
        """Return the best rows and patches (row, number of the patch or 0, hit); None while that is not ready."""
        ...

    def hits(self, rows: Collection[int]) -> Mapping[int, SearchHit]:
        """Return rows as hits that nothing is lit in."""
        ...

    def patches(self, patches: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], SearchHit]:
        """Return patches, by row and number, as hits that nothing is lit in."""
        ...

    def matching(
        self, tree: Node, rows: Collection[int], stop: Event | None
    ) -> Mapping[int, Matching]:
        """Return which of their mails make rows meet a tree about mails; the patches as hits that nothing is lit in.

        Raises Cancelled.
        """
        ...

    def row_holding(self, message_id: MessageId) -> int | None:
        """Return the row that holds a mail."""
        ...

    def why_empty(self, term: FieldTerm) -> str:
        """Return why a term finds nothing, as a sentence, where more is known than that; else ""."""
        ...


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
    def said(self) -> str:
        """The words as they are spoken of."""
        return shorten_query(self.text)

    @property
    def plain(self) -> Node:
        """The same, with the words looked up as they stand."""
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
    """Return what a query finds. Raises Cancelled."""
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
    why = "" if hits or limit <= 0 else _explain_empty(ground, query, asked, lists, stop)
    return SearchResult(
        query=query,
        hits=tuple(hits),
        total=total,
        empty_reason=why,
        fuzzy=fuzzy,
        note=_note(ground, tree),
    )


def shorten_query(query: str) -> str:
    """Return a query as it is spoken of: not more of it than a line holds."""
    query = " ".join(query.split())
    return query if len(query) <= _SAID else f"{query[:_SAID]}…"


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
    """Return one hit a row, with the patches that matched, where the best of these stands."""
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
    """Return a hit lit, with the patches under it. Written out, since it is done some hundred times for a key."""
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
    """Return the hits, before them the row that holds the mail whose Message-ID was typed."""
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


def message_id_in(word: str) -> MessageId | None:
    """Return the Message-ID that a word is, or that the address of a mail has in it; None where it is none."""
    if "://" in word:
        pieces = word.partition("?")[0].partition("#")[0].split("/")[3:]
        word = next((unquote(piece) for piece in pieces if "@" in unquote(piece)), "")
    word = word.strip("<>,;")
    return MessageId(word) if "@" in word[1:-1] else None


# ------------------------------------------------------------------- looked up plainly


def _plainly(
    ground: SearchBackend, rows: Sequence[int], asked: _SplitQuery, stop: Event | None
) -> list[SearchHit]:
    """Return rows as hits, with what of them has the words."""
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
"""What is looked for: a prefix or "", words, and whether they are whole."""


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


# ------------------------------------------------------------------- why there is nothing


def _note(ground: SearchBackend, tree: Node) -> str:
    """Return what is to be said of terms that cannot find what they should."""
    for part in conjuncts(tree):
        if (
            isinstance(part, FieldTerm)
            and part.prefix == "b"
            and (why_empty := ground.why_empty(part))
        ):
            return why_empty
    return ""


def _explain_empty(
    ground: SearchBackend,
    query: str,
    asked: _SplitQuery,
    lists: Collection[str],
    stop: Event | None,
) -> str:
    """Return which part of a query leaves nothing."""
    where = " in " + ", ".join(sorted(lists)) if lists else ""
    some = conjuncts(asked.rest) if asked.rest != EVERYTHING else ()
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
    if not asked.words:
        return f"There is nothing{where} yet." if not query.strip() else f"Nothing is found{where}."
    if some:
        left = len(ground.rows(asked.rest, lists, stop))
        found = " ".join(source_text(each, query) for each in some)
        return f"{found} finds {left:,}{where}, nothing of that comes near “{asked.said}”."
    return f"Nothing{where} comes near “{asked.said}”."
