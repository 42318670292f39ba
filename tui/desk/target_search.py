"""The search of one opened target, with the user's addresses and triage states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tui.desk.requests import Desk, HasRaw
from tui.tree.marks import SeriesHandle

if TYPE_CHECKING:
    from core.model import TargetListing
    from core.search.search import Search
    from core.triage.state import TriageState


def search_of(
    listing: TargetListing,
    desk: Desk | None,
    states: Callable[[], Mapping[SeriesHandle, TriageState]],
) -> Search:
    """Return the search of an opened target. Reads the configuration, for `is:mine`."""
    from core.config import load_config, with_git
    from core.model import MessageId
    from core.search.target_search import TargetSearch, TargetStates, no_bytes
    from core.system.paths import config_file

    def known() -> TargetStates:
        return TargetStates({MessageId(str(handle)): one for handle, one in states().items()})

    me = with_git(load_config(config_file())).me_addresses
    source: object = desk
    read = source.raw if isinstance(source, HasRaw) else no_bytes
    return TargetSearch(listing, me=me, read=read, states=known)
