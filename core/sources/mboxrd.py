"""Mails written as an mboxrd, the form that `git am --patch-format=mboxrd` takes.

Format: https://www.loc.gov/preservation/digital/formats/fdd/fdd000385.shtml; lines that look like a separator,
quoted or not, gain one `>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SEPARATOR = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
_LOOKS_LIKE_ONE = re.compile(rb"^(>*From )", re.MULTILINE)


def to_mboxrd(mails: Iterable[bytes]) -> bytes:
    """Return the mails as one mboxrd with `\\n` line ends."""
    parts: list[bytes] = []
    for mail in mails:
        # Line ends of the transport go; a carriage return that is part of a patch stays.
        transport_crlf = mail.partition(b"\n")[0].endswith(b"\r")
        lines = mail.replace(b"\r\n", b"\n") if transport_crlf else mail
        parts += [_SEPARATOR, _LOOKS_LIKE_ONE.sub(rb">\1", lines).rstrip(b"\n"), b"\n\n"]
    return b"".join(parts)
