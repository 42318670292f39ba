"""A finding of the doctor: how a check came out, and how to fix it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check: a sentence without its full stop, and a sentence with the fix, "" where none is needed."""

    level: Level
    finding: str
    fix: str = ""

    @classmethod
    def ok(cls, finding: str) -> Check:
        """Return a check that found nothing wrong."""
        return cls(Level.OK, finding)

    @classmethod
    def warning(cls, finding: str, fix: str) -> Check:
        """Return a check that found a fault which the program works around."""
        return cls(Level.WARNING, finding, fix)

    @classmethod
    def error(cls, finding: str, fix: str) -> Check:
        """Return a check that found a fault which stops the program; `patchdesk doctor` then exits 1."""
        return cls(Level.ERROR, finding, fix)
