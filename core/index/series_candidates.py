"""Candidates among all stored postings for versions of one series.

The relations are those of `core.series.features`: names that postings share, titles nearly the same as one of a
sender's last ones, threads. All are kept as rows of `known_as`, so that the groups of new postings are found without
looking at the rest.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from core.index.codec import from_blob, stable_hash, to_blob
from core.series.features import (
    SIMILARITY_WINDOW,
    PostingFeatures,
    TitleFeatures,
    candidate_groups,
    from_values,
    has_same_sender,
    similar_earlier,
    to_values,
)
from core.series.linking import link_candidates

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class SenderOrder:
    """The place of a posting among its sender's; also the former place of a removed one."""

    sender: int
    date: float
    first_date: float
    first: bytes
    """The Message-ID of its first mail."""

    @property
    def order(self) -> tuple[float, float, bytes]:
        """The sort key of a sender's postings, as in `core.series.features.find_likely`."""
        return (self.date, self.first_date, self.first)


@dataclass(frozen=True, slots=True)
class StoredPosting:
    """A posting that is stored, as joining sees it."""

    posting: int
    conversation: int
    item: int | None
    first: int
    """The node of its first mail."""
    order: tuple[float, bytes]
    """The date and Message-ID of its first mail."""
    parent_posting: int | None
    features: PostingFeatures
    """Its `at` and `above` are not set."""


def encode_features(features: PostingFeatures) -> bytes:
    """Return features as they are stored, without their place."""
    return _encode(to_values(features)).encode("ascii")


def decode_features(data: bytes) -> PostingFeatures:
    """Return the features that `encode_features` packed."""
    return from_values(json.loads(data))


def sender_of(features: PostingFeatures) -> int:
    """Return the number of the sender of a posting."""
    return stable_hash("sender", features.title_sender)


def store_posting(
    connection: sqlite3.Connection,
    number: int,
    conversation: int,
    first: int,
    place: SenderOrder,
    parent_posting: int | None,
    features: PostingFeatures,
) -> None:
    """Store a posting, not yet a part of any series."""
    connection.execute(
        "INSERT INTO posting VALUES (?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            conversation,
            first,
            place.first_date,
            place.sender,
            place.date,
            *features.version,
            bool(features.cover),
            to_blob(features.whole_title) if features.whole_title else None,
            parent_posting,
            encode_features(features),
        ),
    )


def store_blocking_keys(
    connection: sqlite3.Connection, all_features: dict[int, PostingFeatures], aboves: dict[int, int]
) -> None:
    """Store under which names postings are known; `aboves` are those in whose threads some were sent."""
    rows: list[tuple[int, int]] = []
    for posting, features in all_features.items():
        rows += [(stable_hash(*name), posting) for name in features.blocking_keys()]
        parent_posting = aboves.get(posting)
        if parent_posting is not None and has_same_sender(all_features[parent_posting], features):
            name = stable_hash("thread", str(parent_posting))
            rows += [(name, posting), (name, parent_posting)]
    connection.executemany("INSERT OR IGNORE INTO blocking_key VALUES (?, ?)", rows)


def delete_blocking_keys(connection: sqlite3.Connection, postings: Collection[int]) -> set[int]:
    """Forget under which names postings are known; return the others that were known under the same."""
    wanted = json.dumps(list(postings))
    likes = json.dumps([similarity_key(posting) for posting in postings])
    rows = connection.execute(
        "SELECT DISTINCT posting FROM blocking_key WHERE name IN"
        " (SELECT name FROM blocking_key WHERE posting IN (SELECT value FROM json_each(?)))",
        (wanted,),
    )
    others = {posting for (posting,) in rows}.difference(postings)
    connection.execute(
        "DELETE FROM blocking_key WHERE posting IN (SELECT value FROM json_each(?))", (wanted,)
    )
    connection.execute(
        "DELETE FROM blocking_key WHERE name IN (SELECT value FROM json_each(?))", (likes,)
    )
    return others


def update_similar_titles(
    connection: sqlite3.Connection, places: Iterable[SenderOrder]
) -> set[int]:
    """Compare titles again where senders' last postings changed; return those that are now like others, or no longer.

    `places` are those of postings that came, went or changed.
    """
    by_sender: dict[int, list[SenderOrder]] = {}
    for place in places:
        by_sender.setdefault(place.sender, []).append(place)
    changed: set[int] = set()
    for sender, moved in by_sender.items():
        changed |= _compare(connection, sender, moved)
    return changed


def _compare(connection: sqlite3.Connection, sender: int, moved: list[SenderOrder]) -> set[int]:
    orders = sorted({place.order for place in moved})
    rows: list[tuple[tuple[float, float, bytes], int, TitleFeatures | None]]
    rows = [(order, -1, None) for order in orders]
    rows += _around(connection, sender, orders[0][0], orders[-1][0])
    rows.sort(key=lambda row: row[:2])
    changed: set[int] = set()
    window: list[tuple[int, TitleFeatures]] = []
    affected = 0
    for _, posting, mine in rows:
        if mine is None:  # from here on, a window's length of postings see another window
            affected = SIMILARITY_WINDOW + 1
            continue
        if affected > 0:
            affected -= 1
            if mine.may_have_predecessor:
                changed |= _store_like(connection, posting, mine, window)
        window.append((posting, mine))
        if len(window) > SIMILARITY_WINDOW:
            del window[0]
    return changed


