"""The index's file: opening, versions, migration, and a sentence for each fault."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from core.index.errors import IndexDamagedError, IndexFileError
from core.index.file_lock import IndexFileLock
from core.index.migrations import MIGRATIONS
from core.series import RULES_VERSION
from core.triage.schema import STATE_TABLES, TABLES

APPLICATION_ID: Final = 0x50445331
"""The application_id in the file's header, so that no other database is taken for an index: "PDS1"."""

PRERELEASE_ID: Final = 0x50445349
"""The application_id before 0.1.0 ("PDSI"): such a file is rebuilt, with the mails whose bytes it holds."""

BUSY_FOR: Final = 60.0
"""Seconds that a connection waits for another process's write to end; each is far shorter."""

_CACHE_KIB: Final = 16 << 10


def schema() -> str:
    """Return the statements that make an empty index of the newest version."""
    return (
        resources.files("core.index").joinpath("schema.sql").read_text("utf-8")
        + TABLES
        + STATE_TABLES
    )


def open_database(
    path: Path,
    *,
    steps: Sequence[str] = MIGRATIONS,
    rules: int = RULES_VERSION,
    lock: IndexFileLock | None = None,
) -> tuple[str, ...]:
    """Make sure that there is an index of this version at `path`; return notes on migration or repair, each a sentence.

    An older index is migrated; in one made under other `rules` of grouping every conversation is marked to be grouped
    again. A file that is damaged, older than 0.1.0, or no index is set aside, and an empty index made in its place,
    which takes over the mails stored there (`core.index.rebuild`); never while another process has it open. `lock`,
    which the caller closes, is shared once this returns. Raises IndexFileError where that cannot be, and for an index
    of a newer version.
    """
    with faults(path), contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _no_access(path, error) from error
        if lock is None:
            lock = IndexFileLock(path)
            stack.callback(lock.close)
        notes: tuple[str, ...] = ()
        is_new = not path.exists()
        waiting: list[str] = []
        if (reason := _unusable_alone(path, len(steps) + 1, lock)) is not None:
            waiting = pending_asides(path)
            aside = _set_aside(path)
            waiting.append(aside.name)
            notes = (
                f"The index {reason}. It was set aside as {aside.name}; sync builds it again, and takes over the messages"
                " that were fetched. Triage is in a journal of its own, and untouched.",
            )
        elif is_new:  # somebody removed the index: what lies beside it is all that was fetched
            waiting = [aside.name for aside in asides(path)]
        _create_private(path)
        with contextlib.closing(_connect(path)) as connection:
            _migrate(connection, path, steps, rules)
            if waiting:
                with transaction(connection):
                    set_meta(connection, "asides", json.dumps(waiting))
            _note_rules(connection, path, rules)
        lock.share()
        return notes


def _unusable_alone(path: Path, newest: int, lock: IndexFileLock) -> str | None:
    """Return why a file is no index that can be read, with `lock` owned; None where it may be one, with `lock` shared."""
    reason: str | None = "is being built"
    if lock.share():
        reason = _unusable(path, newest)
        if reason is not None and lock.own():
            reason = _unusable(path, newest)
            if reason is None:
                lock.share()
            return reason
        if reason is not None and lock.share():
            reason = _unusable(path, newest)  # another process may have put it right meanwhile
    if reason is not None:
        raise IndexFileError(
            f"The index {path} {reason}, and another patchdesk has it open.",
            "End that one and start again: the index is set aside and rebuilt. Triage is in a journal of its own.",
        )
    return None


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to an index that `open_database` has prepared. For one thread at a time."""
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
    """Read everything in one transaction, as of one moment."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("COMMIT")


