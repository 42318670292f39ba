"""What the search bar says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from core.text import SafeText, shown

if TYPE_CHECKING:
    from core.search.hits import SearchResult, ServerSearchResult

_LAST: Final = re.compile(r"(?:^|[\s(])-?(?:([a-z]{1,8})(:)?([^\s\"():]*))$", re.ASCII)
"""The word before the cursor: a prefix, its colon, and what stands after that; or letters alone."""


def completions(text: str, *, prefixes: bool) -> list[tuple[str, str]]:
    """Return how the last word of a query could go on: what to add to it, and what the whole means.

    With `prefixes` a word may become one, too.
    """
    from core.query.fields import FIELDS, HAS_VALUES, IS_VALUES

    match = _LAST.search(text)
    if match is None:
        return []
    prefix, colon, value = match.groups()
    if not colon:
        begun = [] if value or not prefixes else [p for p in FIELDS if p.startswith(prefix)]
        return [(f"{p[len(prefix) :]}:", FIELDS[p].help) for p in begun]
    known = {"is": IS_VALUES, "has": HAS_VALUES}.get(prefix, {})
    return [
        (word[len(value) :], help_)
        for word, help_ in known.items()
        if word.startswith(value.casefold()) and word != value
    ]


def offer_words(text: str, offers: list[tuple[str, str]]) -> SafeText:
    """Return completions as a line: the first with its meaning, which → takes, then the others."""
    last = re.split(r"[\s(-]", text)[-1]
    (first, meaning), *others = offers
    rest = " ".join(last + more for more, _ in others)
    return shown(f"→ {last}{first} ({meaning})" + (f" · {rest}" if rest else ""))


def begun_words(text: str) -> SafeText | None:
    """Return what has to stand after the prefix that a query ends with; None where it ends otherwise."""
    from core.query.fields import FIELDS

    match = _LAST.search(text)
    if match is None or not match[2] or match[3] or match[1] not in FIELDS:
        return None
    prefix = FIELDS[match[1]]
    return shown(f"{match[1]}: {prefix.help} — {prefix.wants}; {prefix.example}")


def help_words(label: str, scope: SafeText, server: str) -> SafeText:
    """Return what can be typed, and where it is looked for."""
    if label == "\\":
        from core.query.fields import FIELDS

        names = " ".join(f"{name}:" for name in FIELDS)
        return shown(f'-not "a b" OR ( ) · {names}')
    words = [f"in {scope}"] if scope else []
    words.append("subjects, names, ids; s: f: d: v: is: … narrow it")
    if server:
        words.append("C-r asks the server")
    return shown(" · ".join(words))


def key_words(scope: SafeText) -> SafeText:
    """Return what the bar's keys do."""
    lists = "Tab all lists or this · " if scope and scope != "all lists" else ""
    return shown(f"Enter keeps what is found · Esc goes back · {lists}↑↓ choose · → completes")


def count_words(found: SearchResult, of: int) -> str:
    """Return how many were found, of how many."""
    return f"{found.total:,} of {of:,}"


def came_words(found: ServerSearchResult, list_name: str) -> SafeText:
    """Return what came of asking a list's server."""
    mails = f"{found.mails:,} mail" + ("" if found.mails == 1 else "s")
    new = f"{found.added:,} of them new" if found.added else "none of them new"
    return shown(f"The server of {list_name} has {mails}, {new}. {found.note}".strip())
