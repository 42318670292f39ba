"""Keyboard layouts that are not Latin: the letters they type, as the keys of a US keyboard at the same places."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_KEYS: Final = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`"
_SHIFTED: Final = 'QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>?~'

LAYOUTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ru": "йцукенгшщзхъфывапролджэячсмитьбю.ё",
        "uk": "йцукенгшщзхїфівапролджєячсмитьбю.'",
        "el": ";ςερτυθιοπ[]ασδφγηξκλ΄'ζχψωβνμ,./`",
        "he": "/'קראטוןםפ][שדגכעיחלךף,זסבהנמצתץ.;",
    }
)
"""By its name a layout: the characters of its keys in the order of `_KEYS`, without Shift."""


def read_langmap(text: str) -> dict[str, str]:
    """Return the key that each letter stands for, of the name of a layout or of pairs such as `фa,иb`.

    ASCII characters are never mapped: a user of such a layout types them in their own places.
    """
    if text in LAYOUTS:
        pairs = [*zip(LAYOUTS[text], _KEYS, strict=True)]
        upper = zip(LAYOUTS[text], _SHIFTED, strict=True)
        pairs += [(typed.upper(), key) for typed, key in upper if typed.upper() != typed]
    else:
        pairs = [(pair[0], pair[1]) for pair in text.split(",") if len(pair) == 2]
    return {typed: key for typed, key in pairs if not typed.isascii()}
