"""The query language: its grammar, and the tree it is parsed into. Pure.

    query  = both { "OR" both }
    both   = one { [ "AND" ] one }
    one    = ( "-" | "NOT" ) one | "(" query ")" | prefix ":" value | word
    value  = word | quoted

It is the language of lore (public-inbox) with more prefixes; `core.query.fields` has them all. Where lore has a prefix
it means the same here. A row, a series or thread, is found where one of its mails meets all the terms about mails that
stand together, and all terms about the row as a whole hold; a term that is negated has to hold of none of its mails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from core.errors import QueryError
from core.query.date_ranges import Clock
from core.query.fields import FIELDS, MAIL_FIELDS, FieldTerm, read_term
from core.query.tokens import WORD, fold

__all__ = ["And", "FieldTerm", "Node", "Not", "Or", "SameMail", "Word", "parse_query", "read_query"]

MOST_TERMS: Final = 100
"""Terms with a prefix, and parts of a query that is more than words, that are taken."""

DEEPEST: Final = 40
"""Parentheses and negations within each other."""

LONGEST: Final = 20_000
"""Characters of a query that are read."""

_PREFIX: Final = re.compile(r"([a-z]{1,12}):(?!//)(?=[^\s)])", re.ASCII)
_BARE_PREFIX: Final = re.compile(r"([a-z]{1,12}):(?=\s|$|\))", re.ASCII)
_Read = TypeVar("_Read")

_MINUS: Final = re.compile(r"-(?=\S)(?!E[A-Z\d]{2,15}\b)", re.ASCII)
"""The sign of negation; within names of errors, such as -EINVAL, it is a part of the word."""
_BLANK: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word, or several in quotes that must follow each other."""

    text: str
    """As typed."""
    words: tuple[str, ...]
    """Folded; empty without a letter or digit."""
    whole: bool
    """In quotes: the last word does not only begin so."""
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Not:
    """The negation of a part."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """All parts must match; without parts, everything does."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of the parts must match."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class SameMail:
    """One and the same mail of a row for which a part holds that is about mails alone; `lift_to_rows` makes it."""

    part: Node


Node = Word | FieldTerm | Not | And | Or | SameMail

EVERYTHING: Final = And(())


def read_query(text: str, visited: int | None = None) -> Node:
    """Parse a query as of now; `visited` is the second of the last visit of the lists. Raises QueryError."""
    # To the minute, so that a query asked again with each key is the same tree.
    return parse_query(
        text, Clock(datetime.now(UTC).replace(second=0, microsecond=0), None, visited)
    )


def parse_query(text: str, clock: Clock) -> Node:
    """Parse a query whose dates are read at `clock`. Raises QueryError."""
    tree = _Parser(text[:LONGEST], clock).query()
    if (
        sum(1 for part in conjuncts(tree) if not isinstance(part, Word) for _ in leaves(part))
        > MOST_TERMS
    ):
        raise QueryError("The query is too long.", f"{MOST_TERMS} terms at most.", length=len(text))
    return tree


def conjuncts(tree: Node) -> tuple[Node, ...]:
    """Return the parts of a tree that all must match."""
    return tree.parts if isinstance(tree, And) else (tree,)


def terms(tree: Node) -> Iterator[FieldTerm]:
    """Yield all terms with a prefix."""
    return (leaf for leaf in leaves(tree) if isinstance(leaf, FieldTerm))


def leaves(tree: Node) -> Iterator[Word | FieldTerm]:
    """Yield all words and terms."""
    match tree:
        case Word() | FieldTerm():
            yield tree
        case And(parts=some) | Or(parts=some):
            for part in some:
                yield from leaves(part)
        case Not(part=part) | SameMail(part=part):
            yield from leaves(part)


def lift_to_rows(tree: Node) -> Node:
    """Return a tree about rows: adjacent terms about messages must match one message."""
    if concerns_single_mail(tree):
        return SameMail(tree)
    match tree:
        case And(parts=some):
            mails = tuple(part for part in some if concerns_single_mail(part))
            rows = tuple(lift_to_rows(part) for part in some if not concerns_single_mail(part))
            return And((*rows, SameMail(And(mails)))) if mails else And(rows)
        case Or(parts=some):
            return Or(tuple(map(lift_to_rows, some)))
        case Not(part=part):
            return Not(lift_to_rows(part))
    return tree


def concerns_single_mail(tree: Node) -> bool:
    """Whether a tree asks for something of single mails alone, and for nothing that must not be."""
    match tree:
        case Word():
            return True
        case FieldTerm():
            return tree.prefix in MAIL_FIELDS
        case And(parts=some) | Or(parts=some):
            return bool(some) and all(map(concerns_single_mail, some))
    return False


def source_text(tree: Node, text: str) -> str:
    """Return a part of a query as it was typed."""
    match tree:
        case FieldTerm() | Word():
            return text[tree.offset : tree.offset + tree.length]
        case Not(part=part):
            return f"-{source_text(part, text)}"
        case And(parts=some):
            return " ".join(source_text(part, text) for part in some)
        case Or(parts=some):
            return f"({' OR '.join(source_text(part, text) for part in some)})"
    return ""


