"""What is wanted of a sync, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import PatchdeskError


@dataclass(frozen=True, slots=True)
class Wish:
    """How far back mail is wanted: as far as a list's first sync goes, unless said."""

    everything: bool = False
    """Back to the list's beginning."""
    since: int | None = None
    """Back to this second of the Unix epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What a sync did for one list."""

    name: str
    added: int = 0
    """Mails that came."""
    removed: int = 0
    """Mails that were taken away."""
    series: int = 0
    """Series and threads that are new or changed."""
    notes: tuple[str, ...] = ()
    """What is worth knowing, each as a sentence."""
    error: PatchdeskError | None = None
    """What kept it from its end; what came until then stays."""
    stopped: bool = False
    """The user ended it; what came until then stays."""
