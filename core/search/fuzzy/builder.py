"""Builds the arrays of a segment from entries."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled
from core.query.tokens import MAX_SUBJECT_WORDS, fold, letter_mask, person_tokens, tokenize
from core.search.fuzzy.segment import HEAD, Bytes, Places, Segment, encoded

MAX_SUBJECT: Final = 1000
MAX_NAME: Final = 200
MAX_ADDRESS: Final = 320
MAX_MESSAGE_ID: Final = 1000
"""Characters kept of each, which bounds the cost of a flood in one row."""

_STEP: Final = 4096
"""Rows between two looks at `stop`."""


@dataclass(frozen=True, slots=True)
class FuzzyEntry:
    """The searchable fields of one series or patch."""

    row: int
    """The caller's number for it, below 2**63."""
    subject: str
    """The subject without `Re:` and tags: `core.model.Subject.title`."""
    name: str
    address: str
    """The author's."""
    message_id: str
    date: int
    """Seconds since 1970: of two equally good rows the newer comes first."""
    version: int = 1
    is_series: bool = False


class _StringTable:
    """A growing list of texts as one run of bytes."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.at = array("q", [0])

    def add(self, text: str) -> None:
        self.data += encoded(text)
        self.at.append(len(self.data))


class _Builder:
    def __init__(self) -> None:
        self.ids = array("q")
        self.dates = array("L")
        self.kinds = bytearray()
        self.versions = array("H")
        self.lengths = bytearray()
        self.people = array("I")
        self.subjects = _StringTable()
        self.initials = _StringTable()
        self.message_ids = _StringTable()
        self.persons = _StringTable()
        self.addresses = _StringTable()
        self.known: dict[tuple[str, str], int] = {}
        self.vocabulary: dict[str, int] = {}
        self.tokens = array("I")
        """The words of all subjects, row after row."""
        self.person_tokens = array("I")
        self.person_of_token = array("I")
        self.field_of_token = bytearray()

    def add(self, entry: FuzzyEntry) -> None:
        subject = entry.subject[:MAX_SUBJECT]
        found = tokenize(subject, MAX_SUBJECT_WORDS)
        vocabulary = self.vocabulary
        self.tokens.extend([vocabulary.setdefault(word, len(vocabulary)) for word in found])
        self.ids.append(entry.row)
        self.dates.append(min(max(entry.date, 0), 2**32 - 1))
        self.kinds.append(entry.is_series)
        self.versions.append(min(max(entry.version, 0), 2**16 - 1))
        self.lengths.append(len(found))
        self.people.append(self._person(entry.name[:MAX_NAME], entry.address[:MAX_ADDRESS]))
        self.subjects.add(subject)
        self.initials.add("".join([word[0] for word in found]) + "\n")
        self.message_ids.add(entry.message_id[:MAX_MESSAGE_ID].lower())

    def _person(self, name: str, address: str) -> int:
        person = self.known.get((name, address))
        if person is not None:
            return person
        person = self.known[name, address] = len(self.known)
        self.persons.add(name)
        self.persons.add(address)
        self.addresses.add(fold(address).replace("\n", " ") + "\n")
        for field, word in person_tokens(name, address):
            self.person_tokens.append(self.vocabulary.setdefault(word, len(self.vocabulary)))
            self.person_of_token.append(person)
            self.field_of_token.append(field)
        return person

    def segment(self) -> Segment:
        """Return the arrays of all entries added."""
        ordered = sorted(self.vocabulary)
        rank = self._ranks(ordered)
        lengths = np.frombuffer(self.lengths, np.uint8)
        people = np.frombuffer(self.people, np.uint32)
        tokens = rank[np.frombuffer(self.tokens, np.uint32)]
        order, subject_rows_at = _grouped(tokens, len(ordered))
        subject_rows = np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths)[order]
        person_tokens = rank[np.frombuffer(self.person_tokens, np.uint32)]
        person_order, word_persons_at = _grouped(person_tokens, len(ordered))
        person_rows, person_rows_at = _grouped(people, len(self.known))
        weights = np.diff(subject_rows_at) + np.diff(word_persons_at)
        frequent_words = np.argsort(-weights, kind="stable").astype(np.uint32)
        vocabulary = _texts(ordered)
        frequent = _texts(ordered[word] + "\n" for word in frequent_words)
        return Segment(
            ids=np.frombuffer(self.ids, np.int64),
            dates=np.frombuffer(self.dates, np.dtype("L")).astype(np.uint32),
            kinds=np.frombuffer(self.kinds, np.uint8),
            versions=np.frombuffer(self.versions, np.uint16),
            lengths=lengths,
            people=people,
            subjects=_bytes(self.subjects),
            subjects_at=_places(self.subjects),
            initials=_bytes(self.initials),
            initials_at=_places(self.initials),
            message_ids=_bytes(self.message_ids),
            message_ids_at=_places(self.message_ids),
            by_message_id=self._by_message_id(),
            persons=_bytes(self.persons),
            persons_at=_places(self.persons),
            addresses=_bytes(self.addresses),
            addresses_at=_places(self.addresses),
            person_rows=person_rows.astype(np.uint32),
            person_rows_at=person_rows_at,
            vocabulary=_bytes(vocabulary),
            vocabulary_at=_places(vocabulary),
            masks=_letter_masks(ordered),
            heads=_letter_masks([word[:HEAD] for word in ordered]),
            word_lengths=np.array([len(word) for word in ordered], np.uint8),
            frequent=_bytes(frequent),
            frequent_at=_places(frequent),
            frequent_words=frequent_words,
            subject_rows=subject_rows,
            subject_rows_at=subject_rows_at,
            word_persons=np.frombuffer(self.person_of_token, np.uint32)[person_order],
            word_fields=np.frombuffer(self.field_of_token, np.uint8)[person_order],
            word_persons_at=word_persons_at,
        )

    def _ranks(self, ordered: Sequence[str]) -> NDArray[np.uint32]:
        """Return, for each number in the vocabulary, the word's place in sorted order."""
        ranks = np.empty(len(ordered), np.uint32)
        ranks[[self.vocabulary[word] for word in ordered]] = np.arange(len(ordered))
        return ranks

    def _by_message_id(self) -> NDArray[np.uint32]:
        data, at = bytes(self.message_ids.data), self.message_ids.at
        keys = [data[at[row] : at[row + 1]] for row in range(len(self.ids))]
        return np.array(sorted(range(len(keys)), key=keys.__getitem__), np.uint32)


def build(entries: Iterable[FuzzyEntry], stop: Event | None = None) -> Segment:
    """Return a segment of the entries. Raises Cancelled."""
    builder = _Builder()
    for number, entry in enumerate(entries):
        if not number % _STEP and stop is not None and stop.is_set():
            raise Cancelled
        builder.add(entry)
    return builder.segment()


def _grouped(keys: NDArray[np.uint32], count: int) -> tuple[NDArray[np.intp], Places]:
    """Return the order that brings equal keys together, and where each key's run begins."""
    at = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(keys, minlength=count), out=at[1:])
    return np.argsort(keys, kind="stable"), at


def _letter_masks(words: Iterable[str]) -> NDArray[np.uint64]:
    return np.array([letter_mask(word) for word in words], np.uint64)


def _texts(texts: Iterable[str]) -> _StringTable:
    joined = _StringTable()
    for text in texts:
        joined.add(text)
    return joined


def _bytes(texts: _StringTable) -> Bytes:
    return np.frombuffer(texts.data, np.uint8)


def _places(texts: _StringTable) -> Places:
    return np.frombuffer(texts.at, np.int64)