class _Parser:
    def __init__(self, text: str, clock: Clock) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._terms = 0
        self._clock = clock

    def query(self) -> Node:
        tree = self._either()
        if self._at < len(self._text):
            raise self._error(
                "Nothing opens this parenthesis.", "Remove it, or put one ( before it."
            )
        return tree

    # ------------------------------------------------------------------- operators

    def _either(self) -> Node:
        """Read up to the end, or the parenthesis that closes."""
        found: list[Node] = []
        while True:
            start = self._at
            both = self._both()
            if self._operator("OR"):
                if not both:
                    raise self._missing("OR", "before", self._at - 2)
                found.append(_joined(both))
                continue
            if found and not both:
                raise self._missing("OR", "after", start - 2)
            found.append(_joined(both))
            return found[0] if len(found) == 1 else Or(tuple(found))

    def _both(self) -> list[Node]:
        found: list[Node] = []
        while not self._at_end():
            if self._sees("OR"):
                break
            if self._sees("AND"):
                at = self._at
                if not found:
                    raise self._missing("AND", "before", at)
                self._operator("AND")
                if self._at_end() or self._sees("OR") or self._sees("AND"):
                    raise self._missing("AND", "after", at)
                continue
            found += self._one()
        return found

    def _one(self) -> list[Node]:
        """Parse one part; none for text without a letter or digit."""
        text, at = self._text, self._at
        if self._operator("NOT"):
            if self._at_end():
                raise self._missing("NOT", "after", at)
            return self._negated(at)
        if _MINUS.match(text, at):
            self._at += 1
            return self._negated(at)
        if text[at] == "(":
            return self._group()
        if match := _PREFIX.match(text, at):
            return [self._term(match)]
        if (match := _BARE_PREFIX.match(text, at)) and match[1] in FIELDS:
            raise QueryError(
                f"{match[0]} stands alone.",
                f"It wants {FIELDS[match[1]].wants}.",
                offset=at,
                length=len(match[0]),
            )
        return self._word()

    def _negated(self, at: int) -> list[Node]:
        with_depth = self._deeper(at, self._one)
        return [Not(part) for part in with_depth]

    def _group(self) -> list[Node]:
        opened = self._at
        self._at += 1
        tree = self._deeper(opened, self._either)
        if self._at >= len(self._text):
            raise QueryError("This parenthesis is not closed.", "Add ) at its end.", offset=opened)
        self._at += 1
        return [tree] if tree != EVERYTHING else []

    def _deeper(self, at: int, read: Callable[[], _Read]) -> _Read:
        self._depth += 1
        if self._depth > DEEPEST:
            raise QueryError(
                "The parentheses are nested too deeply.", f"{DEEPEST} levels at most.", offset=at
            )
        found = read()
        self._depth -= 1
        return found

    # ------------------------------------------------------------------- words and terms

    def _term(self, match: re.Match[str]) -> FieldTerm:
        at, prefix = match.start(), match[1]
        if prefix not in FIELDS:
            raise QueryError(
                f"Unknown prefix {prefix}:.",
                f"Prefixes: {', '.join(f'{each}:' for each in FIELDS)}. Put words with a colon in quotes.",
                offset=at,
                length=len(prefix) + 1,
            )
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise QueryError("The query is too long.", f"{MOST_TERMS} terms at most.", offset=at)
        self._at = match.end()
        value, quoted = self._value()
        place = (at, self._at - at)
        return read_term(prefix, value, quoted, place, match.end() + quoted, self._clock)

    def _word(self) -> list[Node]:
        at = self._at
        value, quoted = self._value()
        found = tuple(WORD.findall(fold(value)))
        if not found:
            return []
        return [Word(value, found, quoted, at, self._at - at)]

    def _value(self) -> tuple[str, bool]:
        """Read a value up to a blank or the closing parenthesis, or a quoted one; tell which."""
        text, start = self._text, self._at
        if text[start] == '"':
            end = text.find('"', start + 1)
            if end < 0:
                raise QueryError("This quote is not closed.", 'Write " at its end.', offset=start)
            self._at = end + 1
            return text[start + 1 : end], True
        opened = 0
        while self._at < len(text) and not text[self._at].isspace():
            char = text[self._at]
            if char == "(":
                opened += 1
            elif char == ")":
                if not opened:
                    break
                opened -= 1
            self._at += 1
        return text[start : self._at], False

    # ------------------------------------------------------------------- where it stands

    def _at_end(self) -> bool:
        """Skip blanks; whether the end or a closing parenthesis comes."""
        if match := _BLANK.match(self._text, self._at):
            self._at = match.end()
        return self._at >= len(self._text) or self._text[self._at] == ")"

    def _sees(self, operator: str) -> bool:
        text, end = self._text, self._at + len(operator)
        return text.startswith(operator, self._at) and (
            end >= len(text) or text[end].isspace() or text[end] in "()"
        )

    def _operator(self, operator: str) -> bool:
        if self._at < len(self._text) and self._sees(operator):
            self._at += len(operator)
            return True
        return False

    def _error(self, message: str, hint: str) -> QueryError:
        return QueryError(message, hint, offset=self._at)

    @staticmethod
    def _missing(operator: str, where: str, at: int) -> QueryError:
        return QueryError(
            f"Nothing stands {where} this {operator}.",
            f'Write words or a term {where} it, or "{operator}" in quotes for the word.',
            offset=max(at, 0),
            length=len(operator),
        )


def _joined(found: list[Node]) -> Node:
    return found[0] if len(found) == 1 else And(tuple(found))
