"""The file names in a diff's header lines: unquoted, undated, without the `a/` and `b/` before them.

After git's quote.c (`unquote_c_style`) and apply.c (`find_name_traditional`, `git_header_name`). One thing is
done otherwise: where both names of a pair are the same, their first directory is no prefix, so that the paths
of `git diff --no-prefix` and `svn diff` stay whole.
"""

from __future__ import annotations

import re
from typing import Final

DEV_NULL: Final = "/dev/null"

_ESCAPED: Final = dict(zip('abtnvfr"\\', '\a\b\t\n\v\f\r"\\', strict=True))
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE: Final = re.compile(r"((?:\\[0-3][0-7][0-7])+)|\\(.)")

# The date that diff(1) writes after a name and a tab; in damaged mail the tab is blanks.
_DATE: Final = re.compile(
    r"[ \t](?P<year>[0-9]{2,4})-[0-9]{2}-(?P<day>[0-9]{2})"
    r" (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}(?:\.[0-9]{1,9})?)"
    r"(?: (?P<sign>[-+])(?P<zone_hour>[0-9]{2}):?(?P<zone_minute>[0-9]{2}))?$"
)
_ABSENT: Final = frozenset({"(nonexistent)", "(revision 0)"})
"""Svn's text in place of the date of a file that does not exist."""
_DATE_LENGTH: Final = 44
_PREFIXES: Final = frozenset("abciow12")
"""The prefixes of names; most of them come from `diff.mnemonicPrefix`."""


def unquoted(name: str) -> str:
    """Return a C-quoted name without its quotes and escapes, any other as it is.

    Octal escapes are the bytes of UTF-8; those that are none become lone surrogates.
    """
    if not name.startswith('"') or (quoted := _QUOTED.fullmatch(name)) is None:
        return name
    return _ESCAPE.sub(_plain, quoted[1])


def _plain(match: re.Match[str]) -> str:
    if (octal := match[1]) is not None:
        return bytes(int(code, 8) for code in octal[1:].split("\\")).decode(
            "utf-8", "surrogateescape"
        )
    return _ESCAPED.get(match[2], match[0])


def header_name(field: str, *, dated: bool) -> tuple[str, bool]:
    """Return the name after `--- ` or `+++ `, and whether its date (the epoch) or svn marks the file as missing.

    `dated`: diff(1) wrote it, with a date after the name; git writes none.
    """
    field = field.rstrip("\r")
    if field.startswith('"') and (quoted := _QUOTED.match(field)) is not None:
        rest = field[quoted.end() :]
        if not rest or rest[0] in " \t":
            return unquoted(quoted[0]), _is_epoch(_DATE.search(rest[-_DATE_LENGTH:]))
    start = max(0, len(field) - _DATE_LENGTH)
    if dated and (date := _DATE.search(field, start)) is not None:
        return field[: date.start()].rstrip(" \t"), _is_epoch(date)
    name, _, remark = field.partition("\t")
    return name, dated and remark.strip() in _ABSENT


def _is_epoch(date: re.Match[str] | None) -> bool:
    if date is None or date["year"] not in {"1969", "1970"} or float(date["second"]) != 0:
        return False
    minutes = int(date["hour"]) * 60 + int(date["minute"])
    if date["sign"] is not None:
        zone = int(date["zone_hour"]) * 60 + int(date["zone_minute"])
        minutes += zone if date["sign"] == "-" else -zone
    return minutes == (24 * 60 if date["year"] == "1969" else 0) and date["day"] in {"31", "01"}


def git_line_names(field: str) -> tuple[str, str] | None:
    """Read the two names, with their prefixes, that follow `diff --git `; None where they cannot be told apart.

    Unquoted names with blanks can be told apart only when they are the same after their prefixes: then the
    blank between them is the middle.
    """
    field = field.rstrip("\r")
    if field.startswith('"'):
        quoted = _QUOTED.match(field)
        if quoted is None or field[quoted.end() : quoted.end() + 1] != " ":
            return None
        return unquoted(quoted[0]), unquoted(field[quoted.end() + 1 :])
    if field.endswith('"') and (blank := field.find(' "')) > 0:
        return field[:blank], unquoted(field[blank + 1 :])
    middle = len(field) // 2
    if field[middle : middle + 1] == " ":
        old, new = field[:middle], field[middle + 1 :]
        if old == new or _tail(old) == _tail(new):
            return old, new
    if field.count(" ") == 1:
        old, _, new = field.partition(" ")
        return old, new
    return None


def _tail(name: str) -> str:
    return name.partition("/")[2]


def plain_paths(old: str, new: str, *, keep: bool = False) -> tuple[str, str]:
    """Return a pair of names without their prefixes; `/dev/null` stays.

    `keep`: nothing in the pair tells, and the files before it had no prefix.
    """
    if DEV_NULL in (old, new):
        name = new if old == DEV_NULL else old
        first, slash, rest = name.partition("/")
        if slash and rest and (first in _PREFIXES or not keep):
            name = rest
        return (old, name) if old == DEV_NULL else (name, new)
    if old == new:
        return old, new
    old_first, _, old_rest = old.partition("/")
    new_first, _, new_rest = new.partition("/")
    if old_rest and new_rest and (old_first != new_first or old_first in _PREFIXES):
        old, new = old_rest, new_rest
    # `foo.c.orig` and `foo.c~` are foo.c, set aside.
    if old.startswith(new):
        old = new
    elif new.startswith(old):
        new = old
    return old, new
