"""The prefixes of the query language, and their values."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from core.errors import QueryError
from core.query.date_ranges import Clock, read_dates
from core.query.tokens import WORD, fold

MOST_WORDS: Final = 32
"""Words of a value that are looked for."""

MOST_CHARACTERS: Final = 1000
"""Characters of a value that are read."""

_STAR: Final = re.compile(r"\*+")
_MAX_STARS: Final = 8
"""Stars of a path pattern that are honoured; the rest of the pattern is ignored."""

_NUMBER: Final = re.compile(r"(>=|<=|>|<|=|)(\d{1,6})", re.ASCII)
_SPAN: Final = re.compile(r"(\d{0,6})\.\.(\d{0,6})", re.ASCII)
_MOST: Final = 10**6

Place = tuple[int, int]
"""A place in a query: offset and length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTerm:
    """A prefix with its value, read."""

    prefix: str
    value: str
    """As typed, without quotes; of `is:` and `has:` a key of `IS_VALUES` or `HAS_VALUES`."""
    words: tuple[str, ...] = ()
    """Folded words that stand one after the other, where the value is a text."""
    whole: bool = False
    """In quotes: the last word does not only begin so."""
    low: int | None = None
    high: int | None = None
    """The smallest and the largest number or second, both included; None for an open end."""
    offset: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A prefix: its help, its example, and its kind of value."""

    help: str
    """The field it searches, for `--help`."""
    wants: str
    """The value it takes."""
    example: str
    mails: bool = True
    """It is about single mails, not about a series or thread as a whole."""


_NAME: Final = "a name or address, or the beginning of one"
_TEXT: Final = "words; in quotes, exactly"
_DATES: Final = "dates like 2025-05-01.., 2.weeks.ago.., ..yesterday, 2025-05"

FIELDS: Final[Mapping[str, FieldSpec]] = {
    "s": FieldSpec("subject", _TEXT, "s:vhost"),
    "f": FieldSpec("sender of a posting, or author of a patch", _NAME, "f:colton"),
    "t": FieldSpec("To", _NAME, "t:maz@kernel.org"),
    "c": FieldSpec("Cc", _NAME, "c:kvmarm"),
    "tc": FieldSpec("To or Cc", _NAME, "tc:pbonzini"),
    "a": FieldSpec("From, To or Cc", _NAME, "a:google.com"),
    "with": FieldSpec("author of any message, replies included", _NAME, "with:sean"),
    "by": FieldSpec("person who gave a trailer", _NAME, 'by:"Marc Zyngier"'),
    "tag": FieldSpec("trailer that a reply gives", "R, A, T or N", "by:sean tag:R"),
    "missing": FieldSpec("trailer that a patch of the newest version has not been given for its code", "R, A or T", "missing:R", mails=False),
    "b": FieldSpec("text of the mails ([index] bodies = true)", _TEXT, 'b:"use after free"'),
    "d": FieldSpec("date a message was sent", _DATES, "d:2.weeks.ago.."),
    "rt": FieldSpec("date a message arrived (opened targets and servers)", _DATES, "rt:yesterday.."),
    "dfn": FieldSpec("path that a patch touches; * ? [..] are wildcards", "a path or a part of it", "dfn:arch/arm64/kvm/*.c"),
    "dfhh": FieldSpec("function in a hunk's header (opened targets and servers)", _TEXT, "dfhh:kvm_vcpu_ioctl"),
    "m": FieldSpec("Message-ID", "a Message-ID, or a part of one", "m:20250602192702.2125115-1@google.com"),
    "l": FieldSpec("list", "a followed list's name", "l:kvm", mails=False),
    "v": FieldSpec("number of the newest version", "a number, also as >=2, <3, 2..4", "v:>=2", mails=False),
    "n": FieldSpec("number of patches in the newest version", "a number, also as >10, 2..4", "n:>10", mails=False),
    "is": FieldSpec("state", "a state", "is:unread", mails=False),
    "has": FieldSpec("what belongs to it", "what it has", "has:replies", mails=False),
    "tree": FieldSpec("a tree of yours ([trees.NAME]) that has a patch of it", "a tree's name", "tree:next", mails=False),
    "label": FieldSpec("a label of yours", "a label", "label:arm", mails=False),
}  # fmt: skip
"""All prefixes, in the order of the help."""

MAIL_FIELDS: Final = frozenset(name for name, prefix in FIELDS.items() if prefix.mails)

IS_VALUES: Final[Mapping[str, str]] = {
    "unread": "has unread messages",
    "read": "has no unread messages",
    "new": "not triaged, nothing opened yet",
    "reading": "not triaged, something opened",
    "open": "new, reading or accepted: the inbox",
    "done": "done",
    "skipped": "skipped",
    "waiting": "waiting for its author",
    "later": "snoozed",
    "accepted": "accepted",
    "back": "decided, and brought back by something new",
    "landed": "every patch of the newest version is in a tree of yours",
    "applied": "applied to a branch",
    "flagged": "flagged",
    "complete": "all patches of the newest version are here",
    "incomplete": "patches of the newest version are missing",
    "reviewed": "the newest version was given a trailer",
    "stale": "a trailer was given to other code",
    "forgotten": "the newest version lacks a trailer that was given to the same code",
    "series": "a patch series",
    "thread": "not a patch series",
    "mine": "posted from one of your addresses",
}
HAS_VALUES: Final[Mapping[str, str]] = {
    "replies": "has replies",
    "open-comments": "an open review comment",
    "trailers": "has a trailer, on any version",
    "versions": "several versions",
    "newversion": "a newer version, not opened yet",
    "cover": "a cover letter",
    "attachments": "an attachment (opened targets only)",
    "labels": "a label",
    "note": "a note of yours",
}
NOT_INDEXED: Final[Mapping[str, str]] = {
    "rt": "The index has no arrival times: use d: for the date sent; rt: works only on an opened target.",
    "dfhh": "The index has no hunk headers: use dfn: for files; dfhh: works only on an opened target.",
    "has:attachments": "The index has no attachments: has:attachments works only on an opened target.",
}
"""Terms that followed lists cannot be asked for, by their prefix or as typed, and why."""

_LETTERS: Final = {"tag": "ratn", "missing": "rat"}
_TEXTS: Final = frozenset({"s", "f", "t", "c", "tc", "a", "with", "by", "b", "dfhh"})


def read_term(
    prefix: str, value: str, quoted: bool, place: Place, at: int, clock: Clock
) -> FieldTerm:
    """Read the value of a prefix, which begins at `at`. Raises QueryError."""
    offset, length = place

    def fault(message: str, hint: str = "") -> QueryError:
        hint = hint or f"It wants {FIELDS[prefix].wants}."
        return QueryError(message, hint, offset=at, length=len(value))

    if not value.strip() or len(value) > MOST_CHARACTERS:
        what = "too long" if value.strip() else "empty"
        raise fault(f"The value of {prefix}: is {what}.")
    term = FieldTerm(prefix=prefix, value=value, whole=quoted, offset=offset, length=length)
    if prefix in _TEXTS:
        return replace(term, words=_words(value, fault))
    if prefix in ("d", "rt"):
        low, high = read_dates(value, clock, at)
        return replace(term, low=low, high=high)
    if prefix in ("v", "n"):
        low, high = _numbers(value, fault)
        return replace(term, low=low, high=high)
    if prefix in ("is", "has"):
        allowed = IS_VALUES if prefix == "is" else HAS_VALUES
        if (word := value.casefold()) not in allowed:
            raise fault(
                f"There is no {prefix}:{value}.",
                f"There are {', '.join(f'{prefix}:{each}' for each in allowed)}.",
            )
        return replace(term, value=word)
    if prefix in _LETTERS:
        letters = _LETTERS[prefix]
        if (letter := value.lower()) not in letters:
            raise fault(f"‘{value}’ is no letter of a trailer.")
        return replace(term, value=letter)
    if prefix == "m":
        return replace(term, value=value.strip("<>"))
    return term


def _words(value: str, fault: Callable[[str], QueryError]) -> tuple[str, ...]:
    words = tuple(WORD.findall(fold(value))[:MOST_WORDS])
    if not words:
        raise fault("A search needs a letter or digit.")
    return words


def _numbers(value: str, fault: Callable[[str], QueryError]) -> tuple[int | None, int | None]:
    if match := _SPAN.fullmatch(value):
        low = int(match[1]) if match[1] else None
        high = int(match[2]) if match[2] else None
        if low is None and high is None:
            raise fault("Both ends are open.")
        if low is not None and high is not None and low > high:
            raise fault("The first number is larger than the second.")
        return low, high
    found = _NUMBER.fullmatch(value)
    if found is None:
        raise fault(f"‘{value}’ is not a number.")
    sign, number = found[1], int(found[2])
    match sign:
        case ">":
            return number + 1, None
        case ">=":
            return number, None
        case "<":
            return None, number - 1
        case "<=":
            return None, number
    return number, number


@lru_cache(maxsize=64)
def path_matcher(pattern: str) -> Callable[[str], bool]:
    """Return a test whether a path matches the pattern of `dfn:`: `arch/x86/kvm/*.c`, `kvm_main.c`, `virt/kvm`.

    A pattern is a path, or consecutive whole parts of one; without `* ? [` its last may be the beginning of a part. `*`
    matches slashes too, as it does on public-inbox servers.
    """
    pattern = _STAR.sub("*", pattern.strip("/"))
    if not any(char in pattern for char in "*?["):
        needle = f"/{pattern}"
        return lambda path: needle in f"/{path}"
    pieces = pattern.split("*")
    if len(pieces) > _MAX_STARS + 1:
        pattern = "*".join(pieces[: _MAX_STARS + 1]) + "*"
    # Python's translation takes each star's shortest match for good, so that it stays linear.
    whole = re.compile(fnmatch.translate(pattern), re.DOTALL)
    parts = re.compile(fnmatch.translate(f"*/{pattern}"), re.DOTALL)
    under = re.compile(fnmatch.translate(f"*/{pattern}/*"), re.DOTALL)

    def matches(path: str) -> bool:
        return bool(whole.match(path) or parts.match(f"/{path}") or under.match(f"/{path}"))

    return matches
