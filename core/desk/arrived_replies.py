"""Unsure drafts settled by the followed lists: a reply whose Message-ID arrived was sent."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from core.errors import PatchdeskError
from core.model import MessageId
from core.reply.draft import Draft, DraftState
from core.reply.draft_store import DraftStore
from core.reply.sending import settle_arrived

_LOG: Final = logging.getLogger(__name__)


def settle_arrived_replies(path: Path, store: DraftStore | None = None) -> Sequence[Draft]:
    """Settle as sent the unsure drafts that are in the index at `path`, and return them; without any it is not opened.

    A fault is logged only: whoever syncs hears of it elsewhere, and the draft stays unsure.
    """
    try:
        store = store or DraftStore.default()
        unsure = (one for one in store.list().drafts if one.state is DraftState.UNSURE)
        if next(unsure, None) is None or not path.exists():
            return ()
        from core.index.index import open_index  # mostly there is nothing to look for

        index = open_index(path)
        try:

            def arrived(ids: Iterable[MessageId]) -> set[MessageId]:
                return {one for one in ids if index.mails.message(one) is not None}

            return settle_arrived(store, arrived)
        finally:
            index.close()
    except PatchdeskError as error:
        _LOG.warning("unsure replies: %s %s", error.message, error.hint)
        return ()
