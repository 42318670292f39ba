"""Which files a pattern means: `arch/x86/kvm/*.c`, `kvm_main.c`, `virt/kvm`."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from typing import Final

_STAR: Final = re.compile(r"\*+")
_MOST_STARS: Final = 8
"""Stars that stand for something; of more, what comes after is not compared."""


def path_matcher(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a path is meant.

    A pattern is a path, or whole parts of one between slashes that stand one after the other; without `* ? [` its last may
    be the beginning of a part. `*` stands for slashes, too, as it does on public-inbox servers.
    """
    pattern = _STAR.sub("*", pattern.strip("/"))
    if not any(char in pattern for char in "*?["):
        needle = f"/{pattern}"
        return lambda path: needle in f"/{path}"
    pieces = pattern.split("*")
    if len(pieces) > _MOST_STARS + 1:
        pattern = "*".join(pieces[: _MOST_STARS + 1]) + "*"
    # Python's translation takes each star's shortest match for good, so that it stays linear.
    whole = re.compile(fnmatch.translate(pattern), re.DOTALL)
    parts = re.compile(fnmatch.translate(f"*/{pattern}"), re.DOTALL)
    under = re.compile(fnmatch.translate(f"*/{pattern}/*"), re.DOTALL)

    def matches(path: str) -> bool:
        return bool(whole.match(path) or parts.match(f"/{path}") or under.match(f"/{path}"))

    return matches
