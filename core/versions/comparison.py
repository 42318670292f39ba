"""A comparison of two versions as a whole, and the record under which it is cached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from threading import Event
from typing import Any, Final, cast

from core.model import MessageId, OpenedMessage, Trailer
from core.versions.changelog import ChangelogItem, attribute, between, read_changelog
from core.versions.compare import (
    CHANGES,
    Change,
    PairChange,
    PatchRef,
    TagChanges,
    compare_patches,
    moved_between,
)
from core.versions.content import FileContent, PatchContent, read_patch
from core.versions.interdiff import FileInterdiff, compare_files, interdiff

RULES: Final = 2
"""Raised whenever the same mails would give another comparison: a comparison cached under an older one is not used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionMails:
    """The mails of a posting, opened; patches by number."""

    version: int
    cover: OpenedMessage | None
    patches: tuple[tuple[int, OpenedMessage], ...]

    def contents(self) -> list[PatchContent]:
        """Return its patches as they are compared."""
        return [read_patch(mail, number) for number, mail in self.patches]

    def changelog(self) -> list[ChangelogItem]:
        """Return the changelog of its mails, of this and earlier versions."""
        entries = [(0, self.cover)] if self.cover is not None else []
        return [
            item
            for number, mail in (*entries, *self.patches)
            for item in read_changelog(mail, number, self.version)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The changes between two versions."""

    pairs: tuple[PairChange, ...]
    changelog: tuple[ChangelogItem, ...] = ()

    def pair_of(self, message_id: MessageId) -> PairChange | None:
        """Return the pair of a patch: of a new one, or of an old one that is gone."""
        for pair in self.pairs:
            ref = pair.new or pair.old
            if ref is not None and ref.message_id == message_id:
                return pair
        return None

    def items_of(self, pair: PairChange) -> list[ChangelogItem]:
        """Return the items of the author's changelog that speak of a patch."""
        if pair.new is None:
            return []
        return [item for item in self.changelog if pair.new.number in item.patches]

    def in_changelog(self, pair: PairChange) -> bool:
        """Whether the author's changelog speaks of a patch."""
        return bool(self.items_of(pair))


@dataclass(frozen=True, slots=True, kw_only=True)
class PairInterdiff:
    """The interdiff of one pair, with the lines that went to other patches, or came from them."""

    pair: PairChange
    old: PatchContent | None
    new: PatchContent | None
    files: tuple[FileInterdiff, ...]
    message: FileInterdiff
    """Title and message, as rows that are all added."""
    moved_to: dict[str, str]
    """Text of a line that is gone here → the patch that adds it now, as `3/7`."""
    moved_from: dict[str, str]

    def is_as_viewed(self, is_viewed: Callable[[str], bool]) -> bool:
        """Whether all hunks of the new patch were viewed, in any version, and its message is as it was."""
        keys = [key for file in self.new.files for key in file.hunk_keys] if self.new else []
        return bool(keys) and "message" not in self.pair.change and all(map(is_viewed, keys))


def compare(
    old: VersionMails,
    new: VersionMails,
    steps: Sequence[VersionMails] = (),
    stop: Event | None = None,
) -> Comparison:
    """Compare two postings; `steps` are those between them, for their changelogs. Raises Cancelled."""
    contents = new.contents()
    items = between(new.changelog(), old.version, new.version)
    said = {item.version for item in items}
    for step in steps:
        items += [
            item
            for item in between(step.changelog(), old.version, new.version)
            if item.version not in said and item.version == step.version
        ]
    return Comparison(
        pairs=compare_patches(old.contents(), contents, stop),
        changelog=tuple(attribute(items, contents)),
    )


def pair_interdiffs(
    comparison: Comparison,
    old: Sequence[PatchContent],
    new: Sequence[PatchContent],
    stop: Event | None = None,
) -> list[PairInterdiff]:
    """Return the interdiff of every pair. Raises Cancelled."""
    olds = {patch.number: patch for patch in old}
    news = {patch.number: patch for patch in new}
    sides = [
        (
            olds.get(pair.old.number) if pair.old else None,
            news.get(pair.new.number) if pair.new else None,
        )
        for pair in comparison.pairs
    ]
    files = {at: interdiff(*both, stop) for at, both in enumerate(sides)}
    moved_to, moved_from = moved_between(files)
    names = [_name(pair) for pair in comparison.pairs]
    return [
        PairInterdiff(
            pair=pair,
            old=sides[at][0],
            new=sides[at][1],
            files=files[at],
            message=compare_files(_as_file(sides[at][0]), _as_file(sides[at][1]), stop),
            moved_to={text: names[to] for text, to in moved_to.items() if moved_from[text] == at},
            moved_from={text: names[of] for text, of in moved_from.items() if moved_to[text] == at},
        )
        for at, pair in enumerate(comparison.pairs)
    ]


def _as_file(patch: PatchContent | None) -> FileContent | None:
    """Return a patch's title and message as the rows of a file."""
    if patch is None:
        return None
    lines = (patch.title, "", *patch.message)
    return FileContent(path="", signs="+" * len(lines), texts=lines)


def _name(pair: PairChange) -> str:
    """Return how a pair is named in another patch: by the new number, or the old one where it is gone."""
    if pair.new is not None:
        return f"patch {pair.new.number}"
    return f"old patch {pair.old.number}" if pair.old is not None else ""


# ------------------------------------------------------------------- records


def to_record(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as values that JSON has."""
    return asdict(comparison)


def from_record(record: dict[str, Any]) -> Comparison:
    """Return the comparison that `to_record` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    return Comparison(
        pairs=tuple(_pair(pair) for pair in record["pairs"]),
        changelog=tuple(
            ChangelogItem(**{**item, "patches": tuple(item["patches"])})
            for item in record["changelog"]
        ),
    )


def _pair(record: dict[str, Any]) -> PairChange:
    tags = record["tags"]
    if not set(record["change"]) <= set(CHANGES):
        raise ValueError(record["change"])
    return PairChange(
        **{
            **record,
            "old": _ref(record["old"]),
            "new": _ref(record["new"]),
            "change": tuple(cast("list[Change]", record["change"])),
            "split_from": tuple(record["split_from"]),
            "notes": tuple(record["notes"]),
            "tags": TagChanges(
                new=_trailers(tags["new"]),
                dropped=_trailers(tags["dropped"]),
                changed=tuple((Trailer(**old), Trailer(**new)) for old, new in tags["changed"]),
            ),
        }
    )


def _ref(record: dict[str, Any] | None) -> PatchRef | None:
    if record is None:
        return None
    return PatchRef(
        number=record["number"], message_id=MessageId(record["message_id"]), title=record["title"]
    )


def _trailers(records: Iterable[dict[str, str]]) -> tuple[Trailer, ...]:
    return tuple(Trailer(**record) for record in records)
