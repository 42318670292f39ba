"""What runs in worker threads for triage, and what it tells the screen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual.message import Message

from core.errors import PatchdeskError
from tui.list_jobs import Post
from tui.messages import Opening
from tui.widgets.marks import Handle

if TYPE_CHECKING:
    from core.lists import ListDesk
    from core.model import Listing


@dataclass
class Marked(Message):
    """What a query means, to be marked; or why it cannot be."""

    opening: Opening
    found: Collection[Handle] | PatchdeskError


def find_rows(
    opening: Opening, listing: Listing | None, query: str, lists: Sequence[str], post: Post
) -> None:
    """Post all that a query means, in lists, or in what is open."""
    from core.find import IndexFinder, ListingFinder

    try:
        if listing is not None:
            places = ListingFinder(listing).rows(query)
            post(Marked(opening, [listing.items[place].id for place in places]))
            return
        from core.config import load_config
        from core.paths import config_file

        desk = cast("ListDesk", opening.desk)
        finder = IndexFinder(desk.index, load_config(config_file()))
        post(Marked(opening, finder.rows(query, lists)))
    except PatchdeskError as error:
        post(Marked(opening, error))
