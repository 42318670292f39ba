"""public-inbox servers over HTTP, lore.kernel.org among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

from core.errors import FetchError
from core.model import MessageId, RawMail
from core.sources.source import Report

LORE: Final = "https://lore.kernel.org/all"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """How to fetch."""

    deadline: float = 60.0
    """Seconds for a whole answer."""
    max_size: int = 64 << 20
    """Bytes that an answer may have, packed or unpacked."""
    server: str = ""
    """The inbox that bare Message-IDs are asked from; "" for git's `b4.midmask`, else lore's."""
    cache: Path | None = None
    """A folder of its own for answers and the child's home; None: nothing is kept."""
    git_config: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The user's global `b4.*`, `lore.*`, `liblore.*` settings, as `git_config.read_global` gives them."""

    @property
    def base(self) -> str:
        """The inbox that bare Message-IDs are asked from."""
        return self.server.rstrip("/") or LORE


class LoreSource:
    """The thread of one message."""

    notes: tuple[str, ...] = ()

    def __init__(self, message_id: MessageId, *, base: str, options: FetchOptions) -> None:
        self.name = message_id
        self.message_id = message_id
        self.base = base

    def mails(self, *, stop: Event, report: Report) -> Iterator[RawMail]:
        """Yield the thread's mails."""
        raise FetchError("Not there yet.")

    def read(self, key: str) -> bytes:
        """Return one mail's bytes."""
        raise FetchError("Not there yet.")

    def close(self) -> None:
        """Abort."""
