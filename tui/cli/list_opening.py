"""Which desk a target is opened with: what the index holds of followed lists, or another source."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.lists_desk import ListDesk
    from core.system.ui_state import UiState


def lists_desk(target: str, config: Config, remembered: UiState | None = None) -> ListDesk | None:
    """Return the desk of the followed lists, where `target` stands for all of them ("") or names one that was synced.

    What is `remembered` says which of all lists, and in which order.

    A path that exists comes before a list's name. Raises IndexFileError.
    """
    from core.system.paths import data_dir

    index = data_dir() / "index.sqlite3"
    if not target:
        from core.desk.list_position import recall
        from core.desk.lists_desk import ListDesk, ListQuery
        from core.search.saved_views import saved_views

        wanted = recall(remembered, config.lists).wanted if remembered is not None else ListQuery()
        inbox = saved_views(config.views)[0]
        return ListDesk(index, replace(wanted, query=inbox.query, name=inbox.name), config)
    if target not in config.lists or not index.exists():
        return None
    if os.path.exists(os.path.expanduser(target)):  # noqa: PTH110, PTH111 - pathlib's raises for odd names
        return None
    from core.desk.lists_desk import ListDesk, ListQuery, known_lists

    return (
        ListDesk(index, ListQuery(lists=(target,)), config)
        if target in known_lists(index)
        else None
    )
