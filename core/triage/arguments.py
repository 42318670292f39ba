"""What a verb takes beside its series, as a person writes it → as the journal has it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from core.triage.events import NOTE_LENGTH
from core.triage.transitions import PRIORITIES, VERB_TEXTS, Argument, Verb
from core.triage.when import ArgumentError, HasTag, parse_snooze

LABEL: Final = re.compile(r"\w[\w.+:/@-]{0,39}")
"""A label."""


def encode_argument(
    verb: Verb,
    argument: str | None,
    note: str | None,
    now: datetime,
    has_tag: Callable[[], HasTag | None],
) -> str:
    """Return a verb's argument as the journal has it; "" for verbs that take none, or a note.

    `has_tag` is asked only where it is needed. Raises ArgumentError.
    """
    wanted = VERB_TEXTS[verb].argument
    text = (argument or "").strip()
    match wanted:
        case Argument.NOTE:
            if note is None:
                raise ArgumentError("There is nothing to note.", "An empty note takes it away.")
            return ""
        case Argument.UNTIL:
            return parse_snooze(text, now, has_tag=has_tag()).packed()
        case Argument.LABEL:
            return _label(text)
        case Argument.PRIORITY:
            return _priority(text)
        case _:
            return ""


def check_note(note: str) -> None:
    """Raise ArgumentError for a note that the journal cannot store: too long, or no text that UTF-8 can write."""
    if len(note) > NOTE_LENGTH:
        raise ArgumentError(
            f"A note has {NOTE_LENGTH:,} characters at most.", "Write less, or in a file."
        )
    try:
        note.encode()
    except UnicodeEncodeError:
        raise ArgumentError(
            "The note is not valid UTF-8.", "Check the terminal's locale."
        ) from None


def _label(text: str) -> str:
    if not LABEL.fullmatch(text):
        raise ArgumentError(
            f"‘{text[:60]}’ is no label." if text else "There is no label.",
            "A label is one word: letters, digits, and . _ + : / @ - after the first, 40 of them at most.",
        )
    return text


def _priority(text: str) -> str:
    written = text if text[:1] in ("+", "=") else f"={text}"
    if text[:1] == "-":
        written = text
    digits = written[1:].removeprefix("-") if written[0] == "=" else written[1:]
    if not (digits.isascii() and digits.isdecimal() and int(digits[:4]) <= PRIORITIES[-1]):
        raise ArgumentError(
            f"‘{text[:20]}’ is no priority." if text else "There is no priority.",
            f"Write =3 (from {PRIORITIES[0]} to {PRIORITIES[-1]}) to set it, +1 or -1 to change it.",
        )
    return written
