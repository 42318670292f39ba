"""The argument of a verb, as a person writes it → as the journal has it: a label, a priority, until when to snooze."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from core.approxidate import read_future
from core.errors import PatchdeskError
from core.triage.events import NOTE_LENGTH
from core.triage.transitions import PRIORITIES, VERB_TEXTS, Argument, Verb

ALLOWED: Final = (
    "3d, 2w, 12h, tomorrow, fri, 2026-12-01, “2026-12-01 14:00”, v (the next version),"
    " or a tag of the list's repository"
)
"""The input of `parse_snooze`, as text for a prompt."""

_TAG: Final = re.compile(r"(?=[^0-9]{0,99}[0-9])[A-Za-z0-9][A-Za-z0-9._/+-]{0,99}", re.ASCII)
_COMMENT_KEY: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LONGEST: Final = timedelta(days=36_525)

HasTag = Callable[[str], bool]
"""Tells whether the list's repository has a tag."""


class ArgumentError(PatchdeskError):
    """The argument of a verb is not valid."""


class SnoozeError(ArgumentError):
    """The text is not a time, or is in the past; the hint lists the allowed forms."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """The end of a snooze: a moment, a tag, or where both are missing a new version."""

    moment: datetime | None = None
    tag: str = ""

    @property
    def is_version(self) -> bool:
        """Whether it waits for a new version."""
        return self.moment is None and not self.tag

    def encode(self) -> str:
        """Return it as the journal has it: `2026-12-01T00:00:00+01:00`, `tag:v6.10` or `version`."""
        if self.moment is not None:
            return self.moment.isoformat()
        return f"tag:{self.tag}" if self.tag else "version"

    def __str__(self) -> str:
        """Return it as words: `until Tue 2026-12-01`, `until v6.10`, `until a new version`."""
        if self.moment is None:
            return f"until {self.tag or 'a new version'}"
        local = self.moment.astimezone()
        clock = "" if local.time() == time() else local.strftime(" %H:%M")
        return f"until {local.strftime('%a %Y-%m-%d')}{clock}"


def decode_snooze(text: str) -> Snooze | None:
    """Return the snooze that `Snooze.encode` wrote; None where the text is not one."""
    if text == "version":
        return Snooze()
    if text.startswith("tag:"):
        return Snooze(tag=text[4:]) if _TAG.fullmatch(text, 4) else None
    try:
        moment = datetime.fromisoformat(text)
        return Snooze(moment.astimezone(UTC) if moment.tzinfo is None else moment)
    except (ValueError, OverflowError):
        return None


def parse_snooze(text: str, now: datetime, *, has_tag: HasTag | None = None) -> Snooze:
    """Read a person's input: a time as `core.approxidate` reads it, in local time, `v`, or a tag.

    `has_tag` is None where no list has a repository. Raises SnoozeError.
    """
    words = text.strip().casefold()
    if words in ("v", "version"):
        return Snooze()
    try:
        moment = read_future(words, now)
    except (ValueError, OverflowError):
        raise SnoozeError(f"‘{text.strip()}’ does not exist.", f"Write {ALLOWED}.") from None
    if moment is not None:
        if moment <= now:
            raise SnoozeError(f"‘{text.strip()}’ is past.", f"Write {ALLOWED}.")
        if moment - now > _LONGEST:
            raise SnoozeError(f"‘{text.strip()}’ is more than 100 years off.", f"Write {ALLOWED}.")
        return Snooze(moment.astimezone())
    tag = text.strip()
    if not _TAG.fullmatch(tag):
        raise SnoozeError(f"‘{tag[:60]}’ is not a time.", f"Write {ALLOWED}.")
    if has_tag is None:
        raise SnoozeError(
            f"‘{tag}’ is not a time, and waiting for a tag needs the list's repository.",
            f"Set repo in its [lists.NAME], or write {ALLOWED}.",
        )
    if has_tag(tag):
        raise SnoozeError(f"The tag {tag} is there already.", f"Write a later one, or {ALLOWED}.")
    return Snooze(tag=tag)


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
                raise ArgumentError("There is no note to remove.", "An empty note removes it.")
            return ""
        case Argument.UNTIL:
            return parse_snooze(text, now, has_tag=has_tag()).encode()
        case Argument.LABEL:
            return _label(text)
        case Argument.PRIORITY:
            return _priority(text)
        case Argument.COMMENT:
            return _comment_key(text)
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
            f"‘{text[:60]}’ is not a label." if text else "No label given.",
            "A label is one word: letters, digits, and . _ + : / @ - after the first, 40 of them at most.",
        )
    return text


def _comment_key(text: str) -> str:
    if not _COMMENT_KEY.fullmatch(text):
        raise ArgumentError(
            f"‘{text[:60]}’ is not the key of a review comment.",
            "“patchdesk comments ID --json” prints the keys.",
        )
    return text


def _priority(text: str) -> str:
    written = text if text[:1] in ("+", "=") else f"={text}"
    if text[:1] == "-":
        written = text
    digits = written[1:].removeprefix("-") if written[0] == "=" else written[1:]
    if not (digits.isascii() and digits.isdecimal() and int(digits[:4]) <= PRIORITIES[-1]):
        raise ArgumentError(
            f"‘{text[:20]}’ is not a priority." if text else "No priority given.",
            f"Write =3 (from {PRIORITIES[0]} to {PRIORITIES[-1]}) to set it, +1 or -1 to change it.",
        )
    return written
