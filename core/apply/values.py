"""The values of trying and applying a version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.model import MessageId

_MOST_NUMBER: Final = 9_999


def parse_patch_list(text: str) -> frozenset[int] | None:
    """Return the patches that a list such as `1-3,5` names; None where it names none."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            return None
        if (
            len(first) > 4
            or len(last) > 4
            or not 1 <= int(first) <= int(last or first) <= _MOST_NUMBER
        ):
            return None
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def format_patch_list(numbers: Sequence[int]) -> str:
    """Return ascending numbers as a list such as `1-3,5`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


class Fit(StrEnum):
    """How one patch applied."""

    APPLIED = "applied"
    CONFLICT = "conflict"
    MISSING = "missing"
    """The patch itself is not there."""
    SKIPPED = "skipped"
    """Not tried: an earlier patch did not apply, or this one was not chosen."""


class BaseSource(StrEnum):
    """How a base was found."""

    GIVEN = "given"
    BASE_COMMIT = "base-commit"
    PREVIOUS = "previous"
    BLOBS = "blobs"
    DATE = "date"
    TIP = "tip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A commit to apply onto."""

    commit: str
    source: BaseSource
    name: str = ""
    """The revision that was named, or the branch it is on."""
    matched: tuple[int, int] | None = None
    """(files unchanged since the version was made, files that it changes); None: not checked."""
    note: str = ""
    """The patches missing below it, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictingFile:
    """A file that a patch does not fit."""

    path: str
    hunks: int
    """Number of hunks of this patch in this file; 0 where not counted."""
    failing: int
    """Hunks that do not apply on their own."""
    reason: str
    """git's sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchSource:
    """A patch of a version, as it came."""

    number: int
    message_id: MessageId | None
    """None: the patch is missing."""
    title: str = ""
    raw: bytes = b""
    trailers: tuple[str, ...] = ()
    """Lines to add below its message, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchFit:
    """How one patch applied, and the reason."""

    number: int
    message_id: MessageId | None
    title: str
    fit: Fit
    files: tuple[ConflictingFile, ...] = ()
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Whether a version applies to a base."""

    base: Base
    patches: tuple[PatchFit, ...]
    tree: str = ""
    """The git tree with all patches applied; "" where one does not apply."""

    @property
    def applies(self) -> bool:
        """Whether every patch that was asked for applies."""
        return bool(self.tree)

    @property
    def applied(self) -> int:
        """How many patches apply."""
        return sum(one.fit is Fit.APPLIED for one in self.patches)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedBranch:
    """A version in the user's repository."""

    repo: str
    branch: str
    """"" where a conflict stopped it."""
    commits: tuple[str, ...]
    base: Base
    patches: tuple[PatchFit, ...]
    worktree: str = ""
    """Its worktree, where the user asked for one or a conflict is to be resolved."""
    record: str = ""
    """The id of its record, for undo."""
