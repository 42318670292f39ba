"""A query → the rows that it means: a tree of `core.query.query` as one SQL question.

Values from the query are bound, never written into the SQL; words reach the tables of words as letters and digits in
quotes, so that nothing of their own language gets there.
"""

# ruff: noqa: S608 - the SQL is put together of the texts in this file alone
from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from core.errors import Cancelled
from core.index.body_index import open_body_index
from core.index.codec import stable_hash, to_blob
from core.index.full_text import AUTHOR, CC, SENDER, TO
from core.index.query_terms import REVIEW_TERMS, ROW_TERMS
from core.index.review_counts import ReviewCounts
from core.index.row_summary import REVIEW_ROLES
from core.index.triage_state import decode_state, status_sql
from core.query.fields import FieldTerm, path_matcher
from core.query.query import And, Node, Not, Or, SameMail, Word, lift_to_rows
from core.query.tokens import WORD, fold

_INVOLVED: Final = {
    "f": SENDER | AUTHOR,
    "with": SENDER | AUTHOR,
    "by": SENDER,
    "t": TO,
    "c": CC,
    "tc": TO | CC,
    "a": SENDER | AUTHOR | TO | CC,
}
_WORDS: Final = 12
"""Words next to each other that are looked for."""

# Cover letters and patches, and the first mail of a thread.
_POSTED: Final = (
    "(node.role & 3 OR node.id = (SELECT lead FROM list_row AS own WHERE own.id = node.list_row))"
)
_PEOPLE: Final = "SELECT rowid FROM phrase_words WHERE phrase_words MATCH ?"
_SUBJECTS: Final = "SELECT rowid FROM subject_words WHERE subject_words MATCH ?"
_STEPS: Final = 20_000
"""Steps of SQLite's virtual machine between two checks of `stop`: about a millisecond."""
_PATHS: Final = 64
"""File patterns whose paths are remembered."""

Question = tuple[str, list[object]]
"""SQL, and the values of its marks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexQuery:
    """The rows wanted."""

    tree: Node
    lists: tuple[str, ...] = ()
    """Names of lists; empty for all."""
    now: float = 0.0
    """The current time: a snooze that ends before it is over."""
    me: tuple[str, ...] = ()
    """The user's addresses."""
    bodies: Path | None = None
    """The file of `core.index.body_index`; None without one: then no body text matches."""

    reviews: Path | None = None
    """The file of `core.index.review_counts`; None where there is none, and no term about reviews holds."""


