"""The begin of a list's inbox: `[lists.NAME] inbox_since`, by default two weeks before its first sync."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from core.config_keys import read_inbox_since
from core.index.index import Index

DEFAULT_DAYS: Final = 14
"""Days before the first sync from which on a list's mail counts as unread, and is in the inbox."""


def update_boundary(index: Index, list_name: str, setting: str, now: datetime) -> bool:
    """Set where a list's inbox begins: of a new one always, of another where the setting has changed; say whether it was.

    A list that was synced before without a setting keeps all it has.
    """
    is_new = list_name not in {info.name for info in index.rows.lists()}
    if not is_new and (not setting or setting == index.writer.inbox_setting(list_name)):
        return False
    default = now - timedelta(days=DEFAULT_DAYS)
    begins = read_inbox_since(setting, now) if setting else default
    index.writer.set_inbox_boundary(list_name, setting, int((begins or default).timestamp()))
    return True


def boundary_note(index: Index, list_name: str, setting: str) -> str:
    """Return a sentence on the series that start outside the inbox, with the configuration key that changes that; ""
    for none.
    """
    outside, rows = index.rows.count_outside_inbox(list_name)
    if not outside:
        return ""
    before = setting or f"{DEFAULT_DAYS} days"
    return (
        f"{outside:,} of {rows:,} series and threads start outside the inbox: older than {before}."
        f" The view All has them; `inbox_since` in [lists.{list_name}] changes it."
    )
