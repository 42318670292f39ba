"""The words of message bodies, for `b:`: optional, in a file of its own in the cache.

Only the author's own text is indexed: no diff, and no quoted lines, which are found in the message they come from.
unicode61 over folded words with positions takes about 370 bytes a mail (trigrams: 2,450, and six times as long);
without positions, half of that, phrases cannot be looked for.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from core.index.database import transaction
from core.index.full_text import fts_text
from core.model import Body

_MOST: Final = 1 << 16
"""Characters of a mail's text that are indexed."""
_WAIT: Final = 20.0
_SCHEMA: Final = """\
CREATE TABLE known (identity TEXT NOT NULL, last INTEGER NOT NULL);
CREATE VIRTUAL TABLE body_words USING fts5(words, content='', tokenize='unicode61 remove_diacritics 0');
PRAGMA user_version = 1;
"""


class BodyIndex:
    """The file of the words of mails' texts. For one thread at a time."""

    def __init__(self, file: Path) -> None:
        """Open the existing file. Raises sqlite3.Error where it cannot be used."""
        self._connection = sqlite3.connect(
            file, timeout=_WAIT, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("PRAGMA temp_store = MEMORY")
            self._connection.execute("SELECT identity, last FROM known").fetchone()
        except BaseException:
            self._connection.close()
            raise

    @property
    def known(self) -> tuple[str, int]:
        """Which index it was made of, and the number of the last mail that is in it."""
        found = self._connection.execute("SELECT identity, last FROM known").fetchone()
        return ("", 0) if found is None else (str(found[0]), int(found[1]))

    def mails(self, words: str) -> list[int]:
        """Return the numbers of the mails that match an FTS5 expression; some may be removed meanwhile."""
        rows = self._connection.execute(
            "SELECT rowid FROM body_words WHERE body_words MATCH ?", (words,)
        )
        return [row for (row,) in rows]

    def begin(self, identity: str) -> None:
        """Be about an index, with nothing of any other."""
        with transaction(self._connection):
            if self.known[0] != identity:
                self._connection.execute(
                    "INSERT INTO body_words (body_words) VALUES ('delete-all')"
                )
                self._connection.execute("DELETE FROM known")
                self._connection.execute("INSERT INTO known VALUES (?, 0)", (identity,))

    def add(self, known: tuple[str, int], texts: Sequence[tuple[int, str]], last: int) -> bool:
        """Add mails up to a number; False where another process has done so."""
        with transaction(self._connection):
            if self.known != known:
                return False
            self._connection.executemany(
                "INSERT INTO body_words (rowid, words) VALUES (?, ?)", texts
            )
            self._connection.execute("UPDATE known SET last = ?", (last,))
        return True

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def open_body_index(file: Path, identity: str) -> BodyIndex | None:
    """Open the body file of an index; None where it is missing or unusable."""
    if not file.exists():
        return None
    try:
        bodies = BodyIndex(file)
    except sqlite3.Error:
        return None
    with contextlib.suppress(sqlite3.Error):
        if bodies.known[0] == identity:
            return bodies
    bodies.close()
    return None


def author_text(raw: bytes) -> str:
    """Return the folded words that a mail's author wrote; none of one whose bytes cannot be had."""
    if not raw:
        return ""
    from core.mail.message import parse_mail

    return author_words(parse_mail(raw, "").body)


def author_words(body: Body) -> str:
    """Return the folded words of a mail's text that its author wrote: no quotes, no diff."""
    text = f"{body.message[:_MOST]}\n{body.notes[:_MOST]}"
    return fts_text("\n".join(_own(text)), most=_MOST)


def _own(text: str) -> Iterator[str]:
    return (line for line in text.split("\n") if not line.lstrip().startswith(">"))


def remove_bodies(file: Path) -> None:
    """Remove the file, when bodies are no longer indexed."""
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            file.with_name(file.name + end).unlink(missing_ok=True)


def make_body_index(file: Path) -> BodyIndex:
    """Open the file; create it where it is missing or unusable. Raises OSError and sqlite3.Error."""
    if file.exists():
        with contextlib.suppress(sqlite3.DatabaseError):
            return BodyIndex(file)
        remove_bodies(file)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made whole under another name: of two processes the second finds it there.
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    try:
        with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
        with contextlib.suppress(FileExistsError):
            os.link(new, file)
    finally:
        new.unlink(missing_ok=True)
    return BodyIndex(file)
