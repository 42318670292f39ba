"""The triage state of a row, and the lists that it names: pieces of text with the names of their styles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from core.model import MessageId, Patch
from core.text import shown
from tui.tree.rows import Kind, Row

if TYPE_CHECKING:
    from core.triage.state import TriageState


MARK: Final = "*"

# By the words of core.triage.transitions.Status, which is not imported for the first picture.
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "done": ("✓", "state-done"),
    "skipped": ("✗", "state-skipped"),
    "waiting": ("◷", "state-waiting"),
    "later": ("☾", "state-later"),
    "accepted": ("✚", "state-accepted"),
}
"""Of each state that is a decision, the glyph and its look."""

FLAG: Final = "⚑"
LANDED: Final = "⊕"
REVERTED: Final = "⊖"
APPLIED: Final = "⎇"

_LABELS: Final = 3
_LABEL: Final = 12
"""Labels that a row shows, and cells of each."""


def state_of(row: Row) -> str:
    """Return the state that a row shows, as a word: a series its own, a patch its own; "" where it shows none."""
    standing = row.standing
    if standing is None:
        return ""
    if row.kind in (Kind.SERIES, Kind.THREAD):
        return str(standing.status) if standing.status in STATES else ""
    if row.kind is Kind.PATCH and row.message is not None:
        own = standing.patch(row.message.message_id)
        return str(own) if own in STATES else ""
    return ""


def is_over(row: Row) -> bool:
    """Whether nothing more is expected of a row, so that it may stand back."""
    return state_of(row) in ("done", "skipped")


def state_pieces(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the pieces before a row's subject: state, flag, priority and labels."""
    if state := state_of(row):
        glyph, look = STATES[state]
        yield f"{glyph} ", look
    standing = row.standing
    if standing is None or row.kind not in (Kind.SERIES, Kind.THREAD):
        return
    if standing.landed:
        yield f"{landed_badge(standing)} ", "landed"
    if standing.branch:
        yield f"{APPLIED} ", "muted"
    if standing.flagged:
        yield f"{FLAG} ", "flag"
    if standing.priority:
        yield f"{standing.priority:+} ", "priority"
    for label in standing.labels[:_LABELS]:
        yield f"#{shown(label)[:_LABEL]} ", "label"
    if len(standing.labels) > _LABELS:
        yield f"#+{len(standing.labels) - _LABELS} ", "label"
    if standing.note:
        yield "✎ ", "muted"


def landed_badge(standing: TriageState) -> str:
    """Return the tree that has most of a series, with how many of its patches if not all: `⊕ next`, `⊕ next 3/5`."""
    best = max(standing.landed, key=lambda one: one.patches)
    if not best.patches:
        return f"{REVERTED} {shown(best.tree)[:_LABEL]}"
    others = f"+{len(standing.landed) - 1}" if len(standing.landed) > 1 else ""
    part = "" if best.is_complete else f" {best.patches}/{best.total}"
    return f"{LANDED} {shown(best.tree)[:_LABEL]}{others}{part}"


def why(standing: TriageState) -> str:
    """Return why a series is here again, or until when it is not: in a few letters."""
    if standing.why:
        return shown(standing.why)[:40]
    until = standing.until
    if until is None:
        return ""
    if until.moment is not None:
        return until.moment.astimezone().strftime("→ %m-%d")
    return shown(f"→ {until.tag or 'v+1'}")[:20]


SIGN: Final = "💬"

Asked = tuple[MessageId, int]
"""A patch by its Message-ID, and how many replies it has: with a new reply the count changes."""


def comment_key_of(row: Row) -> tuple[Asked, Patch] | None:
    """Return the key of a patch's comment count, and the patch; None without replies, and for other rows."""
    if row.kind not in (Kind.COVER, Kind.PATCH) or row.entry is None or not row.entry.replies:
        return None
    return (row.entry.message.message_id, len(row.entry.replies)), row.entry


def with_comment_count(pieces: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """Return a drawn row with `count` comments where its replies are counted, as far as there is room."""
    said = f"{SIGN}{count}" if count < 1_000 else f"{SIGN}…"
    return [
        (" " * (cell_len(text) - cell_len(said)) + said, look)
        if look == "replies" and "↳" in text and cell_len(said) <= cell_len(text)
        else (text, look)
        for text, look in pieces
    ]


def named_lists(row: Row, list_shown: str | None) -> tuple[str, ...]:
    """Return the lists that a row is to name: none where `list_shown` is one of them, or None."""
    if list_shown is None or row.depth or list_shown in row.item.lists:
        return ()
    return tuple(row.item.lists)
