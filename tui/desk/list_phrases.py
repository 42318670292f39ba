"""What is to say of followed lists: how many mails, when synced, what a sync brought."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.text import SafeText, shown
from tui.widgets.row_text import age

if TYPE_CHECKING:
    from core.desk.lists_desk import ListPage
    from core.index.reader import ListInfo
    from core.sync.list_folder import SyncResult


def of_view(page: ListPage) -> list[ListInfo]:
    """Return what is known of the lists on the screen."""
    wanted = page.wanted.lists
    return [info for info in page.lists if not wanted or info.name in wanted]


def info_words(infos: list[ListInfo], clock: Callable[[], object]) -> str:
    """Return what is to say of lists: unread, mails, when they were synced."""
    if not infos:
        return "not synced yet"
    unread, mails = sum(i.unread for i in infos), sum(i.messages for i in infos)
    words = f"{unread:,} unread · {mails:,} mails"
    synced = [info.synced for info in infos if info.synced is not None]
    now = clock()
    if len(infos) == 1 and synced and isinstance(now, datetime):
        words += f" · synced {age(datetime.fromtimestamp(synced[0], UTC), now)}"
    return words


def result_words(result: SyncResult) -> str:
    """Return what is to say of one list's sync."""
    if not (result.added or result.removed):
        words = "nothing new"
    else:
        words = f"{result.added:,} {'mail' if result.added == 1 else 'mails'} came"
        if result.removed:
            words += f", {result.removed:,} removed"
    return f"{result.name}: {words}{'; stopped' if result.stopped else ''}"


def nothing_words(page: ListPage) -> tuple[SafeText, list[str]]:
    """Return what is to say of a page without rows: a title and lines."""
    wanted = page.wanted
    if wanted.query and any(info.messages for info in of_view(page)):
        name = wanted.name or "this view"
        return shown(f"Nothing is in {name}"), [
            shown(f"It shows what meets: {wanted.query}"),
            "",
            "{view.all} shows everything · {view.switch} shows another view",
        ]
    names = ", ".join(wanted.lists) or "the lists you follow"
    ways = "{list.sync} brings in new mail · {list.switch} shows another list · :follow follows one more"
    return shown(f"Nothing has come of {names} yet"), [ways]
