"""Line ends within encoded parts: base64 and quoted-printable carry the CRLF that transport would have made LF."""

from __future__ import annotations

import binascii
import re
from base64 import encodebytes
from typing import Final

from core.mail.mime import encoded_parts
from core.mail.part_decoding import decode_transfer_encoding

_ENCODED: Final = re.compile(
    rb"^content-transfer-encoding[ \t]*:[ \t]*(?:base64|quoted-printable)",
    re.IGNORECASE | re.MULTILINE,
)


def with_plain_line_ends(raw: bytes) -> bytes:
    """Return a mail whose encoded texts end their lines in LF, where every line of one ends in CRLF.

    git-am(1) takes the CR for part of the patch, and cannot apply it. Where only some lines end in CRLF, the CR is part
    of the patch.
    """
    if not _ENCODED.search(raw):
        return raw
    out: list[bytes] = []
    at = 0
    for start, end, encoding in encoded_parts(raw):
        decoded = decode_transfer_encoding(raw[start:end], encoding)
        count = decoded.count(b"\r\n")
        if not count or count != decoded.count(b"\n"):
            continue
        plain = decoded.replace(b"\r\n", b"\n")
        out += [raw[at:start], encodebytes(plain) if encoding == "base64" else _quoted(plain)]
        at = end
    return b"".join([*out, raw[at:]]) if out else raw


def _quoted(data: bytes) -> bytes:
    encoded = binascii.b2a_qp(data, istext=True)
    return encoded if encoded.endswith(b"\n") else encoded + b"\n"
