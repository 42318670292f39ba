"""How many remarks reviewers made of a patch, in its row of the tree: in place of how many replies it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from core.model import MessageId, Patch
from tui.tree.rows import Kind, Row

SIGN: Final = "💬"

Asked = tuple[MessageId, int]
"""A patch by its Message-ID, and how many replies it has: with another reply the count is another."""


def comment_key_of(row: Row) -> tuple[Asked, Patch] | None:
    """Return what would tell how many remarks a row's patch has; None where there are no replies, or it is no patch."""
    if row.kind not in (Kind.COVER, Kind.PATCH) or row.entry is None or not row.entry.replies:
        return None
    return (row.entry.message.message_id, len(row.entry.replies)), row.entry


def with_comment_count(pieces: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """Return a drawn row with `count` remarks where its replies are counted, as far as there is room."""
    said = f"{SIGN}{count}" if count < 1_000 else f"{SIGN}…"
    return [
        (" " * (cell_len(text) - cell_len(said)) + said, look)
        if look == "replies" and "↳" in text and cell_len(said) <= cell_len(text)
        else (text, look)
        for text, look in pieces
    ]
