"""The index's file: opening it, its versions, and what can go wrong with it, said for a person."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from core.errors import PatchdeskError
from core.index.migrations import MIGRATIONS, TRIAGE, add_functions

APPLICATION_ID: Final = 0x50445349
"""Stands in the file's header, so that nobody else's database is taken for an index: "PDSI"."""

BUSY_FOR: Final = 60.0
"""Seconds that a connection waits for another process's write to end; each is far shorter."""

_CACHE_KIB: Final = 16 << 10


class IndexFileError(PatchdeskError):
    """The index cannot be opened, read or written."""


def schema() -> str:
    """Return the statements that make an empty index of the newest version."""
    return resources.files("core.index").joinpath("schema.sql").read_text("utf-8") + TRIAGE


def open_database(path: Path, *, steps: Sequence[str] = MIGRATIONS) -> tuple[str, ...]:
    """Make sure that there is an index of this version at `path`; return what was done about it, as sentences.

    An older index is brought up to date. What is damaged, or no index, is set aside, and an empty index made in its place.
    Raises IndexFileError where that cannot be, and for an index of a newer version.
    """
    with faults(path):
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _no_access(path, error) from error
        notes: tuple[str, ...] = ()
        if (reason := _unusable(path, len(steps) + 1)) is not None:
            aside = _set_aside(path)
            notes = (
                f"The index {reason}. It was set aside as {aside.name}, and is built anew:"
                " “sync” brings the lists in again. What was triaged is kept elsewhere, and untouched.",
            )
        _create_private(path)
        with contextlib.closing(_connect(path)) as connection:
            _bring_up_to_date(connection, path, steps)
        return notes


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to an index that `open_database` has seen to. For one thread at a time."""
    return _connect(path)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run one write transaction: all of it, or nothing. Waits for other writers."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk may have ended it already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextlib.contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Read everything as of one moment, whatever others write meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("COMMIT")


@contextlib.contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into an IndexFileError. A damaged file is marked, and set aside at the next opening."""
    try:
        yield
    except sqlite3.Error as error:
        raise _fault(path, error) from error


def _fault(path: Path, error: sqlite3.Error) -> IndexFileError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        with contextlib.suppress(OSError):
            _mark_of(path).touch(mode=0o600)
        return IndexFileError(
            f"The index {path} is damaged.",
            "Start again: it will be set aside and built anew. What was triaged is kept elsewhere.",
        )
    if code == sqlite3.SQLITE_FULL:
        return IndexFileError(
            f"There is no room left for the index {path}.",
            "Free some space on that disk; what was stored so far is kept, and sync goes on from there.",
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return IndexFileError(
            f"The index {path} cannot be written.", "Make its folder and the file writable."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return IndexFileError(
            f"Another process has kept the index {path} busy for too long.",
            "Try again once that sync has ended.",
        )
    return IndexFileError(f"The index {path} cannot be used: {error}.", "“doctor” tells more.")


def _no_access(path: Path, error: OSError) -> IndexFileError:
    if error.errno == errno.ENOSPC:
        return IndexFileError(
            f"There is no room left for the index {path}.", "Free some space on that disk."
        )
    why = (error.strerror or str(error)).lower()
    return IndexFileError(
        f"The index {path} cannot be written: {why}.", "Make its folder and the file writable."
    )


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        timeout=BUSY_FOR,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")  # nothing is written to other folders
    except BaseException:
        connection.close()
        raise
    return connection


def _mark_of(path: Path) -> Path:
    return path.with_name(path.name + "-damaged")


def _unusable(path: Path, newest: int) -> str | None:
    """Return why a file is no index that can be read, as words that follow "The index"; None where it may be one."""
    if _mark_of(path).exists():
        return "was damaged"
    try:
        if not path.exists() or path.stat().st_size == 0:
            return None
    except OSError as error:
        raise _no_access(path, error) from error
    try:
        with contextlib.closing(_connect(path)) as connection:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            if application == APPLICATION_ID and version == newest:
                connection.execute("SELECT * FROM meta LIMIT 1").fetchone()
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
            return "was damaged"
        raise
    return "was somebody else's file" if tables and application != APPLICATION_ID else None


def _set_aside(path: Path) -> Path:
    """Rename a file and what belongs to it. Raises IndexFileError."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside = path.with_name(f"{path.name}.{stamp}.aside")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.{stamp}-{number}.aside")
    try:
        for end in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
        with contextlib.suppress(FileNotFoundError):
            path.rename(aside)
        _mark_of(path).unlink(missing_ok=True)
    except OSError as error:
        raise _no_access(path, error) from error
    return aside


def _create_private(path: Path) -> None:
    """Make the file, where there is none, so that nobody else can read it; SQLite gives its others the same mode."""
    # One that is there is not touched: closing a handle of it would drop the locks that this process's connections hold
    # on it (POSIX), and another process would take its WAL away from under them.
    if path.exists():
        return
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise _no_access(path, error) from error


def _bring_up_to_date(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> None:
    newest = len(steps) + 1
    if connection.execute("PRAGMA user_version").fetchone()[0] != newest:
        # Two processes may begin an index at once: the second finds it made.
        connection.execute("PRAGMA journal_mode = WAL")
        add_functions(connection)
        with transaction(connection):
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > newest:
                raise IndexFileError(
                    f"The index {path} was written by a newer patchdesk (its version is {version}, ours {newest}).",
                    "Use the newer patchdesk, or move the file away: it will be built anew.",
                )
            scripts = [schema()] if version == 0 else steps[version - 1 :]
            for script in scripts:
                for statement in _statements(script):
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {newest}")
            if version == 0:
                connection.execute("INSERT INTO meta VALUES ('generation', 0)")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script, each of which ends a line: sqlite3's own way would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
