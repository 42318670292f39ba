"""What the search bar says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.text import SafeText, shown

if TYPE_CHECKING:
    from core.find import Found, ServerFound

PREFIXES: Final = ("s:", "f:", "t:", "c:", "tc:", "a:", "b:", "d:", "dfn:", "m:", "l:", "v:", "n:", "is:", "has:", "by:")  # fmt: skip


def completions(text: str) -> list[str]:
    """Return how the last word of a query could go on."""
    del text
    return []


def help_words(label: str, scope: SafeText, server: str) -> SafeText:
    """Return what can be typed, and where it is looked for."""
    if label == "\\":
        return shown('s: f: t: c: a: b: d: dfn: m: l: v: n: is: has: by:  -not  "…"  OR  ( )')
    words = [f"in {scope}"] if scope else []
    words.append("subjects, names, ids; s: f: d: v: is: … narrow it")
    if server:
        words.append("C-r asks the server")
    return shown(" · ".join(words))


def key_words(scope: SafeText) -> SafeText:
    """Return what the bar's keys do."""
    lists = "Tab all lists or this · " if scope and scope != "all lists" else ""
    return shown(f"Enter keeps what is found · Esc goes back · {lists}↑↓ choose · → completes")


def count_words(found: Found, of: int) -> str:
    """Return how many were found, of how many."""
    return f"{found.total:,} of {of:,}"


def came_words(found: ServerFound, list_name: str) -> SafeText:
    """Return what came of asking a list's server."""
    mails = f"{found.mails:,} mail" + ("" if found.mails == 1 else "s")
    new = f"{found.added:,} of them new" if found.added else "none of them new"
    return shown(f"The server of {list_name} has {mails}, {new}. {found.note}".strip())
