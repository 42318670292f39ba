"""From the bytes of a MIME part to its text: content type, transfer encoding, format=flowed and HTML.

Content-Type and Content-Disposition follow RFC 2045, 2183 and 2231, transfer encodings RFC 2045 (6), flowed text
RFC 3676. All of it is read as far as broken mail allows; nothing here raises.
"""

from __future__ import annotations

import binascii
import html
import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from core.mail.charsets import decode_bytes

MAX_CONTENT_TYPE: Final = 2000
"""Characters that are looked at."""

_PARAMETER: Final = re.compile(r';\s*([\w*!#$&.^-]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;\s]*))')
_MEDIA_TYPE: Final = re.compile(r"[a-z]{1,30}/[a-z0-9!#$&^_.+*-]{1,100}")
_CONTINUED: Final = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*?))?")


def parse_content_type(value: str) -> tuple[str, dict[str, str]]:
    """Return the type, in lower case, and the parameters of a value; never raises.

    Of parameters that come twice the first counts. `filename*=utf-8''...` and `filename*0=...; filename*1=...` come
    decoded and joined, under their plain name.
    """
    kind, parameters = _parse_content_type(value[:MAX_CONTENT_TYPE])
    return kind, dict(parameters)


def parse_media_type(value: str, default: str = "text/plain") -> tuple[str, dict[str, str]]:
    """Return the media type of a Content-Type; `default` where it is malformed.

    RFC 2045 (5.2) has it so for mail without a type, and recommends it for types that cannot be read.
    """
    kind, parameters = parse_content_type(value)
    return (kind if _MEDIA_TYPE.fullmatch(kind) else default), parameters


@lru_cache(maxsize=256)
def _parse_content_type(value: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    if value[:1] == '"':  # "text/plain; charset=utf-8" or "multipart/mixed"; boundary=B
        inner, _, rest = value[1:].partition('"')
        value = f"{inner}{rest}"
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


_MAX_RUNS: Final = 10_000
_WHITE_SPACE: Final = b" \t\r\n\x0b\x0c"
_CLEAN_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_BASE64_RUN: Final = re.compile(rb"[A-Za-z0-9+/]+")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/=]+")
_BASE64_LINES: Final = re.compile(rb"[A-Za-z0-9+/=\s]*")
_BLANK_LINE: Final = re.compile(rb"\n[ \t\r]*\n")
_BASE64_LINE: Final = re.compile(rb"^[A-Za-z0-9+/]{40,}={0,2}\s*$", re.MULTILINE)


def decode_transfer_encoding(data: bytes, encoding: str) -> bytes:
    """Return a part's bytes without the transfer encoding that its header names; unchanged where that is unknown.

    Never raises; linear.
    """
    encoding = encoding.lower()
    if "quoted-printable" in encoding:
        return binascii.a2b_qp(data)
    if "base64" in encoding:
        return _decode_base64(data)
    return data


def _decode_base64(data: bytes) -> bytes:
    """Decode base64; the lines after it that are none of it (a list's footer) follow as they are."""
    flat = data.translate(None, _WHITE_SPACE)
    if len(flat) % 4 == 0 and _CLEAN_BASE64.fullmatch(flat):
        return binascii.a2b_base64(flat)
    data = data.lstrip()
    match = _BASE64_LINES.match(data)
    end = match.end() if match else 0
    footer = b""
    if end < len(data) and not _BASE64_LINE.search(data, end):
        blank = _BLANK_LINE.search(data, 0, end)
        end = blank.end() if blank else data.rfind(b"\n", 0, end) + 1
        if end or b" " in data.partition(b"\n")[0]:  # words: it was never base64
            data, footer = data[:end], data[end:]
    return _decode_runs(_NOT_BASE64.sub(b"", data)) + footer


def _decode_runs(flat: bytes) -> bytes:
    """Decode the runs between paddings: several encoded texts in a row."""
    out: list[bytes] = []
    at = 0
    while at < len(flat) and len(out) < _MAX_RUNS:
        match = _BASE64_RUN.search(flat, at)
        if match is None:
            break
        out.append(_decode_run(match[0]))
        at = match.end()
    if len(out) >= _MAX_RUNS:
        out.append(_decode_run(flat[at:].replace(b"=", b"")))
    return b"".join(out)


def _decode_run(run: bytes) -> bytes:
    if len(run) % 4 == 1:
        run = run[:-1]  # six bits are no byte
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4))


_MARKED: Final = frozenset({" ", ">"})
_HUNK: Final = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")


