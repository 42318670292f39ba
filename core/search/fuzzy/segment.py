"""The arrays that are searched: the texts of many rows, their vocabulary, and which row has which word.

Everything is a flat numpy array, so that a saved segment is mapped into memory and used as it lies on disk. A list
of texts is one array of UTF-8 bytes and one of n + 1 places; a table "word to rows" is one array of rows, word
after word, and one of places (compressed sparse rows). Nothing in a segment changes once it is made.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import shutil
import sys
import tempfile
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from core.query.tokens import person_tokens

HEAD: Final = 6

_PEOPLE_KEPT: Final = 4096
"""People whose words are cached from search to search."""

_MOST_PEOPLE: Final = 20_000
"""People that one typed address may mean."""

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
Rows = NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Segment:
    """Rows to search; `n` of them, by `p` people, with `v` different words."""

    ids: Places
    """(n) The caller's number of each row."""
    dates: NDArray[np.uint32]
    """(n) Seconds since 1970, for ties."""
    kinds: Bytes
    """(n) 1 for a series, 0 for a patch."""
    versions: NDArray[np.uint16]
    """(n)"""
    lengths: Bytes
    """(n) Words of the subject."""
    people: Rows
    """(n) The person of each row."""
    subjects: Bytes
    subjects_at: Places
    """(n + 1) The subjects as they came."""
    initials: Bytes
    initials_at: Places
    """(n + 1) The first letters of the subject's words, a line for each row."""
    message_ids: Bytes
    message_ids_at: Places
    """(n + 1) In lower case."""
    by_message_id: Rows
    """(n) The rows in the order of their Message-IDs."""
    persons: Bytes
    persons_at: Places
    """(2p + 1) Name and address, in turn."""
    addresses: Bytes
    addresses_at: Places
    """(p + 1) The addresses, folded, a line for each."""
    person_rows: Rows
    person_rows_at: Places
    """(p + 1) The rows of each person."""
    vocabulary: Bytes
    vocabulary_at: Places
    """(v + 1) The different words, sorted, so that those with one beginning stand together."""
    masks: NDArray[np.uint64]
    """(v) The letters of each word as bits (`words.letter_mask`)."""
    heads: NDArray[np.uint64]
    """(v) The same of its first HEAD letters."""
    word_lengths: Bytes
    """(v) In letters."""
    frequent: Bytes
    """The vocabulary once more, the most frequent word first, a line for each."""
    frequent_at: Places
    """(v + 1)"""
    frequent_words: Rows
    """(v) Which word each line is."""
    subject_rows: Rows
    subject_rows_at: Places
    """(v + 1) The rows with each word in their subject."""
    word_persons: Rows
    word_fields: Bytes
    """NAME, LOCAL or DOMAIN, for each of `word_persons`."""
    word_persons_at: Places
    """(v + 1) The people with each word in name or address."""

    def __len__(self) -> int:
        return len(self.ids)

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield every array with its name."""
        for each in fields(self):
            yield each.name, getattr(self, each.name)

    def subject(self, row: int) -> str:
        """Return a row's subject."""
        return _text(self.subjects, self.subjects_at, row)

    def message_id(self, row: int) -> str:
        """Return a row's Message-ID in lower case."""
        return _text(self.message_ids, self.message_ids_at, row)

    def initials_of(self, row: int) -> bytes:
        """Return the first letters of the words of a row's subject."""
        return self.initials[self.initials_at[row] : self.initials_at[row + 1]].tobytes()

    def person(self, person: int) -> tuple[str, str]:
        """Return a person's name and address."""
        return (
            _text(self.persons, self.persons_at, 2 * person),
            _text(self.persons, self.persons_at, 2 * person + 1),
        )

    def address(self, person: int) -> str:
        """Return a person's address, folded."""
        return _text(self.addresses, self.addresses_at, person)[:-1]

    def with_address(self, typed: str) -> NDArray[np.intp]:
        """Return people whose folded address contains `typed`, up to a cap."""
        needle = encoded(typed)
        text = self.addresses_text
        places: list[int] = []
        place = text.find(needle)
        while place >= 0 and len(places) < _MOST_PEOPLE:
            places.append(place)
            place = text.find(needle, place + 1)
        return np.unique(np.searchsorted(self.addresses_at, places, side="right") - 1)

    def person_words(self, person: int) -> list[tuple[int, str]]:
        """Return the words of a person, each with its field (`words.person_words`)."""
        kept = self._person_words
        found = kept.get(person)
        if found is None:
            if len(kept) >= _PEOPLE_KEPT:
                kept.clear()
            found = kept[person] = person_tokens(*self.person(person))
        return found

    def word(self, word: int) -> str:
        """Return a word of the vocabulary."""
        return _text(self.vocabulary, self.vocabulary_at, word)

    def words_from(self, beginning: str) -> tuple[int, int]:
        """Return the range of the words that begin so."""
        low = encoded(beginning)
        every = range(len(self.masks))
        first = bisect_left(every, low, key=self._word_bytes)
        # No UTF-8 text has a byte 255, so this stands after all that begin with it.
        return first, bisect_left(every, low + b"\xff", lo=first, key=self._word_bytes)

    def rows_from_message_id(self, beginning: str) -> Rows:
        """Return the rows whose Message-ID begins with `beginning`, in lower case."""
        low = encoded(beginning)
        every = range(len(self.ids))
        first = bisect_left(every, low, key=self._message_id_bytes)
        last = bisect_left(every, low + b"\xff", lo=first, key=self._message_id_bytes)
        return self.by_message_id[first:last]

    def _word_bytes(self, word: int) -> bytes:
        return self.vocabulary[self.vocabulary_at[word] : self.vocabulary_at[word + 1]].tobytes()

    def _message_id_bytes(self, place: int) -> bytes:
        row = self.by_message_id[place]
        return self.message_ids[self.message_ids_at[row] : self.message_ids_at[row + 1]].tobytes()

    @cached_property
    def frequent_text(self) -> bytes:
        """All of `frequent`, to be searched through."""
        return self.frequent.tobytes()

    @cached_property
    def addresses_text(self) -> bytes:
        """All of `addresses`, to be searched through."""
        return self.addresses.tobytes()

    @cached_property
    def initials_text(self) -> bytes:
        """All of `initials`, to be searched through."""
        return self.initials.tobytes()

    @cached_property
    def _person_words(self) -> dict[int, list[tuple[int, str]]]:
        return {}


