"""Triage as screens and commands use it: do something to series, undo it, and ask where they stand.

With an index, where series stand is cached there; without (one opened target), it follows from the journal in memory.
The journal holds what was done before anything is answered; the cache follows, and catches up by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.model import MessageId, Series, Thread
from core.triage.journal import Journal
from core.triage.outcome import Change, LogLine, Outcome
from core.triage.standing import Standing
from core.triage.status import Verb

if TYPE_CHECKING:
    from core.index.index import Index
    from core.patch.viewed import ViewedStore

__all__ = ["Change", "Journal", "LogLine", "Outcome", "Standing", "Triage", "Verb"]


def _now() -> datetime:
    return datetime.now(UTC)


class Triage:
    """What was decided. Any thread may call it; all but `viewed` may block for a moment: not from the UI thread."""

    def __init__(
        self,
        index: Index | None,
        journal: Journal,
        me: Collection[str] = (),
        *,
        repos: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Take the index of followed lists (None for an opened target), the user's addresses, and lists' repositories.

        Nothing is opened or read yet.
        """

    def hold(self, items: Iterable[Series | Thread]) -> None:
        """Know the series of an opened target, in the place of those held before."""

    def do(
        self,
        verb: Verb,
        ids: Collection[MessageId],
        *,
        argument: str | None = None,
        note: str | None = None,
        patch: bool = False,
    ) -> Outcome:
        """Do something to the series that hold some mails, or with `patch` to these mails alone, as one step.

        `argument` is the label, the priority (`+1`, `-1`, `=3`), or until when as a person writes it; `note` becomes the
        series' note, whatever the verb. Once this returns, it is on the disk. Raises WhenError, PatchdeskError for an
        argument that cannot be, and where the journal cannot be written.
        """
        raise NotImplementedError

    def undo(self) -> Outcome | None:
        """Take back the last thing this machine did and did not take back yet; None where there is none."""
        raise NotImplementedError

    def redo(self) -> Outcome | None:
        """Do again what the last undo took back; None where nothing was, or something was done since."""
        raise NotImplementedError

    def standing(self, message_id: MessageId) -> Standing:
        """Return where the series stands that holds a mail."""
        raise NotImplementedError

    def standings(self, message_ids: Iterable[MessageId]) -> dict[MessageId, Standing]:
        """Return where the series stand that hold some mails."""
        raise NotImplementedError

    def known(self) -> dict[int | MessageId, Standing]:
        """Return where all series stand that anything was ever done to, or that came back.

        By their rows in the index; without an index by the ids of those that are held. Screens keep it in memory.
        """
        raise NotImplementedError

    def history(self, message_id: MessageId) -> list[LogLine]:
        """Return what was done to the series that holds a mail, latest last."""
        raise NotImplementedError

    def log(self) -> Iterator[LogLine]:
        """Yield everything that was done, in its order."""
        raise NotImplementedError

    def today(self) -> tuple[int, int]:
        """Return how many series were decided since midnight, and of how many there were to decide."""
        raise NotImplementedError

    def mark_read(self, message_ids: Collection[MessageId], *, read: bool = True) -> None:
        """Count mails as read or unread; outside of what undo takes back."""
        raise NotImplementedError

    @property
    def viewed(self) -> ViewedStore:
        """What remembers viewed hunks; from the UI thread, written in batches."""
        raise NotImplementedError

    def last_looked(self) -> datetime | None:
        """Return until when the lists were looked at the last time, before this program started."""
        raise NotImplementedError

    def looked(self) -> None:
        """Remember that the lists were looked at until now; for the end of a session."""
        raise NotImplementedError

    def look_for_tags(self) -> bool:
        """See whether tags that series wait for are there; return whether any is."""
        raise NotImplementedError

    def refresh(self) -> bool:
        """Take in what others have written to the journal; return whether there was any of it."""
        raise NotImplementedError

    def close(self) -> None:
        """Write what waits to be written."""
