"""Bytes to text, whatever a mail claims about its character set.

Only real text encodings are looked up. Python knows many other codecs by name (`idna`, `rot13`,
`unicode_escape`, `zlib`), some of them slow or worse; a mail must not reach those.
"""

from __future__ import annotations

import re
from typing import Final

_SUPERSETS: Final = {
    # Senders name the small set and use the large one.
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "euccn": "gb18030",
    "gb18030": "gb18030",
    "xgbk": "gb18030",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "cp950": "cp950",
    "euckr": "cp949",
    "ksc56011987": "cp949",
    "ksc5601": "cp949",
    "cp949": "cp949",
    "iso2022kr": "iso2022_kr",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "cp932": "cp932",
    "windows31j": "cp932",
    "iso2022jp": "iso2022_jp_ext",
    "iso2022jp1": "iso2022_jp_ext",
    "iso2022jp2": "iso2022_jp_2",
    "iso2022jp3": "iso2022_jp_3",
    "iso2022jp2004": "iso2022_jp_2004",
    "eucjp": "euc_jp",
    "xeucjp": "euc_jp",
    "hz": "hz",
    "hzgb2312": "hz",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "koi8t": "koi8_t",
    "latin1": "cp1252",
    "l1": "cp1252",
    "latin2": "iso8859_2",
    "latin5": "cp1254",
    "latin9": "iso8859_15",
    "tis620": "cp874",
    "iso885911": "cp874",
    "macintosh": "mac_roman",
    "macroman": "mac_roman",
    "maccyrillic": "mac_cyrillic",
    "utf7": "utf_7",
    "utf16": "utf_16",
    "utf16le": "utf_16_le",
    "utf16be": "utf_16_be",
    "utf32": "utf_32",
    "utf32le": "utf_32_le",
    "utf32be": "utf_32_be",
}
_CODECS: Final = (
    _SUPERSETS
    | {f"iso8859{part}": f"iso8859_{part}" for part in (*range(2, 9), 10, 13, 14, 15, 16)}
    | {"iso88591": "cp1252", "iso88599": "cp1254"}  # WHATWG's Encoding Standard
    | {f"iso8859{part}{way}": f"iso8859_{part}" for part in (6, 8) for way in ("e", "i")}
    | {
        f"{maker}125{page}": f"cp125{page}"
        for maker in ("cp", "windows", "win")
        for page in range(9)
    }
    | {
        f"{maker}{page}": f"cp{page}"
        for maker in ("cp", "ibm")
        for page in (
            437,
            737,
            775,
            850,
            852,
            855,
            857,
            858,
            860,
            861,
            862,
            863,
            864,
            865,
            866,
            869,
            874,
        )
    }
)
_PUNCTUATION: Final = re.compile(r"[^a-z0-9]+")
_MAX_NAME: Final = 40
_WINDOWS_1252: Final = bytes(range(0x80, 0xA0)).decode("cp1252", "replace")
_LATIN: Final = {
    byte: _WINDOWS_1252[byte - 0x80]
    for byte in range(0x80, 0xA0)
    if _WINDOWS_1252[byte - 0x80] != "\ufffd"
}
# surrogateescape leaves a byte that is no UTF-8 as U+DC80..DCFF: read those as windows-1252.
_STRAY_BYTES: Final = {0xDC00 + byte: _LATIN.get(byte, chr(byte)) for byte in range(0x80, 0x100)}


def decode_bytes(data: bytes, charset: str = "") -> str:
    """Return `data` as text, on the whole readable even where the charset is named wrong.

    `charset` is the mail's own claim, any string. A claim of UTF-8, of ASCII or of an unknown charset is read as UTF-8,
    each byte that is none as windows-1252, as is text that claims iso-8859-1; another known charset is believed, and
    bytes that are wrong in it become U+FFFD.
    Never raises; never holds surrogates.
    """
    codec = _codec_of(charset)
    if not codec:
        if data.isascii():
            return data.decode("ascii")
        return _utf8(data)
    try:
        text = data.decode(codec)
    except (UnicodeError, ValueError):
        if codec == "cp1252":  # it leaves five bytes undefined
            return data.decode("latin-1").translate(_LATIN)
        text = data.decode(codec, "replace")
    if not text.isascii() and not _encodable(text):
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text


def read_stray_bytes(text: str) -> str:
    """Return a text whose bytes that are no UTF-8 came through `surrogateescape`, as `decode_bytes` reads them.

    An argument of the command line is such a text. Halves of characters that stand for no byte become `?`.
    """
    if text.isascii():
        return text
    return text.translate(_STRAY_BYTES).encode("utf-8", "replace").decode("utf-8")


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape").translate(_STRAY_BYTES)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # utf-7 and utf-16 can carry lone surrogates
        return False
    return True


def _codec_of(charset: str) -> str:
    """Return the Python codec for a charset name, "" for UTF-8, ASCII and all that is unknown."""
    if not charset:
        return ""
    name = _PUNCTUATION.sub("", charset[:_MAX_NAME].lower())
    return _CODECS.get(name, "")