def decode_format_flowed(text: str, *, delsp: bool = False) -> str:
    """Join the lines that a soft break (a blank at the end) divided, and drop the stuffed blanks.

    `delsp`: the blank of the break is no part of the text. Lines of one quote depth join only with each other,
    and the signature's `-- ` line joins with none. Linear.
    """
    whole = _join_flowed(text, delsp)
    if "\n@@ -" in text and not _hunks_add_up(whole) and _hunks_add_up(text):
        return text
    return whole


def _join_flowed(text: str, delsp: bool) -> str:
    out: list[str] = []
    flow: list[str] = []
    flow_depth = 0
    for line in text.split("\n"):
        if not flow and line[-1:] != " " and line[:1] not in _MARKED:
            out.append(line)  # as most lines are
            continue
        rest = line.lstrip(">") if line[:1] == ">" else line
        depth = len(line) - len(rest)
        signature = rest == "-- "
        if rest[:1] == " ":
            rest = rest[1:]
        if flow and (depth != flow_depth or signature):
            out.append(_flowed_paragraph(flow_depth, flow))
            flow = []
        if rest[-1:] == " " and not signature:
            flow.append(rest[:-1] if delsp else rest)
            flow_depth = depth
        elif flow:
            flow.append(rest)
            out.append(_flowed_paragraph(depth, flow))
            flow = []
        elif depth:
            out.append(f"{line[:depth]} {rest}" if rest else line[:depth])
        else:
            out.append(rest)
    if flow:
        out.append(_flowed_paragraph(flow_depth, flow))
    return "\n".join(out)


def _flowed_paragraph(depth: int, flow: list[str]) -> str:
    text = "".join(flow)
    return f"{'>' * depth} {text}" if depth else text


def _hunks_add_up(text: str) -> bool:
    """Whether every hunk holds just the lines that its head announces."""
    old = new = 0
    for line in text.split("\n"):
        if old <= 0 and new <= 0:
            if match := _HUNK.match(line):
                old, new = int(match[1] or 1), int(match[2] or 1)
            continue
        first = line[:1]
        if first in {" ", ""}:
            old, new = old - 1, new - 1
        elif first == "-":
            old -= 1
        elif first == "+":
            new -= 1
        elif first != "\\":
            return False
    return old == 0 and new == 0


MAX_HTML: Final = 1 << 20
"""Characters of HTML that are looked at."""

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})|<!--|<[!?]")
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_BLANKS: Final = re.compile(r"[ \t\r\n\f]+")
_MOST_QUOTES: Final = 20
_SILENT: Final = frozenset({"script", "style", "head", "title", "template"})
_BREAKS: Final = frozenset({"br", "tr", "li", "dt", "dd", "hr"})
_BLOCKS: Final = frozenset(
    {"p", "div", "table", "ul", "ol", "dl", "pre", "blockquote", "h1", "h2", "h3", "h4"}
)


def html_to_text(source: str) -> str:
    """Return the readable text of HTML: tags gone, blocks on lines of their own, quotes as `> `. Linear."""
    source = source[:MAX_HTML]
    out: list[str] = []
    runs: list[tuple[int, list[str]]] = [(0, out)]
    """Pieces of text, by how deep they are quoted."""
    at = 0
    silent_until = ""
    preformatted = 0
    while at < len(source):
        match = _TAG.search(source, at)
        text = source[at : match.start() if match else len(source)]
        if not silent_until and text:
            out.append(text if preformatted else _BLANKS.sub(" ", text))
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
        elif name == "blockquote":
            depth = max(runs[-1][0] + (-1 if match[1] else 1), 0)
            out = []
            runs.append((depth, out))
        elif name in _BREAKS or name in _BLOCKS:
            out.append("\n")
            if name == "pre":
                preformatted = max(preformatted + (-1 if match[1] else 1), 0)
    return _with_quote_marks(runs)


def _with_quote_marks(runs: list[tuple[int, list[str]]]) -> str:
    """Return pieces of HTML's text as lines, `>` before those that are quoted, no two blank ones in a row."""
    lines: list[str] = []
    for depth, pieces in runs:
        marks = ">" * min(depth, _MOST_QUOTES)
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), "".join(pieces))
        text = text.replace("\xa0", " ")
        if not text.strip():
            continue
        for line in text.strip(" \t\r\n" if depth else " \t\r").split("\n"):
            line = line.strip(" \t\r")
            if line or (lines and lines[-1] not in {"", marks}):
                lines.append(f"{marks} {line}".strip() if marks else line)
        if depth:
            lines.append("")
    return "\n".join(lines).strip("\n") + "\n"
