"""The last act of the user, where the undo key takes back one that is not in the journal of triage."""

from __future__ import annotations

from collections.abc import Callable


class Undo:
    """Holds how to take back a reply made ready, until a later act takes its place. No widget."""

    def __init__(self) -> None:
        self._take_back: Callable[[], object] | None = None

    def offer(self, take_back: Callable[[], object]) -> None:
        """Let the next undo call `take_back`."""
        self._take_back = take_back

    def forget(self) -> None:
        """Let the next undo take back triage: that came after, or there is nothing left to take back."""
        self._take_back = None

    @property
    def is_offered(self) -> bool:
        """Whether the next undo takes back something here."""
        return self._take_back is not None

    def run(self) -> bool:
        """Take back the last act, once; return whether there was one."""
        take_back, self._take_back = self._take_back, None
        if take_back is not None:
            take_back()
        return take_back is not None
