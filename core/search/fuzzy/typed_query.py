"""A typed query taken apart: words, a version, and possible addresses and Message-IDs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from core.mail.subject import REPLY_PREFIX
from core.query.tokens import MAX_WORD, WORD, fold
from core.sources.message_url import message_id_in

MAX_QUERY: Final = 1000
"""Characters of a query that are read; the rest of a paste is ignored."""

MAX_WORDS: Final = 12
_MAX_TAGS: Final = 8
_MIN_ID: Final = 8

_REPLY: Final = re.compile(rf"\s*{REPLY_PREFIX.pattern}\s*", re.IGNORECASE)
_TAG: Final = re.compile(r"\s*\[([^\[\]]*)\]\s*")
_VERSION: Final = re.compile(r"v(\d{1,3})")
_TAG_VERSION: Final = re.compile(
    r"(?<![^\W_])v(\d{1,3})(?![^\W_])|(?<=patch)v(\d{1,3})", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"@|[^\W_]\.[^\W_]")
_WRAPPED: Final = "<>()[]{}\"',;"


@dataclass(frozen=True, slots=True)
class TypedWord:
    """A typed word, folded; a `v3` also means a version."""

    text: str
    version: int | None = None
    address: str = ""
    """The piece of `Terms.addresses` that it was typed in."""


@dataclass(frozen=True, slots=True)
class TypedQuery:
    """A query taken apart."""

    words: tuple[TypedWord, ...]
    """Each different one once, in the order typed."""
    version: int | None = None
    """The version in the tags of a pasted subject: a wish, no condition."""
    addresses: tuple[str, ...] = ()
    """Possible parts of an address: several words joined by `@` or dots, folded.

    One with an `@` must occur literally in an address or Message-ID.
    """
    message_id: str = ""
    """A possible Message-ID, or the beginning of one, in lower case."""

    def __bool__(self) -> bool:
        return bool(self.words or self.message_id)


def parse_typed_query(query: str) -> TypedQuery:
    """Take a query apart; never fails; text without a letter or digit is empty."""
    query = query[:MAX_QUERY]
    text, version_wished = _without_tags(query)
    found: dict[str, TypedWord] = {}
    addresses = []
    for chunk in fold(text).split():
        typed = [word[:MAX_WORD] for word in WORD.findall(chunk)]
        address = chunk.strip(_WRAPPED) if typed and _ADDRESS.search(chunk) else ""
        if address:
            addresses.append(address)
        for word in typed:
            version = _VERSION.fullmatch(word)
            found.setdefault(word, TypedWord(word, int(version[1]) if version else None, address))
    return TypedQuery(
        words=tuple(found.values())[:MAX_WORDS],
        version=version_wished,
        addresses=tuple(addresses[:MAX_WORDS]),
        message_id=_message_id(query.strip()),
    )


def _without_tags(query: str) -> tuple[str, int | None]:
    """Return a pasted subject without `Re:` and leading brackets, and the version these name."""
    version = None
    text = query
    for _ in range(_MAX_TAGS):
        if match := _REPLY.match(text):
            text = text[match.end() :]
        elif match := _TAG.match(text):
            text = text[match.end() :]
            if number := _TAG_VERSION.search(match[1]):
                version = int(number[1] or number[2])
        else:
            break
    return text, version


def _message_id(query: str) -> str:
    """Return a possible Message-ID: in a form that people paste, or one long run with a digit."""
    if named := message_id_in(query):
        query = named
    elif "://" in query or any(map(str.isspace, query)):
        return ""
    query = query.strip(_WRAPPED).lower()
    likely = "@" in query or any(map(str.isdigit, query))
    return query if likely and len(query) >= _MIN_ID else ""
