"""The one way to change config.toml, which keeps the user's comments, order and layout.

An edit holds a lock, so that two programs lose nothing of each other's; the new text is parsed again and must differ in
the wanted value only; and it replaces the file as a whole.
"""

from __future__ import annotations

import contextlib
import copy
import fcntl
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.system.paths import open_folder, private_dir, write_atomically

Value = str | bool | Mapping[str, str | bool]
"""The value of a key; a mapping makes a table."""


class ConfigEdit:
    """A configuration while it is changed."""

    def __init__(self, text: str) -> None:
        """Take the file's text. Raises ValueError or TOMLKitError where it is no TOML."""
        import tomlkit

        self._before = tomllib.loads(text)
        self._wanted = copy.deepcopy(self._before)
        self._document = tomlkit.parse(text)

    def table(self, name: str) -> Mapping[str, Any]:
        """Return the edits of a table; empty where there is none. Raises TypeError for a key that is not a table."""
        found = self._wanted.get(name, {})
        if not isinstance(found, dict):
            raise TypeError(f"{name} is no table")
        return found

    def set(self, table: str, key: str, value: Value) -> None:
        """Set a key of a table, which is made if missing. Raises ValueError for text that TOML cannot hold."""
        import tomlkit
        from tomlkit.items import InlineTable

        f"{key}{value}".encode()  # raises where that is half a character, which TOML cannot hold
        self._wanted[table] = {**self.table(table), key: value}
        if table not in self._document:
            self._document[table] = tomlkit.table(is_super_table=isinstance(value, Mapping))
        there: Any = self._document[table]
        if not isinstance(value, Mapping):
            there[key] = value
            return
        inline = isinstance(there, InlineTable)
        made: Any = tomlkit.inline_table() if inline else tomlkit.table()
        made.update(value)
        if not inline:
            made.add(tomlkit.nl())  # before the table that may follow
        there[key] = made

    def remove(self, table: str, key: str) -> None:
        """Take a key, or a table in it, out of a table. Raises KeyError where it is not there."""
        self._wanted[table] = {
            name: kept for name, kept in self.table(table).items() if name != key
        }
        there: Any = self._document[table]
        del there[key]

    @property
    def changes(self) -> bool:
        """Whether anything is to be different."""
        return self._wanted != self._before

    def content(self) -> str:
        """Return the new text."""
        import tomlkit

        content = tomlkit.dumps(self._document)
        return content[:-1] if content.endswith("\n\n") else content

    def is_right(self, content: str) -> bool:
        """Whether a text has the wanted values, and no other change."""
        try:
            after = tomllib.loads(content)
        except ValueError:
            return False
        return _without_empty(after) == _without_empty(self._wanted)


@contextlib.contextmanager
def edit_config(file: Path) -> Iterator[ConfigEdit]:
    """Yield a configuration to change, and write it back; a lock keeps other editors out.

    Raises ConfigError where it cannot be read, or cannot be edited by a program, and PatchdeskError where it cannot be
    written; nothing is changed then.
    """
    from tomlkit.exceptions import TOMLKitError

    private_dir(file.parent)
    handle = open_folder(file.parent)
    try:
        with contextlib.suppress(OSError):  # a disk that cannot lock can still be written
            fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            edit = ConfigEdit(_text(file))
        except (OSError, ValueError, TypeError, TOMLKitError, RecursionError) as error:
            raise ConfigError(
                f"{file} cannot be read: {error}.", "Fix it first; nothing was changed."
            ) from error
        try:
            yield edit
            content = edit.content()
        except (TOMLKitError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise _cannot_edit(file) from error
        if not edit.changes:
            return
        if not edit.is_right(content):
            raise _cannot_edit(file)
        # A link, as those have who keep such files elsewhere, stays one.
        write_atomically(file.resolve(), content.encode())
    finally:
        os.close(handle)


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode(
            "utf-8-sig"
        )  # some editors begin a file with a byte order mark
    except FileNotFoundError:
        return ""


def _without_empty(document: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out tables with nothing in them, which some layouts lose with their last key."""
    return {key: value for key, value in document.items() if value != {}}


def _cannot_edit(file: Path) -> ConfigError:
    return ConfigError(
        f"{file} is laid out in a way that a program cannot edit.",
        "Make the change by hand; nothing was changed.",
    )
