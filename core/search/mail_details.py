"""Facts that need the bytes of a mail, for `b: dfn: dfhh: rt: has:attachments` in an opened target.

Mails are read when a term first asks; half a millisecond each. Followed lists have the same in tables of the index.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.diff.stat import diffstat
from core.errors import PatchdeskError
from core.index.body_index import author_words
from core.mail.dates import received_time
from core.mail.message import parse_mail
from core.model import Message

_MAX_TEXT: Final = 64 << 20
"""Characters of texts that are kept; texts beyond are read again whenever they are asked for."""

_HUNK: Final = re.compile(r"^@@ -[0-9,]+ \+[0-9,]+ @@[ \t]?([^\n]{1,500})", re.MULTILINE)
_MAX_HUNKS: Final = 10_000


@dataclass(frozen=True, slots=True)
class MailDetails:
    """The facts of one mail beside its headers."""

    paths: tuple[str, ...] = ()
    """Files that it touches; none of a reply, which quotes them."""
    hunk_headers: tuple[str, ...] = ()
    """The texts after `@@ … @@`."""
    received: int | None = None
    """When it arrived, in seconds of the Unix epoch."""
    attachments: int = 0
    words: str | None = ""
    """The folded words of its author, between blanks; None where they are not kept."""


class DetailReader:
    """Reads details and keeps them. Any thread may ask."""

    def __init__(self, read: Callable[[Message], bytes]) -> None:
        """`read` gives a mail's bytes, or raises PatchdeskError."""
        self._read = read
        self._kept: dict[str, MailDetails] = {}
        self._text = 0
        self._lock = threading.Lock()

    def of(self, message: Message) -> MailDetails:
        """Return the details of a mail; empty where its bytes cannot be had."""
        key = message.key or message.fingerprint
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            found = self._details(message)
            with self._lock:
                if self._text + len(found.words or "") > _MAX_TEXT:
                    found = MailDetails(
                        found.paths, found.hunk_headers, found.received, found.attachments, None
                    )
                self._text += len(found.words or "")
                self._kept[key] = found
        return found

    def words_of(self, message: Message) -> str:
        """Return the folded words that a mail's author wrote, between blanks."""
        kept = self.of(message).words
        return kept if kept is not None else self._details(message).words or ""

    def _details(self, message: Message) -> MailDetails:
        try:
            raw = self._read(message)
        except PatchdeskError:
            return MailDetails()
        mail = parse_mail(raw, message.key)
        diff = "" if message.subject.is_reply else mail.body.diff
        hunks = [
            match[1] for match, _ in zip(_HUNK.finditer(diff), range(_MAX_HUNKS), strict=False)
        ]
        return MailDetails(
            paths=tuple(path for path, _, _ in diffstat(diff)) if diff else (),
            hunk_headers=tuple(dict.fromkeys(hunks)),
            received=received_time(raw),
            attachments=len(mail.attachments),
            words=f" {author_words(mail.body)} ",
        )
