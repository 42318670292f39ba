"""The tests of prefixes about messages (`s:`, `f:`, `dfn:`) on a message in memory; `core.index.query_sql` has the same for the index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from core.index.row_summary import REVIEW_ROLES
from core.model import Identity, Message, MessageId, Series, Thread
from core.query.fields import FieldTerm, path_matcher
from core.query.tokens import contains_phrase
from core.search.mail_details import DetailReader


@dataclass(frozen=True, slots=True)
class ItemMail:
    """A mail of a series or thread, and its part there."""

    message: Message
    posted: bool
    """A cover letter or patch, or the first mail of a thread."""
    gives: frozenset[str]
    """The names, in lower case, of the trailers that it gives."""


def mails_of(item: Series | Thread) -> Iterator[ItemMail]:
    """Yield the mails of an item, those of one Message-ID one by one."""
    if isinstance(item, Thread):
        found = [
            (item.root, True, frozenset[str]()),
            *((reply.message, False, frozenset[str]()) for reply in item.replies),
        ]
    else:
        given: dict[MessageId, set[str]] = {}
        for trailer in item.trailers:
            given.setdefault(trailer.message_id, set()).add(trailer.name.casefold())
        found = []
        for version in item.versions:
            for entry in version.entries():
                found += [
                    (each, True, frozenset[str]()) for each in (entry.message, *entry.duplicates)
                ]
                found += [
                    (reply.message, False, frozenset(given.get(reply.message.message_id, ())))
                    for reply in entry.replies
                ]
    for message, posted, gives in found:
        for each in (message, *message.id_conflicts):
            yield ItemMail(each, posted, gives)


def is_within(number: int | None, term: FieldTerm) -> bool:
    """Whether a number or second lies between the ends of a term; None lies nowhere."""
    return (
        number is not None
        and (term.low is None or number >= term.low)
        and (term.high is None or number <= term.high)
    )


def _names(term: FieldTerm, *people: Identity) -> bool:
    return any(contains_phrase(person_text(each), term.words, whole=term.whole) for each in people)


def _has_words(term: FieldTerm, mail: ItemMail, details: DetailReader) -> bool:
    phrase = " " + " ".join(term.words) + (" " if term.whole else "")
    return phrase in details.words_of(mail.message)


def _touches(term: FieldTerm, mail: ItemMail, details: DetailReader) -> bool:
    return mail.message.has_diff and any(
        map(path_matcher(term.value), details.of(mail.message).paths)
    )


def _has_hunk_header(term: FieldTerm, mail: ItemMail, details: DetailReader) -> bool:
    return mail.message.has_diff and any(
        contains_phrase(header, term.words, whole=term.whole)
        for header in details.of(mail.message).hunk_headers
    )


MAIL_TERMS: Final[Mapping[str, Callable[[FieldTerm, ItemMail, DetailReader], bool]]] = {
    "s": lambda term, mail, _: contains_phrase(mail.message.subject.text, term.words, whole=term.whole),
    "f": lambda term, mail, _: mail.posted and _names(term, mail.message.sender, mail.message.author),
    "with": lambda term, mail, _: _names(term, mail.message.sender, mail.message.author),
    "by": lambda term, mail, _: bool(mail.gives) and _names(term, mail.message.sender),
    "tag": lambda term, mail, _: any(
        name[0] == term.value for name in REVIEW_ROLES if name in mail.gives
    ),
    "t": lambda term, mail, _: _names(term, *mail.message.to),
    "c": lambda term, mail, _: _names(term, *mail.message.cc),
    "tc": lambda term, mail, _: _names(term, *mail.message.to, *mail.message.cc),
    "a": lambda term, mail, _: _names(
        term, mail.message.sender, mail.message.author, *mail.message.to, *mail.message.cc
    ),
    "b": _has_words,
    "d": lambda term, mail, _: is_within(int(mail.message.date.timestamp()), term),
    "rt": lambda term, mail, details: is_within(details.of(mail.message).received, term),
    "dfn": _touches,
    "dfhh": _has_hunk_header,
    "m": lambda term, mail, _: term.value in mail.message.message_id,
}  # fmt: skip
"""The test of each prefix about messages; `core.index.query_sql` has the same for the index."""


@lru_cache(maxsize=1 << 14)
def person_text(identity: Identity) -> str:
    """Return a person's name and address, as phrases are looked for in them."""
    return f"{identity.name} {identity.address}"
