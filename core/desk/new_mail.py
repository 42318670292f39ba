"""The rows with unread mail that arrived since some moment, for cron and hooks.

Mails are numbered in the order they came into the index, so a moment is the highest number there was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from core.index.index import Index
from core.json_records import Record, series_record, thread_record
from core.model import MessageId, Series, Thread
from core.system.paths import log_file, write_atomically


def new_items(
    index: Index, after: int, *, threads: bool = False
) -> Iterator[tuple[Series | Thread, list[MessageId]]]:
    """Yield the series with unread mail that came after a number, and its Message-IDs; with `threads`, threads too."""
    found: dict[int, list[MessageId]] = {}
    for row, message_id in index.mails.unread_since(after):
        found.setdefault(row, []).append(message_id)
    for row, new in found.items():
        item = index.mails.series(row)
        if isinstance(item, Series) or (threads and item is not None):
            yield item, new


def new_record(item: Series | Thread, new: list[MessageId]) -> Record:
    """Return the JSON object of a series or thread, with the Message-IDs that are new."""
    record = series_record(item) if isinstance(item, Series) else thread_record(item)
    return {**record, "new": list(new)}


def load_last(index: Index) -> int:
    """Return the number up to which `new --since-last` has told; 0 where it never did of this index."""
    try:
        kept = json.loads(_file().read_bytes())
        return int(kept["number"]) if kept["index"] == index.identity else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def save_last(index: Index, number: int) -> None:
    """Remember up to which number `new --since-last` has told. Raises PatchdeskError."""
    content = json.dumps({"index": index.identity, "number": number})
    write_atomically(_file(), content.encode())


def _file() -> Path:
    return log_file().with_name("new.json")
