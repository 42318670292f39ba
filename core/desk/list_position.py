"""The user's position in the followed lists, from run to run: rows, order, groups and cursor.

It is a section of `core.system.ui_state`, which a person may edit and a disk may damage: senseless values count as
missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from core.desk.list_query import GROUPS, ListQuery
from core.index.views import SORT_COLUMNS
from core.system.ui_state import UiState

_SECTION: Final = "lists"
_MOST_FOLDS: Final = 20
"""Rows that are kept unfolded: each is read as a whole before the first picture."""
_MOST_GROUPS: Final = 400
_LONGEST: Final = 1000
"""Parts of a key, and characters of each."""

Key = tuple[str, ...]
"""The stable key of a row of the tree; a group's begins with ""."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPosition:
    """The position in the lists."""

    wanted: ListQuery
    key: Key = ()
    from_top: int = 0
    """Lines between the upper edge and the row."""
    folds: Mapping[Key, bool] = field(default_factory=dict)
    """Explicit folds."""


def recall(remembered: UiState, lists: Collection[str]) -> ListPosition:
    """Return where the reader was; of `lists`, which are followed now, alone."""
    kept = remembered.get(_SECTION)
    sort, group = kept.get("sort"), kept.get("group")
    wanted = ListQuery(
        lists=tuple(name for name in _texts(kept.get("lists")) if name in lists),
        sort=sort if isinstance(sort, str) and sort in SORT_COLUMNS else "activity",
        group=group if isinstance(group, str) and group in GROUPS else "none",
    )
    from_top = kept.get("from_top")
    known = isinstance(from_top, int) and 0 <= from_top <= _LONGEST
    return ListPosition(
        wanted=wanted,
        key=_texts(kept.get("row")),
        from_top=from_top if known and isinstance(from_top, int) else 0,
        folds=_few(_folds(kept.get("folds"))),
    )


def remember(remembered: UiState, place: ListPosition) -> None:
    """Remember where the reader is; it is not written yet."""
    remembered.set(
        _SECTION,
        {
            "lists": list(place.wanted.lists),
            "sort": place.wanted.sort,
            "group": place.wanted.group,
            "row": list(place.key),
            "from_top": place.from_top,
            "folds": [[list(key), is_open] for key, is_open in _few(place.folds).items()],
        },
    )


def _few(folds: Mapping[Key, bool]) -> dict[Key, bool]:
    """Return the last folds of the few rows and groups that are kept."""
    kept: dict[Key, bool] = {}
    rows: set[str] = set()
    groups = 0
    for key, is_open in reversed(list(folds.items())):
        if key[0]:
            if len(rows) == _MOST_FOLDS and key[0] not in rows:
                continue
            rows.add(key[0])
        elif len(key) > 1:
            groups += 1
            if groups > _MOST_GROUPS:
                continue
        kept[key] = is_open
    return dict(reversed(list(kept.items())))


def _folds(kept: object) -> dict[Key, bool]:
    folds: dict[Key, bool] = {}
    for each in kept[: 10 * _LONGEST] if isinstance(kept, list) else ():
        if isinstance(each, list) and len(each) == 2 and isinstance(each[1], bool):
            key = _texts(each[0])
            if key:
                folds[key] = each[1]
    return folds


def _texts(kept: object) -> Key:
    """Return a list of texts; none where it is anything else."""
    if not isinstance(kept, list) or len(kept) > _LONGEST:
        return ()
    if not all(isinstance(text, str) and len(text) <= _LONGEST for text in kept):
        return ()
    return tuple(kept)
