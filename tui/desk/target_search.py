"""The search of one opened target, with the user's addresses and triage states."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from core.errors import PatchdeskError
from tui.desk.requests import Desk, HasRaw
from tui.tree.marks import SeriesHandle

if TYPE_CHECKING:
    from core.model import Series, TargetListing
    from core.search.search import Search
    from core.triage.state import TriageState

log = logging.getLogger(__name__)


def search_of(
    listing: TargetListing,
    desk: Desk | None,
    states: Callable[[], Mapping[SeriesHandle, TriageState]],
) -> Search:
    """Return the search of an opened target. Reads the configuration, for `is:mine`."""
    from core.config import load_config, with_git
    from core.desk.export import MailOpener
    from core.desk.review_counts import review_summary
    from core.index.review_summary import NO_REVIEW, ReviewSummary
    from core.model import MessageId
    from core.search.target_search import TargetSearch, TargetStates, no_bytes
    from core.system.paths import config_file

    def known() -> TargetStates:
        return TargetStates({MessageId(str(handle)): one for handle, one in states().items()})

    me = with_git(load_config(config_file())).me_addresses
    source: object = desk
    read = source.raw if isinstance(source, HasRaw) else no_bytes

    def review(series: Series) -> ReviewSummary:
        if not isinstance(source, MailOpener):
            return NO_REVIEW
        try:
            return review_summary(source, series)
        except PatchdeskError as error:
            log.info("reviews of a series cannot be counted: %s", error.message)
            return NO_REVIEW

    return TargetSearch(listing, me=me, read=read, states=known, review=review)
