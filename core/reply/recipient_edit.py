"""Changes of a draft's recipients in one line, by the numbers that its preview shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from core.errors import PatchdeskError
from core.mail.headers import parse_addresses
from core.model import Identity
from core.reply.recipients import Recipients, is_address

SYNTAX: Final = "-3 or -3-5 removes, +ADDRESS adds to Cc, to 4 and cc 1 move"
"""The grammar in one line, for the prompt."""
_LONGEST: Final = 10_000
"""Characters of a line that are read."""
_CHANGE: Final = re.compile(
    r"[\s,]*(?:-(?P<first>\d{1,4})(?:-(?P<last>\d{1,4}))?"
    r"|\+(?P<added>[^<>@+]{0,200}<[^<>\s]{1,320}>|[^\s,<>]{1,320})"
    r"|(?P<header>to|cc)\s+(?P<moved>\d{1,4}))(?=[\s,]|$)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Entry:
    who: Identity
    is_to: bool
    removed: bool = False


def edited_recipients(recipients: Recipients, line: str) -> Recipients:
    """Return recipients with the changes of a line made; its numbers count To, then Cc, from 1, as they were before.

    Raises PatchdeskError where a change cannot be read, names nobody, or leaves nobody.
    """
    entries = [_Entry(one, True) for one in recipients.to]
    entries += [_Entry(one, False) for one in recipients.cc]
    numbered = list(entries)
    line, at = line[:_LONGEST].rstrip(" ,\t"), 0
    while at < len(line):
        change = _CHANGE.match(line, at)
        if change is None:
            raise PatchdeskError(f"“{line[at:].strip()}” is no change of recipients.", f"{SYNTAX}.")
        at = change.end()
        if change["added"]:
            _add(entries, change["added"])
        elif change["moved"]:
            (entry,) = _chosen(numbered, change["moved"], None)
            entry.is_to, entry.removed = change["header"].lower() == "to", False
        else:
            for entry in _chosen(numbered, change["first"], change["last"]):
                entry.removed = True
    left = [one for one in entries if not one.removed]
    if not left:
        raise PatchdeskError("No recipient would be left.", "Keep one, or delete the draft.")
    return Recipients(
        to=tuple(one.who for one in left if one.is_to),
        cc=tuple(one.who for one in left if not one.is_to),
    )


def _chosen(numbered: list[_Entry], first: str, last: str | None) -> list[_Entry]:
    begin, end = int(first), int(last or first)
    if not 1 <= begin <= end <= len(numbered):
        raise PatchdeskError(
            f"There is no recipient {first if last is None else f'{first}-{last}'}.",
            f"They are numbered from 1 to {len(numbered)}.",
        )
    return numbered[begin - 1 : end]


def _add(entries: list[_Entry], text: str) -> None:
    people = parse_addresses(text)
    if len(people) != 1 or not is_address(people[0].address):
        raise PatchdeskError(
            f"“{text}” is no address that mail can be sent to.", "Write +name@host."
        )
    key = people[0].address.casefold()
    for entry in entries:
        if entry.who.address.casefold() == key:
            entry.removed = False
            return
    entries.append(_Entry(people[0], False))
