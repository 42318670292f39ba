"""What acts on a terminal, hides, or is read as markup; a mailbox with each of it in every field; and the search for it in raw output."""

from __future__ import annotations

import re
from typing import Final

CONTROLS: Final[dict[str, str]] = {
    "a colour": "\x1b[31337m",
    "a cleared screen": "\x1b[2J\x1b[31337H",
    "a title": "\x1b]0;owned\x07",
    "a clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "a link": "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "a device string": "\x1bP$q31337\x1b\\",
    "an answer from the terminal": "\x1b[31337n\x1b[c",
    "C1 in UTF-8": "\x9b31337m\x9d0;owned\x9c",
    "a bell": "\x07owned",
    "backspaces": "safe\x08\x08\x08\x08evil",
    "a return": "safe\revil",
    "a NUL and a DEL": "a\x00b\x7fc",
    "a vertical tab and a form feed": "a\x0bb\x0cc",
    "a next line": "a\x85b",
    "separators": "a\u2028b\u2029c",
    "an override": "\u202egnp.exe\u202c",
    "isolates": "\u2066a\u2067b\u2068c\u2069",
    "marks of direction": "a\u200eb\u200fc\u061cd",
    "zero widths": "a\u200bb\u2060c\ufeffd\u00ade",
    "tags": "a\U000e0041\U000e0042\U000e007f",
    "variations": "a\U000e0100b\U000e01ef\u180e",
    "fillers": "a\u115fb\u3164c\uffa0d",
    "a flood of marks": "Z" + "\u0301\u0489\u0336" * 40,
    "shorthand controls": "\U0001bca0a\U0001d173b\U00013430c",
}  # fmt: skip
MARKUP: Final[dict[str, str]] = {
    "a click": "[@click=app.quit]press[/]",
    "a colour in markup": "[red]RFC[/red]",
    "nothing to close": "[/] [/foo]",
    "a link in markup": "[link=http://evil.example]x[/link]",
    "a variable": "$error {0} %s [$warning]",
}
EVERY: Final = CONTROLS | MARKUP


def header_word(text: str) -> str:
    """Return text as an encoded word, so that line ends too get into a header's value."""
    return "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in text.encode()) + "?="


def mails(payload: str, number: int) -> list[bytes]:
    """Return a series, a reply with a remark under a line of its diff, and an attachment: the payload is in every field."""
    word = header_word(payload)
    # What a line of text cannot hold without ending is left out of lines.
    line = payload.replace("\n", " ")
    one = f"evil{number}"
    day = f"Date: Mon, 2 Jun 2025 {number % 24:02}:{number % 60:02}:00 +0000"
    diff = (
        f"---\n{line} notes\n {line} | 2 +-\n 1 file changed\n\n"
        f"diff --git a/{line} b/{line}\nold mode 100644\nnew mode 100755\nrename from {line}\nrename to {line}x\n"
        f"--- a/{line}\n+++ b/{line}\n@@ -1,3 +1,3 @@ {line}\n {line} context\n-{line} old\n+{line} new\n {line} end\n"
        f"diff --git a/wick.c b/wick.c\n--- a/wick.c\n+++ b/wick.c\n@@ -1,2 +1,2 @@\n int {line};\n-\t/* {line} */\n+\t/* {line} new */\n"
        f"-- \n{line} signature\n"
    )
    text = f"Message {one}: {line}\n\nReviewed-by: {line} <{line}@x>\n{line}: {line}\n"
    common = (
        f"From: {word} <m{word}@evil.example>\nTo: {word} <t@x>\nCc: {word} <c@x>\n{day}\n"
        f"List-Id: {word} <{one}.example>\nX-{one}: {word}\n"
    )
    patch = (
        f"{common}Subject: [PATCH v2 1/1] {word} {one}\nMessage-ID: <{one}{line}@x>\n"
        "Content-Type: multipart/mixed; boundary=cut\n\n"
        "--cut\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        f"From: {line} <a@b>\n\n{text}{diff}\n"
        f'--cut\nContent-Type: application/x{line}; name="{word}"\n'
        f'Content-Disposition: attachment; filename="{word}"\n\nx\n--cut--\n'
    )
    raw = f"{common}Subject: {payload} raw {one}\nMessage-ID: <raw{number}@x>\n\n{text}"
    reply = (
        f"{common}Subject: Re: {word} {one}\nMessage-ID: <r{number}@x>\nIn-Reply-To: <{one}{line}@x>\n"
        f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        f"On Monday {line} wrote:\n> +{line} new\n\nRemark {one}: {line}\n\nAcked-by: {line} <m@evil.example>\n"
    )
    latin = reply.replace(f"<r{number}@x>", f"<l{number}@x>").replace(
        "utf-8\nContent", "x-unknown\nContent"
    )
    # C1 as raw bytes, in no charset at all.
    raw_bytes = latin.encode().replace(b"\xc2\x9b", b"\x9b").replace(b"\xc2\x85", b"\x85")
    return [patch.encode(), raw.encode(), reply.encode(), raw_bytes]


def mailbox(payloads: dict[str, str]) -> bytes:
    """Return an mbox of all of them."""
    return b"".join(
        b"From m@x Mon Jun  2 11:00:00 2025\n" + mail.replace(b"\nFrom ", b"\n>From ") + b"\n"
        for number, payload in enumerate(payloads.values())
        for mail in mails(payload, number)
    )


# What a program that draws a screen itself writes: sequences that move, colour, set modes and ask, and shift nothing.
_OWN: Final = re.compile(
    rb"\x1b(?:\[[0-9;:<>=?]*[ !$]?[A-Za-ln-z~]|\[[0-9;:]*m|[78=>]|\(B|P\+q[0-9A-F;]*\x1b\\|\]22;[a-z-]+\x07|\]52;c;[A-Za-z0-9+/=]*\x07)"
)
_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\ud800-\udfff\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]|[\u0300-\u036f\u0489]{9}"
)


def escapes(output: bytes, *, screen: bool) -> list[str]:
    """Return what in raw output acts on a terminal and is not the program's own; `screen`: it may draw one.

    Where there is none, nothing but line ends may move the cursor; where there is one, a sequence of ours is known by its form, and
    that nothing of a payload is in it.
    """
    found = []
    if screen:
        found = [
            repr(match[0])
            for match in _OWN.finditer(output)
            if b"31337" in match[0] or b"ZXZpbA" in match[0]
        ]
        output = _OWN.sub(b"", output)
    else:
        output = output.replace(b"\r\n", b"\n").replace(b"\r", b"\x01")
    text = output.decode("utf-8", "surrogateescape")
    return found + [
        ascii(text[max(0, match.start() - 30) : match.end() + 30])
        for match in _FORBIDDEN.finditer(text)
    ]
