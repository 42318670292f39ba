"""The bytes of the mails that are indexed: out of the index, or from the repositories that have them."""

from __future__ import annotations

import sqlite3
import zlib

from core.errors import SourceError
from core.index.database import IndexFileError
from core.model import Message


class RawMailReader:
    """Gives mails' bytes, over one connection. For one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def raw(self, message: Message) -> bytes:
        """Return a mail's bytes as they came. Raises SourceError where they cannot be had."""
        try:
            raw, paths = self._bytes(bytes.fromhex(message.key))
        except zlib.error as error:
            raise IndexFileError(
                f"The mail {message.message_id} is damaged in the index.", "Sync its list anew."
            ) from error
        if raw:
            return raw
        if not paths:
            raise SourceError(
                f"The mail {message.message_id} is no longer in any list.", "It was removed."
            )
        raise SourceError(
            f"The mail {message.message_id} cannot be read from {paths[0]}.",
            "The archive was moved or edited: sync its list again.",
        )

    def raw_after(self, number: int, limit: int) -> list[tuple[int, bytes]]:
        """Return the first mails after a number, each with its own and its bytes; b"" where these cannot be had."""
        found = []
        for each, blob in self._connection.execute(
            "SELECT id, blob FROM message WHERE id > ? ORDER BY id LIMIT ?", (number, limit)
        ).fetchall():
            try:
                found.append((each, self._bytes(blob)[0]))
            except (zlib.error, SourceError):
                found.append((each, b""))
        return found

    def mails_after(self, number: int) -> int:
        """Return how many mails have a larger number."""
        (count,) = self._connection.execute(
            "SELECT count(*) FROM message WHERE id > ?", (number,)
        ).fetchone()
        return int(count)

    def _bytes(self, blob: bytes) -> tuple[bytes, list[str]]:
        """Return a mail's bytes, b"" where they cannot be had, and the repositories that should have them."""
        found = self._connection.execute(
            "SELECT packed FROM message JOIN raw_message ON message = message.id WHERE blob = ?",
            (blob,),
        ).fetchone()
        if found is not None:
            return zlib.decompress(found[0]), []
        paths = [
            path
            for (path,) in self._connection.execute(
                "SELECT path FROM message JOIN part_message ON message = message.id"
                " JOIN list_part ON list_part.id = list_part WHERE blob = ? AND path != '' ORDER BY rank DESC",
                (blob,),
            )
        ]
        for path in paths:
            if raw := self._read(path, blob):
                return raw, paths
        return b"", paths

    @staticmethod
    def _read(path: str, blob: bytes) -> bytes:
        from core.sources.isolated_archive import read_blob

        return read_blob(path, blob)
