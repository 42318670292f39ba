"""The words of an HTML mail, for the reader who has nothing else of it."""

from __future__ import annotations

import html
import re
from typing import Final

MAX_HTML: Final = 1 << 20
"""Characters of HTML that are looked at."""

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})|<!--|<[!?]")
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_BLANKS: Final = re.compile(r"[ \t\r\n\f]+")
_MANY_BREAKS: Final = re.compile(r"\n{3,}")
_SILENT: Final = frozenset({"script", "style", "head", "title", "template"})
_BREAKS: Final = frozenset({"br", "tr", "li", "dt", "dd", "hr"})
_BLOCKS: Final = frozenset(
    {"p", "div", "table", "ul", "ol", "dl", "pre", "blockquote", "h1", "h2", "h3", "h4"}
)


def html_to_text(source: str) -> str:
    """Return the readable text of HTML: tags gone, blocks on lines of their own, quotes as `> `. Linear."""
    source = source[:MAX_HTML]
    out: list[str] = []
    at = 0
    silent_until = ""
    preformatted = 0
    while at < len(source):
        match = _TAG.search(source, at)
        words = source[at : match.start() if match else len(source)]
        if not silent_until and words:
            out.append(words if preformatted else _BLANKS.sub(" ", words))
        if match is None:
            break
        closing = "-->" if match[0] == "<!--" else ">"
        end = source.find(closing, match.end())
        if end < 0:
            break
        at = end + len(closing)
        name = (match[2] or "").lower()
        if name in _SILENT:
            if match[1]:
                silent_until = "" if name == silent_until else silent_until
            elif not silent_until:
                silent_until = name
        elif name in _BREAKS or name in _BLOCKS:
            out.append("\n")
            if name == "pre":
                preformatted = max(preformatted + (-1 if match[1] else 1), 0)
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), "".join(out)).replace("\xa0", " ")
    lines = [line.strip(" \t\r") for line in text.split("\n")]
    return _MANY_BREAKS.sub("\n\n", "\n".join(lines)).strip("\n") + "\n"