@contextlib.contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn errors of SQLite into an IndexFileError. A damaged file is marked, and set aside at the next opening."""
    try:
        yield
    except sqlite3.Error as error:
        raise _fault(path, error) from error
    except (TypeError, ValueError, LookupError) as error:
        # A damaged page may also give back rows that nobody wrote: what reads them fails in any way.
        if problems(path):
            raise _damaged(path) from error
        raise


def check_file(path: Path) -> None:
    """Raise IndexDamagedError where a read found damage, or the file's header, which SQLite reads only once, is gone.

    A connection reads the header: to open and close the file ourselves would drop SQLite's locks (its "How To Corrupt", 2.2).
    """
    if _mark_of(path).exists():
        raise _damaged(path)
    if path.exists():  # where somebody removed it, a connection would make an empty one
        with faults(path), contextlib.closing(_connect(path)) as connection:
            connection.execute("PRAGMA application_id").fetchone()


def _damaged(path: Path) -> IndexDamagedError:
    """Mark a file to be set aside at the next opening."""
    with contextlib.suppress(OSError):
        _mark_of(path).touch(mode=0o600)
    return IndexDamagedError(
        f"The index {path} is damaged.",
        "Opened again, it is set aside and rebuilt. Triage is in a journal of its own.",
    )


def _fault(path: Path, error: sqlite3.Error) -> IndexFileError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _damaged(path)
    if code == sqlite3.SQLITE_FULL:
        return IndexFileError(
            f"No space is left for the index {path}.",
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
    return IndexFileError(
        f"The index {path} cannot be used: {error}.", "“patchdesk doctor” tells more."
    )


def _no_access(path: Path, error: OSError) -> IndexFileError:
    if error.errno == errno.ENOSPC:
        return IndexFileError(
            f"No space is left for the index {path}.", "Free some space on that disk."
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
    if application == PRERELEASE_ID:
        return "was made before version 0.1.0"
    return "was another program's file" if tables and application != APPLICATION_ID else None


def _set_aside(path: Path) -> Path:
    """Rename a database and its side files. Raises IndexFileError."""
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


def remove_aside(aside: Path) -> None:
    """Remove a file that was set aside, with its side files."""
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            aside.with_name(aside.name + end).unlink(missing_ok=True)


def asides(path: Path) -> list[Path]:
    """Return the indexes that were set aside at a path, oldest first."""
    return sorted(path.parent.glob(f"{path.name}.*.aside"))


def _create_private(path: Path) -> None:
    """Create the file, where missing, readable by the user alone; SQLite gives its side files the same mode."""
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


def _migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[str], rules: int) -> None:
    newest = len(steps) + 1
    if connection.execute("PRAGMA user_version").fetchone()[0] != newest:
        # Two processes may begin an index at once: the second finds it made.
        connection.execute("PRAGMA journal_mode = WAL")
        with transaction(connection):
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > newest:
                raise IndexFileError(
                    f"The index {path} was written by a newer patchdesk (its version is {version}, ours {newest}).",
                    "Use the newer patchdesk, or move the file away: it will be rebuilt.",
                )
            scripts = [schema()] if version == 0 else steps[version - 1 :]
            for script in scripts:
                for statement in _statements(script):
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {newest}")
            if version == 0:
                connection.execute("INSERT INTO meta VALUES ('generation', 0)")
                set_meta(connection, "rules", rules)


def _note_rules(connection: sqlite3.Connection, path: Path, rules: int) -> None:
    """Mark every conversation to be grouped again where other rules of grouping made the rows."""
    if get_meta(connection, "rules") == rules:
        return
    if not os.access(path, os.W_OK):
        return  # it is read as it is
    with transaction(connection):
        connection.execute(
            "INSERT OR IGNORE INTO dirty_conversation"
            " SELECT DISTINCT conversation FROM message JOIN node ON node.id = message.node"
        )
        set_meta(connection, "rules", rules)


def get_meta(connection: sqlite3.Connection, name: str) -> str | int | None:
    """Return the value that the index stores under a name."""
    found = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    value: str | int | None = None if found is None else found[0]
    return value


def set_meta(connection: sqlite3.Connection, name: str, value: str | int | None) -> None:
    """Remember a value under a name; None forgets it. Within a transaction."""
    if value is None:
        connection.execute("DELETE FROM meta WHERE name = ?", (name,))
    else:
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def pending_asides(path: Path) -> list[str]:
    """Return the names of the set-aside files whose messages an index is still to take over."""
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
            names = json.loads(str(get_meta(connection, "asides") or "[]"))
    except (sqlite3.Error, ValueError, TypeError):
        return []
    return [str(name) for name in names if (path.parent / Path(str(name)).name).exists()]


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script, each of which ends a line: sqlite3's own way would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


_MOST_PROBLEMS: Final = 5


def problems(path: Path) -> list[str]:
    """Return the problems of the index at a path, each as text to follow "The index"; empty where it is intact.

    An older version is no problem: it is migrated when it is opened. Changes nothing; takes a while for a large index.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if application == PRERELEASE_ID:
                return []
            if application != APPLICATION_ID:
                return ["is another program's file"]
            if version > len(MIGRATIONS) + 1:
                return ["was written by a newer patchdesk"]
            found = connection.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})").fetchall()
    except sqlite3.Error as error:
        return [f"cannot be read: {error}"]
    return [f"is damaged: {text}" for (text,) in found if text != "ok"]
