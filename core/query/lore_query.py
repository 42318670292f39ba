"""A query → the query language of public-inbox servers, as far as they have its terms (PublicInbox::Search, `mix/_/text/help`)."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Final

from core.query.fields import FieldTerm
from core.query.query import And, Node, Not, Or, Word

MOST: Final = 1500
"""Characters of a query that a server is sent: it goes into an address."""

_PREFIXES: Final = {
    "s": "s", "f": "f", "with": "f", "t": "t", "c": "c", "tc": "tc", "a": "a", "b": "b", "dfhh": "dfhh",
}  # fmt: skip
_PLAIN: Final = re.compile(r"[A-Za-z0-9]{3,64}")
_GLOB: Final = re.compile(r"[*?\[]")
_ODD: Final = re.compile(r'[\x00-\x20"\x7f-\x9f]+')


@dataclass(slots=True)
class ServerQuery:
    """A query for a server."""

    query: str
    """"" where nothing of it can be asked."""
    left_out: list[str] = field(default_factory=list)
    """Terms that the server cannot search."""
    wider: list[str] = field(default_factory=list)
    """Terms that the server searches more loosely."""


def translate(tree: Node, lists: tuple[str, ...] = ()) -> ServerQuery:
    """Return a query for the server of an inbox that is known here by some names."""
    asked = ServerQuery("")
    asked.query = _Writer(asked, {name.casefold() for name in lists}).node(tree) or ""
    if len(asked.query) > MOST or not _asks(tree):
        asked.query = ""
    return asked


def _asks(tree: Node) -> bool:
    """Whether it has a positive term, and not only negated ones."""
    match tree:
        case And(parts=parts):
            return any(map(_asks, parts))
        case Or(parts=parts):
            return all(map(_asks, parts))
        case Not():
            return False
        case FieldTerm():
            return tree.prefix in _PREFIXES or tree.prefix in ("d", "rt", "m", "dfn")
    return True


class _Writer:
    def __init__(self, asked: ServerQuery, lists: set[str]) -> None:
        self._asked = asked
        self._lists = lists

    def node(self, tree: Node) -> str | None:
        """Return a part for the server; None where it cannot be asked that."""
        match tree:
            case And(parts=parts):
                found = [text for part in parts if (text := self.node(part)) is not None]
                return self._joined(found, " AND ")
            case Or(parts=parts):
                texts = [self.node(part) for part in parts]
                known = [text for text in texts if text is not None]
                return self._joined(known, " OR ") if len(known) == len(texts) else None
            case Not(part=part):
                text = self.node(part)
                # What is asked loosely would leave out too much.
                return None if text is None or self._is_wider(part) else f"NOT {text}"
            case Word():
                return f"(s:{_text_query(tree.text, tree.whole)} OR f:{_text_query(tree.text, tree.whole)})"
            case FieldTerm():
                return self._term(tree)
        return None

    @staticmethod
    def _joined(texts: list[str], operator: str) -> str | None:
        if len(texts) < 2:
            return texts[0] if texts else None
        # NOT stands after what it takes away from.
        texts.sort(key=lambda text: text.startswith("NOT "))
        joined = operator.join(texts)
        return f"({joined.replace(' AND NOT ', ' NOT ')})"

    def _is_wider(self, part: Node) -> bool:
        return (
            isinstance(part, FieldTerm) and part.prefix == "dfn" and bool(_GLOB.search(part.value))
        )

    def _term(self, term: FieldTerm) -> str | None:
        name = f"{term.prefix}:{term.value}"
        if term.prefix in _PREFIXES:
            return f"{_PREFIXES[term.prefix]}:{_text_query(term.value, term.whole)}"
        if term.prefix == "m":
            return f"m:{_text_query(term.value, whole=True)}"
        if term.prefix in ("d", "rt"):
            name = "dt" if term.prefix == "d" else "rt"
            return f"{name}:{_moment(term.low)}..{_moment(term.high)}"
        if term.prefix == "dfn":
            literal = (
                _GLOB.split(term.value)[0].rpartition("/")[0]
                if _GLOB.search(term.value)
                else term.value
            )
            if not literal.strip("/"):
                self._asked.left_out.append(name)
                return None
            if literal != term.value:
                self._asked.wider.append(f"{name} as dfn:{literal}")
            return f"dfn:{_text_query(literal, whole=True)}"
        if term.prefix == "l" and term.value.casefold().partition(".")[0] in self._lists:
            return None  # which is where it is asked
        self._asked.left_out.append(name)
        return None


def _text_query(text: str, whole: bool) -> str:
    if not whole and _PLAIN.fullmatch(text):
        return f"{text}*"
    plain = text.encode("utf-8", "replace").decode()
    return f'"{_ODD.sub(" ", plain).strip()}"'


def _moment(second: int | None) -> str:
    if second is None:
        return ""
    # What no calendar of theirs has is as good as open.
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(second)) if 0 <= second < 1 << 35 else ""