def _around(
    connection: sqlite3.Connection, sender: int, first: float, last: float
) -> list[tuple[tuple[float, float, bytes], int, TitleFeatures | None]]:
    """Return a sender's postings between two dates, with a window's length before and after."""
    before = connection.execute(
        "SELECT min(date) FROM (SELECT date FROM posting WHERE sender = ? AND date < ?"
        " ORDER BY date DESC LIMIT ?)",
        (sender, first, SIMILARITY_WINDOW),
    ).fetchone()[0]
    after = connection.execute(
        "SELECT max(date) FROM (SELECT date FROM posting WHERE sender = ? AND date > ?"
        " ORDER BY date LIMIT ?)",
        (sender, last, SIMILARITY_WINDOW),
    ).fetchone()[0]
    found = connection.execute(
        "SELECT posting.id, date, first_date, name, major, minor, has_cover, title"
        " FROM posting CROSS JOIN node ON node.id = first"
        " WHERE sender = ? AND date BETWEEN ? AND ?",
        (sender, first if before is None else before, last if after is None else after),
    )
    return [
        (
            (date, first_date, name),
            posting,
            TitleFeatures(date, (major, minor), from_blob(title or b""), bool(has_cover)),
        )
        for posting, date, first_date, name, major, minor, has_cover, title in found
    ]


def _store_like(
    connection: sqlite3.Connection,
    posting: int,
    mine: TitleFeatures,
    window: list[tuple[int, TitleFeatures]],
) -> set[int]:
    """Store the postings in its window that one resembles; return the postings that a change concerns."""
    name = similarity_key(posting)
    now = {window[at][0] for at in similar_earlier(mine, [theirs for _, theirs in window])}
    rows = connection.execute("SELECT posting FROM blocking_key WHERE name = ?", (name,))
    before = {each for (each,) in rows} - {posting}
    if now == before:
        return set()
    connection.execute("DELETE FROM blocking_key WHERE name = ?", (name,))
    if now:
        connection.executemany(
            "INSERT INTO blocking_key VALUES (?, ?)", [(name, each) for each in (*now, posting)]
        )
    return now | before | {posting}


def similarity_key(posting: int) -> int:
    """Return the name that a posting shares with those whose titles are like its own."""
    return stable_hash("like", str(posting))


class CandidateFinder:
    """The families of some postings."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._named: dict[int, list[int]] = {}
        """Blocking key → the postings that have it."""
        self.postings: dict[int, StoredPosting] = {}

    def collect(self, postings: Collection[int]) -> None:
        """Collect the postings that share a blocking key or a thread with these, directly or through others."""
        new = set(postings)
        found: set[int] = set()
        while new:
            found |= new
            names = {
                name
                for (name,) in self._connection.execute(
                    "SELECT name FROM blocking_key WHERE posting IN (SELECT value FROM json_each(?))",
                    (json.dumps(list(new)),),
                )
            }
            names -= self._named.keys()
            for name in names:
                self._named[name] = []
            new = set()
            for name, posting in self._connection.execute(
                "SELECT name, posting FROM blocking_key WHERE name IN (SELECT value FROM json_each(?))",
                (json.dumps(list(names)),),
            ):
                self._named[name].append(posting)
                if posting not in found:
                    new.add(posting)
        self._load(found)

    def link(self) -> list[list[StoredPosting]]:
        """Return the groups of them that are one series each, in date order."""
        ordered = sorted(self.postings.values(), key=lambda each: each.order)
        place_of = {each.posting: at for at, each in enumerate(ordered)}
        all_features = [
            replace(each.features, at=at, parent_posting=place_of.get(each.parent_posting or 0, -1))
            for at, each in enumerate(ordered)
        ]
        alike: dict[int, list[int]] = {}
        for at, each in enumerate(ordered):
            others = self._named.get(similarity_key(each.posting), ())
            earlier = [place_of[other] for other in others if other != each.posting]
            if earlier:
                alike[at] = sorted(earlier, key=lambda place: (all_features[place].when, place))
        return [
            [ordered[features.at] for features in line]
            for family in candidate_groups(all_features, alike)
            for line in link_candidates(family, alike)
        ]

    def _load(self, postings: set[int]) -> None:
        rows = self._connection.execute(
            "SELECT posting.id, posting.conversation, posting.list_row, first, first_date, name, parent, features"
            " FROM posting CROSS JOIN node ON node.id = first"
            " WHERE posting.id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(postings)),),
        )
        for posting, conversation, item, first, first_date, name, parent_posting, features in rows:
            self.postings[posting] = StoredPosting(
                posting,
                conversation,
                item,
                first,
                (first_date, name),
                parent_posting,
                decode_features(features),
            )
