"""The searchable terms of mails: words of subjects and people, each person's involvement, and dates.

Words are folded (`core.query.tokens`), so that the index and a search in memory find the same. The tables of words keep
no texts: to take a mail out, its words are made again of its facts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from core.index.codec import StoredFacts, read_facts, split_pair
from core.query.tokens import WORD, fold

SENDER: Final = 1
AUTHOR: Final = 2
TO: Final = 4
CC: Final = 8
"""How a person is involved in a mail; bits."""

MOST_WORDS: Final = 256
"""Words of a text that it is found by."""

_DATES: Final = 1 << 62


def fts_text(text: str, *, most: int = MOST_WORDS) -> str:
    """Return the first folded words of a text, as the tables of words take them."""
    return " ".join(WORD.findall(fold(text))[:most])


def phrase_fts_text(text: str) -> str:
    """Return the words of a phrase, of a pair those of both its texts."""
    length, colon, rest = text.partition(":")
    if colon and length.isascii() and length.isdigit() and len(length) < 8:
        return fts_text("\n".join(split_pair(text))) if int(length) <= len(rest) else fts_text(rest)
    return fts_text(text)


def last_number(connection: sqlite3.Connection) -> int:
    """Return the highest number that a mail has or had: none is given twice, since bodies are found by it elsewhere."""
    (last,) = connection.execute(
        "SELECT max(coalesce((SELECT max(id) FROM message), 0),"
        " coalesce((SELECT value FROM meta WHERE name = 'last_taken_out'), 0))"
    ).fetchone()
    return int(last)


def index_phrases(connection: sqlite3.Connection, phrases: Iterable[tuple[int, str]]) -> None:
    """Let new phrases be found by their words."""
    connection.executemany(
        "INSERT INTO phrase_words (rowid, words) VALUES (?, ?)",
        [(number, phrase_fts_text(text)) for number, text in phrases],
    )


def remove_phrases(connection: sqlite3.Connection, phrases: Sequence[tuple[int, str]]) -> None:
    """Take phrases out, with their words."""
    connection.executemany(
        "INSERT INTO phrase_words (phrase_words, rowid, words) VALUES ('delete', ?, ?)",
        [(number, phrase_fts_text(text)) for number, text in phrases],
    )
    connection.executemany("DELETE FROM phrase WHERE id = ?", [(number,) for number, _ in phrases])


def index_messages(
    connection: sqlite3.Connection, mails: Iterable[tuple[int, int, StoredFacts]]
) -> None:
    """Let new mails be found; each comes with its own number and its node's."""
    subjects: list[tuple[int, str]] = []
    dates: list[tuple[int, int]] = []
    people: list[tuple[int, int, int]] = []
    for number, node, facts in mails:
        subjects.append((number, fts_text(facts.subject)))
        dates.append((_second(facts.timestamp), node))
        people += [(person, node, bits) for person, bits in _involved(facts).items()]
    people.sort()  # as the table is: each page is looked for once
    connection.executemany("INSERT INTO subject_words (rowid, words) VALUES (?, ?)", subjects)
    connection.executemany("INSERT OR IGNORE INTO message_date VALUES (?, ?)", dates)
    _involve(connection, people)


def remove_message(connection: sqlite3.Connection, number: int) -> None:
    """Remove a mail from the search tables; call it before the mail itself is removed."""
    found = connection.execute("SELECT node, facts FROM message WHERE id = ?", (number,)).fetchone()
    if found is None:
        return
    connection.execute(
        "INSERT INTO meta VALUES ('last_taken_out', ?)"
        " ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
        (number,),
    )
    node, packed = found
    facts = read_facts(packed)
    connection.execute(
        "INSERT INTO subject_words (subject_words, rowid, words) VALUES ('delete', ?, ?)",
        (number, fts_text(facts.subject)),
    )
    connection.execute(
        "DELETE FROM message_date WHERE date = ? AND node = ?",
        (_second(facts.timestamp), node),
    )
    connection.executemany(
        "DELETE FROM participant WHERE person = ? AND node = ?",
        [(person, node) for person in _involved(facts)],
    )
    # Others of the same Message-ID keep what is theirs.
    for (other,) in connection.execute(
        "SELECT facts FROM message WHERE node = ? AND id != ?", (node, number)
    ).fetchall():
        facts = read_facts(other)
        connection.execute(
            "INSERT OR IGNORE INTO message_date VALUES (?, ?)",
            (_second(facts.timestamp), node),
        )
        _involve(connection, [(person, node, how) for person, how in _involved(facts).items()])


def _involved(facts: StoredFacts) -> dict[int, int]:
    how: dict[int, int] = {}
    _add(how, (facts.sender,), SENDER)
    _add(how, (facts.author,), AUTHOR)
    _add(how, facts.to, TO)
    _add(how, facts.cc, CC)
    return how


def _add(how: dict[int, int], people: Iterable[int], bit: int) -> None:
    for person in people:
        how[person] = how.get(person, 0) | bit


def _involve(connection: sqlite3.Connection, people: list[tuple[int, int, int]]) -> None:
    connection.executemany(
        "INSERT INTO participant VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET involvement = involvement | excluded.involvement",
        people,
    )


def _second(stamp: float) -> int:
    return max(-_DATES, min(int(stamp), _DATES))
