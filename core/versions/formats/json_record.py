"""A comparison as the JSON object of `patchdesk versions --json`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from core.model import Trailer
from core.versions.changelog import ChangelogItem
from core.versions.choose import Choice, Posting
from core.versions.compare import PairChange, PatchRef
from core.versions.comparison import Comparison, PairInterdiff
from core.versions.formats.phrases import giver
from core.versions.interdiff import FileInterdiff

Record = dict[str, Any]


def comparison_record(
    choice: Choice, comparison: Comparison, interdiffs: Sequence[PairInterdiff] = ()
) -> Record:
    """Return the object; the pairs of `interdiffs` alone, with their files, where there are any."""
    files = {id(one.pair): one.files for one in interdiffs}
    pairs = [one.pair for one in interdiffs] if interdiffs else comparison.pairs
    return {
        "kind": "versions",
        "id": choice.new.series.id,
        "old": _posting(choice.old),
        "new": _posting(choice.new),
        "pairs": [_pair(pair, choice, comparison, files.get(id(pair))) for pair in pairs],
        "changelog": [_item(item) for item in comparison.changelog],
    }


def _posting(posting: Posting) -> Record:
    return {
        "version": posting.version.version,
        "minor": posting.version.minor,
        "id": posting.id,
        "missing": list(posting.version.missing),
    }


def _pair(
    pair: PairChange,
    choice: Choice,
    comparison: Comparison,
    files: Iterable[FileInterdiff] | None,
) -> Record:
    several = len(pair.split_from) > 1
    record: Record = {
        "old": _ref(pair.old),
        "new": _ref(pair.new),
        "change": list(pair.change),
        "added": pair.added,
        "removed": pair.removed,
        "moved": pair.moved,
        "rewritten": pair.rewritten,
        "merged_into": pair.merged_into,
        "split_from": pair.split_from[0] if pair.split_from and not several else None,
        "spread_from": list(pair.split_from) if several else [],
        "compared": pair.compared,
        "in_changelog": comparison.in_changelog(pair),
        "tags": {
            "new": [_trailer(one) | {"message_id": giver(choice, one)} for one in pair.tags.new],
            "dropped": [_trailer(one) for one in pair.tags.dropped],
            "changed": [
                {"name": new.name, "old": old.value, "new": new.value}
                for old, new in pair.tags.changed
            ],
        },
    }
    if files is not None:
        record["files"] = [_file(file) for file in files]
    return record


def _ref(ref: PatchRef | None) -> Record | None:
    if ref is None:
        return None
    return {"number": ref.number, "message_id": ref.message_id, "subject": ref.title}


def _trailer(trailer: Trailer) -> Record:
    return {"name": trailer.name, "value": trailer.value}


def _item(item: ChangelogItem) -> Record:
    return {
        "version": item.version,
        "text": item.text,
        "message_id": item.message_id,
        "patches": list(item.patches),
    }


def _file(file: FileInterdiff) -> Record:
    """Return a file with its rows; a sign is null where that version does not show the row."""
    return {
        "path": file.path,
        "old_path": file.old_path,
        "added": file.added,
        "removed": file.removed,
        "rows": [
            {
                "was": row.was or None,
                "is": row.now or None,
                "text": row.text,
                "moved": at in file.moved,
            }
            for at, row in enumerate(file.rows)
        ],
    }