def encoded(text: str) -> bytes:
    """Return any text as bytes, lone surrogates too."""
    return text.encode("utf-8", "surrogatepass")


def _text(texts: Bytes, places: Places, number: int) -> str:
    start, end = places.item(number), places.item(number + 1)
    return texts[start:end].tobytes().decode("utf-8", "surrogatepass")


def spread(places: Places, numbers: NDArray[Any]) -> tuple[Places, Places]:
    """Return where in a table's data the entries of `numbers` lie, and how many each has."""
    starts = places[numbers]
    counts = places[numbers + 1] - starts
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total), counts


_FORMAT: Final = 1
"""Raised whenever the meaning of the arrays changes, the folding of words included."""

_ALIGNED: Final = 64
_HEAD_FILE: Final = "head.json"
_ARRAYS_FILE: Final = "arrays"
_UNFINISHED: Final = "new-"
_PIECES: Final = 64
_PIECE: Final = 4096


def save_segment(segment: Segment, folder: Path, stamp: str) -> None:
    """Write a segment and its stamp. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    try:
        _write(segment, unfinished, stamp)
        number = max(_numbers(folder), default=0) + 1
        unfinished.rename(folder / str(number))
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _sync(folder)
    for old in _numbers(folder):
        if old < number:
            shutil.rmtree(folder / str(old), ignore_errors=True)


def load_segment(folder: Path) -> tuple[Segment, str] | None:
    """Return the saved segment, mapped, and its stamp; None where there is none that can be used."""
    for number in sorted(_numbers(folder), reverse=True):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return _read(folder / str(number))
    return None


def _numbers(folder: Path) -> list[int]:
    try:
        return [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
    except OSError:
        return []


def _write(segment: Segment, folder: Path, stamp: str) -> None:
    arrays: dict[str, list[str | int]] = {}
    with _private(folder / _ARRAYS_FILE) as file:
        for name, array in segment.arrays():
            file.write(bytes(-file.tell() % _ALIGNED))
            arrays[name] = [array.dtype.str, len(array), file.tell()]
            file.write(np.ascontiguousarray(array).data)
        file.write(bytes(_ALIGNED))  # so that no array begins at the very end
        file.flush()
        os.fsync(file.fileno())
    with (folder / _ARRAYS_FILE).open("rb") as file:
        sample = _checksum_sample(file)
    with _private(folder / _HEAD_FILE) as file:
        head = {
            "format": _FORMAT,
            "byteorder": sys.byteorder,
            "stamp": stamp,
            "arrays": arrays,
            "sample": sample,
        }
        file.write(json.dumps(head).encode())
        file.flush()
        os.fsync(file.fileno())
    _sync(folder)


def _read(folder: Path) -> tuple[Segment, str]:
    """Return a segment. Raises OSError, ValueError, KeyError or TypeError where it cannot be used."""
    head = json.loads((folder / _HEAD_FILE).read_bytes())
    if head["format"] != _FORMAT or head["byteorder"] != sys.byteorder:
        raise ValueError("another format")
    with (folder / _ARRAYS_FILE).open("rb") as file:
        if _checksum_sample(file) != head["sample"]:
            raise ValueError("not what was written")
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    arrays: dict[str, NDArray[Any]] = {
        name: np.frombuffer(data, np.dtype(kind), count, offset)
        for name, (kind, count, offset) in head["arrays"].items()
    }
    return Segment(**arrays), str(head["stamp"])


def _checksum_sample(file: BinaryIO) -> list[int]:
    """Return the size of a file, and a checksum of some pieces all over it: to read all of it would take too long."""
    size = file.seek(0, os.SEEK_END)
    checksum = 0
    for number in range(_PIECES):
        file.seek(number * max(0, size - _PIECE) // (_PIECES - 1))
        checksum = zlib.crc32(file.read(_PIECE), checksum)
    return [size, checksum]


def _private(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
