"""How to fetch: which server, how much, how long, and where answers are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from core.fetch.certificates import Certificates, certificates_for

LORE: Final = "https://lore.kernel.org/all"
"""The inbox that bare Message-IDs are asked from, unless the user names another."""


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
    fresh: bool = False
    """Ask the server also where the answer is in the cache, as it is for ten minutes."""
    git_config: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The user's settings for servers, as `core.system.user_git.read_global` gives them."""

    @property
    def base(self) -> str:
        """The address of the inbox that bare Message-IDs are asked from, without `/` at its end."""
        if self.server:
            return inbox_url(self.server)
        masks = self.git_config.get("b4.midmask", ())
        return inbox_url(masks[-1]) if masks else LORE

    def certificates(self, url: str) -> Certificates:
        """Return which certificates a server's is checked with."""
        return certificates_for(url, self.git_config, os.environ)

    @property
    def home(self) -> Path | None:
        """The folder of the process that fetches."""
        return self.cache / "b4" if self.cache else None


def inbox_url(address: str) -> str:
    """Make an inbox's address of a server's, or of a mask with `%s` in it; a bare host's inbox is `all`, as b4 has it."""
    base = address.strip().replace("/%s", "").rstrip("/")
    return f"{base}/all" if urlsplit(base).path in {"", "/"} else base
