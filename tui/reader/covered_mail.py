"""A mail that a note of the program stands in place of, for the way back to where it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tui.reader.folds import Folds
from tui.reader.jumps import ReadingPlace

if TYPE_CHECKING:
    from tui.reader.mail_layout import ParsedMail


class CoveredMail(NamedTuple):
    """The mail taken apart, its folds and comments, and the place of the cursor."""

    parts: ParsedMail
    folds: Folds
    place: ReadingPlace
