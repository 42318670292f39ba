"""What a verb, an undo or a redo came to, and the lines in which one looks back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from core.model import MessageId
from core.triage.standing import Standing


@dataclass(frozen=True, slots=True)
class Change:
    """One series (or patch) that stands otherwise now."""

    id: MessageId
    """The Message-ID that it was asked by, or is known by."""
    before: Standing
    after: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was done, to be said and shown at once."""

    words: str
    """`done × 37`, `undone: done × 37`; with one series, `done`. May hold a label: pass it through `core.text.shown`."""
    changes: tuple[Change, ...] = ()
    left: int = 0
    """Series that the verb does nothing to, since they stood so already or it is not possible there."""
    unknown: tuple[MessageId, ...] = ()
    """Mails that are in no index; what was done to them is recorded, and holds once they come."""
    notes: tuple[str, ...] = ()
    """What was odd about the journal, each as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """An event, as one looks back on it."""

    time: datetime
    host: str
    id: str
    verb: str
    ids: tuple[MessageId, ...] = ()
    series: tuple[tuple[tuple[MessageId, ...], str | None, str | None], ...] = ()
    """Of each series its mails, and its statuses before and after."""
    argument: str = ""
    note: str | None = None
    patch: bool = False
    undoes: str | None = None
    in_force: bool = True
    """It was not undone."""

    @property
    def before(self) -> str | None:
        """The status before, where it was the same for all."""
        return _common(before for _, before, _ in self.series)

    @property
    def after(self) -> str | None:
        """The status after, where it was the same for all."""
        return _common(after for *_, after in self.series)


def _common(values: Iterable[str | None]) -> str | None:
    """Return what all values are; None where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None
