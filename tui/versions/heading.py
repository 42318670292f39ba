"""The text above a pair's patch in the reader: kind of change, changelog, tags, old message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.text import SafeText, shown
from core.versions.choose import Choice
from core.versions.comparison import Comparison, PairInterdiff
from core.versions.formats.phrases import (
    file_facts,
    giver,
    pair_phrases,
    row_differs,
    stretches,
)
from tui.reader.row import StyledText

_MOST_LINES: Final = 60
"""Lines of the message that are shown as changed; of a longer one the first."""
_LONGEST: Final = 400


def heading(choice: Choice, comparison: Comparison, pair: PairInterdiff) -> tuple[StyledText, ...]:
    """Return the lines, each with its look."""
    return tuple(
        (shown(text[:_LONGEST]) if not text.startswith(" ") else _indented(text), look)
        for text, look in _lines(choice, comparison, pair)
    )


def _indented(text: str) -> SafeText:
    return SafeText("  " + shown(text[:_LONGEST].strip()))


def _lines(
    choice: Choice, comparison: Comparison, pair: PairInterdiff
) -> Iterator[tuple[str, str]]:
    old, new = choice.old.name, choice.new.name
    change = pair.pair
    words = ", ".join(pair_phrases(change, comparison, old=old, new=new))
    yield f"{old} → {new}: {words}", "version-new"
    for item in comparison.items_of(change):
        yield f"changelog of version {item.version}: {item.text}", ""
    for trailer in change.tags.new:
        given = giver(choice, trailer)
        where = f" (given in {given})" if given else ""
        yield f"{new}: + {trailer.name}: {trailer.value}{where}", "trailer"
    for trailer in change.tags.dropped:
        yield f"{old}: {trailer.name}: {trailer.value}", "version-gone"
    for before, after in change.tags.changed:
        yield f"{old}: {before.name}: {before.value}", "version-gone"
        yield f"{new}: {after.name}: {after.value}", "trailer"
    if "author" in change.change and pair.old is not None and pair.new is not None:
        yield f"author: {pair.old.author} → {pair.new.author}", ""
    if "message" in change.change:
        yield from _message(pair, old, new)
    for file in pair.files:
        for fact in file_facts(file, old, new):
            yield f"{file.path}: {fact}", "muted"


def _message(pair: PairInterdiff, old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of the message that changed."""
    yield "message:", ""
    rows = [row for run, _ in stretches(pair.message, 0, 0) for row in run]
    for at in rows[:_MOST_LINES]:
        row = pair.message.rows[at]
        if row_differs(row) and row.text.strip():
            look = "" if row.now else "version-gone"
            yield f"  {new if row.now else old}: {row.text}", look
    if len(rows) > _MOST_LINES:
        yield f"  … {len(rows) - _MOST_LINES} more lines", "muted"
