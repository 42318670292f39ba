"""Identities as they are compared, and the bots among them that the user named."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from core.model import Identity


def normalise(text: str) -> str:
    """Return a name or address as it is compared: without case and runs of blanks."""
    return " ".join(text.casefold().split())


class Bots:
    """The bots that the user named: by address, or by name without `@`; `*` is a wildcard."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        wanted = [normalise(pattern) for pattern in patterns]
        self._addresses = [pattern for pattern in wanted if "@" in pattern]
        self._names = [pattern for pattern in wanted if pattern and "@" not in pattern]

    def __contains__(self, identity: Identity) -> bool:
        if not (self._addresses or self._names):
            return False
        address, name = normalise(identity.address), normalise(identity.name)
        return any(fnmatchcase(address, pattern) for pattern in self._addresses) or any(
            fnmatchcase(name, pattern) for pattern in self._names
        )


NO_BOTS: Final = Bots()

KNOWN_BOTS: Final = (
    "* bot", "*-bot", "* robot", "syzbot*", "kernelci*", "patchew*",
    "bot@*", "bot+*@*", "*-bot@*", "*-bot+*@*", "robot@*", "syzbot*@*", "lkp@*", "*@patchew.org",
)  # fmt: skip
"""How the senders of automatic messages are named on the lists of the kernel, QEMU and git."""
