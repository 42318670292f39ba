"""The patches of lists as they are looked for in trees, kept in a file of the cache: each mail is read once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from core.apply.repository import GitProgram
from core.errors import PatchdeskError
from core.landed.cache_file import open_cache_file
from core.landed.matching import CommitLookup, landed_patches, title_key
from core.landed.notices import applied_notices
from core.landed.patch_ids import mail_patch_ids
from core.landed.values import AppliedNotice, SentPatch
from core.mail.message import parse_mail
from core.model import Message, MessageId, Series
from core.triage.landing import PatchLanding

_FORMAT: Final = 1
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sent_patch (
    message_id TEXT PRIMARY KEY, title TEXT, author_name TEXT, author_address TEXT, date REAL,
    patch_id TEXT, notices TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sent_patch_date ON sent_patch (date);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
"""
_MOST_NOTICES: Final = 20
"""Notices of a patch that are kept."""
_AT_ONCE: Final = 400
"""Diffs that one call of git gets."""

ReadRaw = Callable[[Message], bytes]


class SentPatches:
    """The file; safe to delete, it is made again."""

    def __init__(self, path: Path) -> None:
        """Open the file, or recreate it where it has another version or is damaged. Raises PatchdeskError."""
        self._database = open_cache_file(path, _SCHEMA, _FORMAT)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def position(self, identity: str) -> int:
        """Return the generation up to which the rows of an index were read; 0 for another index."""
        found = dict(self._database.execute("SELECT name, value FROM meta").fetchall())
        return int(found.get("generation", 0)) if found.get("identity") == identity else 0

    def set_position(self, identity: str, generation: int) -> None:
        """Remember up to which generation the rows of an index were read."""
        with self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [("identity", identity), ("generation", generation)],
            )

    def patch_ids(self, message_ids: Iterable[MessageId]) -> dict[MessageId, str]:
        """Return the patch-ids of those mails that are known."""
        wanted = json.dumps([one for one in message_ids if one.isascii()])
        rows = self._database.execute(
            "SELECT message_id, patch_id FROM sent_patch"
            " WHERE message_id IN (SELECT value FROM json_each(?))",
            (wanted,),
        )
        return {MessageId(name): patch_id for name, patch_id in rows}

    def add(self, patches: Iterable[tuple[SentPatch, Sequence[AppliedNotice]]]) -> None:
        """Add patches with the notices about them, in the place of those with the same Message-ID."""
        with self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO sent_patch VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        one.message_id,
                        one.title,
                        one.author_name,
                        one.author_address,
                        one.date.timestamp(),
                        one.patch_id,
                        json.dumps([[each.message_id, each.commit] for each in notices]),
                    )
                    for one, notices in patches
                    if _can_be_stored(one)
                ],
            )

    def since(self, moment: float) -> Iterator[tuple[SentPatch, list[AppliedNotice]]]:
        """Yield the patches sent since a moment, with the notices about each."""
        for name, title, author, address, date, patch_id, notices in self._database.execute(
            "SELECT * FROM sent_patch WHERE date >= ?", (moment,)
        ):
            patch = SentPatch(
                message_id=MessageId(name),
                title=title,
                author_name=author,
                author_address=address,
                date=datetime.fromtimestamp(date, UTC),
                patch_id=patch_id,
            )
            yield (
                patch,
                [
                    AppliedNotice(
                        message_id=MessageId(mail), number=None, title=title, commit=commit
                    )
                    for mail, commit in json.loads(notices)
                ],
            )


def sent_patches(
    git: GitProgram,
    series: Iterable[Series],
    raw: ReadRaw,
    known: Mapping[MessageId, str],
) -> Iterator[tuple[SentPatch, list[AppliedNotice]]]:
    """Yield the patches of the newest version of each series, with the notices about each in its thread.

    `known` are patch-ids that need not be computed. Mails that cannot be read have none. Raises PatchdeskError.
    """
    waiting: list[tuple[Message, list[AppliedNotice]]] = []
    diffs: dict[MessageId, bytes] = {}
    for one in series:
        notices = series_notices(one, raw)
        for patch in one.versions[-1].patches:
            message = patch.message
            key = title_key(message.subject.title)
            waiting.append((message, [each for each in notices if title_key(each.title) == key]))
            if message.message_id not in known:
                diffs[message.message_id] = _diff(raw, message)
        if len(diffs) >= _AT_ONCE:
            yield from _with_patch_ids(waiting, {**known, **mail_patch_ids(git, diffs)})
            waiting, diffs = [], {}
    yield from _with_patch_ids(waiting, {**known, **mail_patch_ids(git, diffs)})


def series_notices(series: Series, raw: ReadRaw) -> list[AppliedNotice]:
    """Return the notices of applied patches in the replies to the newest version; mails that cannot be read have none."""
    found: dict[MessageId, tuple[AppliedNotice, ...]] = {}
    for entry in series.versions[-1].entries():
        for reply in entry.replies:
            message = reply.message
            if message.message_id not in found:
                found[message.message_id] = ()
                mail = _bytes(raw, message)
                if b"pplied" in mail or b"ueued" in mail or b"erged" in mail or b"bot" in mail:
                    text = parse_mail(mail).text
                    found[message.message_id] = applied_notices(text, message.message_id)
    return [notice for notices in found.values() for notice in notices]


def landings(
    patches: Iterable[tuple[SentPatch, Sequence[AppliedNotice]]], commits: CommitLookup
) -> dict[MessageId, list[PatchLanding]]:
    """Return the trees that have each patch, of those that are in any: never on the word of a mail alone."""
    found: dict[MessageId, list[PatchLanding]] = {}
    for patch, notices in patches:
        for one in landed_patches(patch, commits, notices):
            if one.tree:
                landing = PatchLanding(one.tree, one.code_changed, bool(one.reverted_by))
                found.setdefault(patch.message_id, []).append(landing)
    return found


def _with_patch_ids(
    waiting: Iterable[tuple[Message, list[AppliedNotice]]], patch_ids: Mapping[MessageId, str]
) -> Iterator[tuple[SentPatch, list[AppliedNotice]]]:
    for message, notices in waiting:
        patch = SentPatch(
            message_id=message.message_id,
            title=message.subject.title,
            author_name=message.author.name,
            author_address=message.author.address,
            date=message.date,
            patch_id=patch_ids.get(message.message_id, ""),
        )
        yield patch, notices[:_MOST_NOTICES]


def _diff(raw: ReadRaw, message: Message) -> bytes:
    mail = _bytes(raw, message)
    return parse_mail(mail).body.diff.encode("utf-8", "surrogateescape") if mail else b""


def _bytes(raw: ReadRaw, message: Message) -> bytes:
    try:
        return raw(message)
    except PatchdeskError:  # its bytes are gone from the archive
        return b""


def _can_be_stored(patch: SentPatch) -> bool:
    """Whether the texts of a patch are such as a database takes: no lone surrogates."""
    try:
        for text in (patch.message_id, patch.title, patch.author_name, patch.author_address):
            text.encode()
    except UnicodeEncodeError:
        return False
    return True
