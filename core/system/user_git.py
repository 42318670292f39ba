"""The few settings of the user's git that say which mail servers to ask, and how."""

from __future__ import annotations

import os
import subprocess
from typing import Final

_WANTED: Final = ("user.", "b4.midmask", "b4.linkmask", "lore.", "liblore.")
_CERTIFICATES: Final = (".sslcainfo", ".sslcapath")
_SECONDS: Final = 5


def read_global() -> dict[str, tuple[str, ...]]:
    """Return the user's *global* `user.*`, `b4.midmask`, `b4.linkmask`, `lore.*`, `liblore.*` and `http.*.sslCA*`, all
    values of each.

    Keys are as git writes them: section and name in lower case. A repository's own configuration is not read, wherever
    the program was started: an untrusted clone could send every question elsewhere. Without git, or where git cannot
    read its files, there are none.
    """
    command = ["git", "config", "--global", "--includes", "--list", "-z"]
    try:
        # In "/", so that no `includeIf "gitdir:…"` speaks of the folder that the program was started in.
        done = subprocess.run(
            command, capture_output=True, timeout=_SECONDS, check=False, cwd=os.sep
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for entry in done.stdout.decode(errors="surrogateescape").split("\0"):
        key, newline, value = entry.partition("\n")
        is_certificate = key.startswith("http.") and key.endswith(_CERTIFICATES)
        if key.startswith(_WANTED) or is_certificate:
            found[key] = (*found.get(key, ()), value if newline else "true")
    return found
