"""`patchdesk completion --words KIND`: lists, Message-IDs and views for the shell's completion. Imports next to nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from core.desk.candidates import candidates


def print_candidates(kinds: Sequence[str]) -> int:
    """Print the candidates of some kinds, one a line; a closed pipe is silent. Returns the exit status."""
    try:
        for kind in kinds:
            sys.stdout.write("".join(f"{word}\n" for word in candidates(kind)))
        sys.stdout.flush()
    except OSError:
        return 1
    return 0
