"""How an index of an older version becomes one of the next."""

from __future__ import annotations

import sqlite3
from typing import Final

from core.index.codec import restored
from core.index.full_text import words_of_facts, words_of_phrase
from core.index.triage_state import TABLES

_FINDING: Final = """\
INSERT INTO meta VALUES ('identity', lower(hex(randomblob(16))));
CREATE VIRTUAL TABLE phrase_words USING fts5(words, content='', tokenize='unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE subject_words USING fts5(words, content='', tokenize='unicode61 remove_diacritics 0');
CREATE TABLE involved (
    person INTEGER NOT NULL, node INTEGER NOT NULL, how INTEGER NOT NULL, PRIMARY KEY (person, node)
) WITHOUT ROWID;
CREATE TABLE sent (
    date INTEGER NOT NULL, node INTEGER NOT NULL, PRIMARY KEY (date, node)
) WITHOUT ROWID;
CREATE TABLE facet (
    item INTEGER PRIMARY KEY, thread INTEGER NOT NULL, version INTEGER NOT NULL, versions INTEGER NOT NULL,
    have INTEGER NOT NULL, total INTEGER NOT NULL, given INTEGER NOT NULL
);
INSERT INTO phrase_words (rowid, words) SELECT id, words_of_phrase(text) FROM phrase;
INSERT INTO subject_words (rowid, words) SELECT id, words_of_facts(facts) FROM message;
INSERT INTO involved SELECT person, node, sum(DISTINCT how) FROM (
    SELECT json_extract(CAST(facts AS TEXT), '$[10]') AS person, node, 1 AS how FROM message
    UNION ALL SELECT json_extract(CAST(facts AS TEXT), '$[11]'), node, 2 FROM message
    UNION ALL SELECT value, node, 4 FROM message, json_each(CAST(facts AS TEXT), '$[14]')
    UNION ALL SELECT value, node, 8 FROM message, json_each(CAST(facts AS TEXT), '$[15]')
) GROUP BY person, node;
INSERT OR IGNORE INTO sent SELECT CAST(json_extract(CAST(facts AS TEXT), '$[0]') AS INTEGER), node FROM message;
INSERT INTO facet SELECT id, thread, json_extract(looks, '$[5]'), json_extract(looks, '$[8]'),
    json_extract(looks, '$[9]'), json_extract(looks, '$[10]'),
    coalesce((SELECT sum(json_extract(value, '$[1]')) FROM json_each(looks, '$[11]')), 0)
    FROM (SELECT id, thread, CAST(head AS TEXT) AS looks FROM item);
"""

TRIAGE: Final = TABLES
"""What stands in a new index after its schema; once these tables change, an older index needs them as they are now."""

_REMOVALS: Final = """\
CREATE TABLE removed (
    list INTEGER NOT NULL, blob BLOB NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (list, blob, rank)
) WITHOUT ROWID;
INSERT INTO removed SELECT list, blob, rank FROM removal;
DROP TABLE removal;
ALTER TABLE removed RENAME TO removal;
"""

MIGRATIONS: Final[tuple[str, ...]] = (_FINDING, TRIAGE, _REMOVALS)
"""What makes an index of version n (counted from 1) one of version n + 1, each as SQL statements."""


def add_functions(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that the steps use."""
    connection.create_function("words_of_facts", 1, words_of_facts, deterministic=True)
    connection.create_function(
        "words_of_phrase", 1, lambda text: words_of_phrase(restored(text)), deterministic=True
    )
