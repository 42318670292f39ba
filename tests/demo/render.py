"""Letters to bytes: headers, encodings and the mbox.

Written out by hand, since the standard library folds and encodes headers differently from one Python to the next.
"""

from __future__ import annotations

import base64
import quopri
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape
from typing import Final

from tests.demo.people import LIST_ADDRESS, LIST_NAME, Person

WIDTH: Final = 75


@dataclass(slots=True, kw_only=True)
class Letter:
    """A mail before it is bytes; `text` has neither signature nor encoding."""

    message_id: str
    sender: Person
    date: datetime
    subject: str
    text: str
    signature: str = ""
    parent: Letter | None = None
    cc: list[Person] = field(default_factory=list)
    encoding: str = "8bit"
    form: str = "plain"
    """`plain`, `html` (with an html alternative) or `attach` (the diff is an attachment)."""
    list_name: str = LIST_NAME
    footer: str = ""
    number: int = -1
    """Of a patch or cover letter its number, of a reply that of what it answers."""
    version: str = ""
    delivered: datetime | None = None
    """When the list got it, where that is not its date."""

    @property
    def ancestors(self) -> list[str]:
        """Message-IDs of what it answers, oldest first."""
        return [] if self.parent is None else [*self.parent.ancestors, self.parent.message_id]

    @property
    def full_text(self) -> str:
        """The text as its reader sees it."""
        return self.text + (f"\n-- \n{self.signature}" if self.signature else "") + "\n"


def local(person: Person, date: datetime) -> str:
    """Return the date as the person's mail program writes it."""
    return format_datetime(date.astimezone(timezone(timedelta(minutes=person.zone))))


def rendered(letter: Letter) -> bytes:
    """Return the letter as a mail with `\\n` line ends."""
    head = [
        f"From: {_address(letter.sender)}",
        f"To: {_receivers(letter)}",
    ]
    cc = [person for person in letter.cc if person.address != letter.sender.address]
    if cc:
        head.append("Cc: " + ",\n\t".join(_address(person) for person in cc))
    head += [
        f"Subject: {_header_text(letter.subject, len('Subject: '))}",
        f"Date: {local(letter.sender, letter.date)}",
        f"Message-ID: <{letter.message_id}>",
    ]
    if letter.parent is not None:
        head.append(f"In-Reply-To: <{letter.parent.message_id}>")
        head.append("References: " + "\n\t".join(f"<{name}>" for name in letter.ancestors))
    head += [
        f"List-Id: <{letter.list_name}>",
        f"X-Mailer: {letter.sender.agent}",
        "MIME-Version: 1.0",
    ]
    content = _content(letter)
    return "\n".join(head).encode() + b"\n" + content


def _receivers(letter: Letter) -> str:
    return LIST_ADDRESS if letter.parent is None or letter.cc else _address(letter.parent.sender)


def _content(letter: Letter) -> bytes:
    text = letter.full_text + letter.footer
    if letter.form == "plain":
        return _part(text, "text/plain", letter.encoding)
    mark = f"=_{letter.message_id.partition('@')[0]}"
    if letter.form == "html":
        kind = "alternative"
        page = f"<html><body><pre>{escape(text)}</pre></body></html>\n"
        parts = [_part(text, "text/plain", letter.encoding), _part(page, "text/html", "base64")]
    else:
        kind = "mixed"
        message, diff = text.split("\n---\n", 1)
        diff = diff.partition("\n-- \n")[0] + "\n"
        name = "0001-" + re.sub(r"[^a-z0-9]+", "-", letter.subject.partition("] ")[2].lower())
        parts = [
            _part(message + "\n", "text/plain", letter.encoding),
            _part(diff, "text/x-patch", "base64", f"{name.strip('-')}.patch"),
        ]
    lines = [f'Content-Type: multipart/{kind}; boundary="{mark}"\n\n'.encode()]
    lines += [b"--" + mark.encode() + b"\n" + part + b"\n" for part in parts]
    return b"".join(lines) + b"--" + mark.encode() + b"--\n"


def _part(text: str, kind: str, encoding: str, name: str = "") -> bytes:
    charset = "us-ascii" if text.isascii() else "UTF-8"
    if charset == "us-ascii" and encoding == "8bit":
        encoding = "7bit"
    head = f"Content-Type: {kind}; charset={charset}\nContent-Transfer-Encoding: {encoding}\n"
    if name:
        head += f'Content-Disposition: attachment; filename="{name}"\n'
    data = text.encode()
    if encoding == "base64":
        data = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data)
        data = data.replace(b"\r", b"=0D").replace(b"\x1b", b"=1B")
    return head.encode() + b"\n" + data


def _address(person: Person) -> str:
    name = person.name
    if not name.isascii():
        name = _encoded(name, len("From: "))
    elif re.search(r"[^\w '-]", name):
        name = f'"{name}"'
    return f"{name} <{person.address}>"


def _header_text(text: str, column: int) -> str:
    if not (text.isascii() and text.isprintable()):
        return _encoded(text, column)
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and column + len(lines[-1]) + 1 + len(word) > WIDTH:
            lines.append(word)
            column = 1
        else:
            lines[-1] += (" " if lines[-1] else "") + word
    return "\n ".join(lines)


def _encoded(text: str, column: int) -> str:
    """Return RFC 2047 encoded words, each short enough for its line and never cutting a character."""
    words, room = [""], WIDTH - column - len("=?UTF-8?q??=")
    for char in text:
        safe = char.isascii() and (char.isalnum() or char in "!*+-/")
        code = char if safe else "".join(f"={byte:02X}" for byte in char.encode())
        code = "_" if char == " " else code
        if len(words[-1]) + len(code) > room:
            words.append("")
            room = WIDTH - 1 - len("=?UTF-8?q??=")
        words[-1] += code
    return "\n ".join(f"=?UTF-8?q?{word}?=" for word in words)


def mboxrd(mails: list[bytes]) -> bytes:
    """Return the mails as one mbox, body lines that look like a separator quoted (mboxrd)."""
    mark = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
    quoted = (re.sub(rb"(?m)^(>*From )", rb">\1", mail) for mail in mails)
    return b"".join(mark + mail + b"\n" for mail in quoted)