class SqlQueryRunner:
    """Answers choices, over one connection. For one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._paths: dict[str, tuple[int, list[int]]] = {}

    def rows(self, choice: IndexQuery, stop: Event | None = None, limit: int = -1) -> array[int]:
        """Return the rows, the latest activity first. Raises Cancelled."""
        where, values = self._where(choice)
        with interruptible(self._connection, stop):
            rows = self._connection.execute(
                f"SELECT id FROM list_row WHERE {where} ORDER BY active DESC, id DESC LIMIT ?",
                (*values, limit),
            ).fetchall()
        return array("q", [row for (row,) in rows])

    def count(self, choice: IndexQuery, stop: Event | None = None) -> int:
        """Return how many rows there are. Raises Cancelled."""
        where, values = self._where(choice)
        with interruptible(self._connection, stop):
            (count,) = self._connection.execute(
                f"SELECT count(*) FROM list_row WHERE {where}",
                values,
            ).fetchone()
        return int(count)

    def matching(
        self, choice: IndexQuery, rows: Collection[int], stop: Event | None = None
    ) -> dict[int, tuple[int, bool]]:
        """Return the covers, patches and first mails of rows that meet a tree about mails.

        By their nodes, each with its row, and whether the row is called by it. Raises Cancelled.
        """
        sql, values = _SqlCompiler(self, choice).mail(choice.tree)
        with interruptible(self._connection, stop):
            found = self._connection.execute(
                "SELECT node.id, node.list_row, node.id = (SELECT lead FROM list_row AS own WHERE own.id = node.list_row) FROM node"
                f" WHERE node.list_row IN (SELECT value FROM json_each(?)) AND {_POSTED} AND {sql}",
                (json.dumps(list(rows)), *values),
            ).fetchall()
        return {node: (row, bool(leads)) for node, row, leads in found}

    def _where(self, choice: IndexQuery) -> Question:
        sql, values = _SqlCompiler(self, choice).row(lift_to_rows(choice.tree))
        if choice.lists:
            sql += " AND list_row.id IN (SELECT list_row FROM row_list JOIN list ON list.id = list WHERE list.name IN (SELECT value FROM json_each(?)))"
            values.append(json.dumps(choice.lists))
        return sql, values

    def node(self, message_id: str) -> int | None:
        """Return the number of a Message-ID; None where nothing names it."""
        found = self._connection.execute(
            "SELECT id FROM node WHERE hash = ? AND name = ?",
            (stable_hash(message_id), to_blob(message_id)),
        ).fetchone()
        return None if found is None else int(found[0])

    def with_text(self, choice: IndexQuery, phrase: str) -> list[int]:
        """Return the numbers of the mails whose text has a phrase.

        A fault of that file is not one of the index: nothing is found in it then.
        """
        if choice.bodies is None:
            return []
        (identity,) = self._connection.execute(
            "SELECT value FROM meta WHERE name = 'identity'"
        ).fetchone()
        bodies = open_body_index(choice.bodies, identity)
        if bodies is None:
            return []
        try:
            return bodies.mails(phrase)
        except sqlite3.Error:
            return []
        finally:
            bodies.close()

    def reviewed(self, choice: IndexQuery, name: str) -> list[int]:
        """Return the rows whose counted reviews meet a term of `REVIEW_TERMS`."""
        if choice.reviews is None:
            return []
        (identity,) = self._connection.execute(
            "SELECT value FROM meta WHERE name = 'identity'"
        ).fetchone()
        settled = {
            row: decode_state(data).settled
            for row, data in self._connection.execute(
                "SELECT list_row, data FROM triage_state WHERE instr(CAST(data AS TEXT), 'true]')"
                " OR instr(CAST(data AS TEXT), 'false]')"
            )
        }
        holds = REVIEW_TERMS[name]
        return [
            row
            for row, one in ReviewCounts(choice.reviews, identity).all().items()
            if holds(one, settled.get(row, ()))
        ]

    def paths(self, pattern: str) -> list[int]:
        """Return the numbers of the paths that a pattern means."""
        last, numbers = self._paths.pop(pattern, (0, []))
        matches = path_matcher(pattern)
        for number, name in self._connection.execute(
            "SELECT id, name FROM path WHERE id > ?", (last,)
        ):
            last = max(last, number)
            if matches(name.decode("utf-8", "surrogatepass")):
                numbers.append(number)
        if len(self._paths) >= _PATHS:
            self._paths.pop(next(iter(self._paths)))
        self._paths[pattern] = last, numbers
        return numbers


class _SqlCompiler:
    def __init__(self, chooser: SqlQueryRunner, choice: IndexQuery) -> None:
        self._chooser = chooser
        self._choice = choice

    # ------------------------------------------------------------------- about rows

    def row(self, tree: Node) -> Question:
        match tree:
            case SameMail(part=part):
                sql, values = self.mail(part)
                return (
                    f"list_row.id IN (SELECT node.list_row FROM node WHERE node.list_row IS NOT NULL AND {sql})",
                    values,
                )
            case Not(part=part):
                sql, values = self.row(part)
                return f"NOT {sql}", values
            case And(parts=parts):
                return _together([self.row(part) for part in parts], "AND", "1")
            case Or(parts=parts):
                return _together([self.row(part) for part in parts], "OR", "0")
            case FieldTerm():
                return self._row_term(tree)
        raise TypeError(tree)

    def _row_term(self, term: FieldTerm) -> Question:
        value = term.value.encode("utf-8", "replace").decode()  # SQLite takes no lone surrogates
        match term.prefix:
            case "v" | "n":
                column = "version" if term.prefix == "v" else "total"
                low = 0 if term.low is None else term.low
                high = 1 << 40 if term.high is None else term.high
                return _faceted(f"{column} BETWEEN ? AND ?"), [low, high]
            case "l":
                return (
                    "list_row.id IN (SELECT list_row FROM row_list JOIN list ON list.id = list"
                    " WHERE lower(list.name) IN (?, ?))",
                    [value.lower(), value.lower().partition(".")[0]],
                )
            case "tree":
                return (
                    "list_row.id IN (SELECT list_row FROM triage_state,"
                    " json_each(CAST(triage_state.data AS TEXT), '$[10]') AS each"
                    " WHERE landed AND lower(json_extract(each.value, '$[0]')) = ?"
                    " AND json_extract(each.value, '$[1]') > 0)",
                    [value.lower()],
                )
            case "label":
                return (
                    "list_row.id IN (SELECT list_row FROM triage_state, json_each(triage_state.labels)"
                    " WHERE lower(json_each.value) = ?)",
                    [value.lower()],
                )
        name = f"{term.prefix}:{value}"
        if name == "is:mine":
            return self._mine()
        if name in REVIEW_TERMS:
            rows = json.dumps(self._chooser.reviewed(self._choice, name))
            return "list_row.id IN (SELECT value FROM json_each(?))", [rows]
        status = f"coalesce({status_sql(self._choice.now)}, 'new')"
        return f"({ROW_TERMS[name].sql.format(status=status)})", []

    def _mine(self) -> Question:
        found = [
            self.mail(And((_person(address),)))
            for address in self._choice.me
            if WORD.search(fold(address))
        ]
        sql, values = _together(found, "OR", "0")
        return (
            f"list_row.id IN (SELECT node.list_row FROM node WHERE node.list_row IS NOT NULL AND {sql})",
            values,
        )

    # ------------------------------------------------------------------- about mails

    def mail(self, tree: Node) -> Question:
        """Return the SQL condition on a row of `node`."""
        match tree:
            case And(parts=parts):
                return _together([self.mail(part) for part in parts], "AND", "1")
            case Or(parts=parts):
                return _together([self.mail(part) for part in parts], "OR", "0")
            case Word():
                return self._word(tree)
            case FieldTerm():
                return self._mail_term(tree)
        raise TypeError(tree)

    def _word(self, word: Word) -> Question:
        match = _phrase(word.words, whole=word.whole)
        sql = (
            f"(node.id IN (SELECT node FROM message WHERE id IN ({_SUBJECTS}))"
            f" OR node.id IN (SELECT node FROM participant WHERE involvement & 3 AND person IN ({_PEOPLE})))"
        )
        return f"({sql} AND {_POSTED})", [match, match]

    def _mail_term(self, term: FieldTerm) -> Question:
        match term.prefix:
            case "s":
                match = _phrase(term.words, whole=term.whole)
                return f"node.id IN (SELECT node FROM message WHERE id IN ({_SUBJECTS}))", [match]
            case "b":
                numbers = self._chooser.with_text(
                    self._choice, _phrase(term.words, whole=term.whole)
                )
                return (
                    "node.id IN (SELECT node FROM message WHERE id IN (SELECT value FROM json_each(?)))",
                    [json.dumps(numbers)],
                )
            case "d":
                low = -(1 << 62) if term.low is None else term.low
                high = 1 << 62 if term.high is None else term.high
                return "node.id IN (SELECT node FROM message_date WHERE date BETWEEN ? AND ?)", [
                    low,
                    high,
                ]
            case "dfn":
                numbers = self._chooser.paths(term.value)
                return (
                    "node.id IN (SELECT message.node FROM patch_file JOIN message ON message.id = message"
                    " WHERE path IN (SELECT value FROM json_each(?)))",
                    [json.dumps(numbers)],
                )
            case "m":
                node = self._chooser.node(term.value)
                if node is not None:
                    return "node.id = ?", [node]
                return "instr(node.name, ?)", [to_blob(term.value)]
            case "tag":
                role = next(bit for name, bit in REVIEW_ROLES.items() if name[0] == term.value)
                return f"node.role & {int(role)}", []
        return self._person_term(term)

    @staticmethod
    def _person_term(term: FieldTerm) -> Question:
        how = _INVOLVED[term.prefix]
        sql = f"node.id IN (SELECT node FROM participant WHERE involvement & {how} AND person IN ({_PEOPLE}))"
        if term.prefix == "f":
            sql = f"({sql} AND {_POSTED})"
        elif term.prefix == "by":
            sql = f"(node.role & 8 AND {sql})"
        return sql, [_phrase(term.words, whole=term.whole)]


@contextmanager
def interruptible(connection: sqlite3.Connection, stop: Event | None) -> Iterator[None]:
    """Interrupt a connection's queries soon after `stop` is set. Raises Cancelled then."""
    if stop is None:
        yield
        return
    if stop.is_set():
        raise Cancelled
    connection.set_progress_handler(stop.is_set, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if stop.is_set():
            raise Cancelled from error
        raise
    finally:
        connection.set_progress_handler(None, 0)


def _person(address: str) -> FieldTerm:
    return FieldTerm(
        prefix="f", value=address, words=tuple(WORD.findall(fold(address))), whole=True
    )


def _phrase(words: Sequence[str], *, whole: bool) -> str:
    """Return the FTS expression for consecutive words; the last is a prefix unless they are `whole`."""
    quoted = '"' + " ".join(words[:_WORDS]) + '"'
    return quoted if whole or len(words) > _WORDS else f"{quoted} *"


def _faceted(condition: str) -> str:
    return f"list_row.id IN (SELECT list_row FROM series_facts WHERE NOT thread AND {condition})"


def _together(questions: list[Question], operator: str, none: str) -> Question:
    if not questions:
        return none, []
    values = [value for _, some in questions for value in some]
    return "(" + f" {operator} ".join(sql for sql, _ in questions) + ")", values
