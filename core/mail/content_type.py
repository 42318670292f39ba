"""The Content-Type and Content-Disposition headers (RFC 2045, 2183), with split and encoded values (RFC 2231)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from core.mail.charsets import decode_bytes

MAX_CONTENT_TYPE: Final = 2000
"""Characters that are looked at."""

_PARAMETER: Final = re.compile(r';\s*([\w*!#$&.^-]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;\s]*))')
_CONTINUED: Final = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*?))?")


def parse_content_type(value: str) -> tuple[str, dict[str, str]]:
    """Return the type, in lower case, and the parameters of a value; never raises.

    Of parameters that come twice the first counts. `filename*=utf-8''...` and `filename*0=...; filename*1=...` come
    decoded and joined, under their plain name.
    """
    kind, parameters = _read(value[:MAX_CONTENT_TYPE])
    return kind, dict(parameters)


@lru_cache(maxsize=256)
def _read(value: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    kind = value.partition(";")[0].strip().lower()
    found: dict[str, str] = {}
    split: dict[str, dict[int, bytes]] = {}
    charsets: dict[str, str] = {}
    for match in _PARAMETER.finditer(value):
        name = match[1].lower()
        content = match[3] if match[2] is None else match[2].replace("\\", "")
        parts = _CONTINUED.fullmatch(name)
        if parts is None:
            found.setdefault(name, content)
            continue
        base, number, star = parts.groups()
        encoded = number is None or bool(star)
        if encoded and base not in charsets and content.count("'") >= 2:
            charsets[base], _, content = content.split("'", 2)
        data = content.encode("utf-8", "replace")
        split.setdefault(base, {})[int(number or 0)] = unquote_to_bytes(data) if encoded else data
    for base, pieces in split.items():
        joined = b"".join(pieces[at] for at in sorted(pieces))
        found[base] = decode_bytes(joined, charsets.get(base, ""))
    return kind, tuple(found.items())
