"""A mail's text, split as `git am` splits it.

The rules are those of `git mailinfo` (git's mailinfo.c): in-body headers, then the commit message up to the patch
break, then the patch. The patch, which git leaves in one piece, is split further into notes, diffstat, diff and
signature; a line `-- ` within a hunk is a removed line, so hunks are counted off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from core.model import Body

# A line that ends the commit message: `diff -`, CVS's `Index: `, `--- file`, or `---` alone.
_BREAK: Final = re.compile(r"diff -|Index: |--- [^\s]|---[ \t\r\f\v]*(?:\n|\Z)")
_DASHES: Final = re.compile(r"---[ \t\r\f\v]*\n")
_BREAK_MARKS: Final = ("\n---", "\ndiff -", "\nIndex: ")
# A line that begins a diff beyond doubt.
_DIFF: Final = re.compile(
    r"diff --git |diff -[^\n]*\n(?:---|\*\*\*|@@)|--- [^\n]*\n\+\+\+ |Index: [^\n]*\n(?:=|diff -|RCS|--- )"
)
_DIFF_MARKS: Final = ("\ndiff -", "\n--- ", "\nIndex: ")
_STAT: Final = re.compile(
    r"^ (?:[^\n|]+\|[ \t]+(?:\d|Bin|Unmerged)|\d+ files? changed)", re.MULTILINE
)
_HUNK: Final = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_FORMAT_PATCH: Final = re.compile(r">?From [0-9a-f]{40} Mon Sep 17 00:00:00 2001")
_NEWLINES: Final = re.compile(r"\n*")
_IN_BODY: Final = frozenset({"From", "Subject", "Date"})
# Outlook's block above a mail that it quotes without marks, in the languages it is set to.
_HEADER_BLOCK: Final = re.compile(
    r"\*?(?:(From|Von|De|Da|Van|Från|Fra|От|发件人|差出人)|(Sent|Gesendet|Envoyé|Enviado|Inviato|Verzonden|Skickat|Sendt|Date|Datum|Отправлено|发送时间|送信日時)"
    r"|(To|An|À|Para|A|Aan|Till|Til|Кому|收件人|宛先|Cc|Subject|Betreff|Objet|Asunto|Assunto|Oggetto|Onderwerp|Ämne|Emne|Тема|主题|件名))\*? ?[:：]\*?\s*\S"
)
_FEWEST_HEADERS: Final = 3
"""Lines of a header block, at least: From, the date and another."""
_MOST_HEADERS: Final = 12
_MAX_IN_BODY: Final = 4096
_MAX_IN_BODY_LINES: Final = 1000


def split_body(text: str, *, in_body_headers: bool = True) -> Body:
    """Split a mail's decoded text. Of a mail without a diff all text is the message.

    After the in-body headers and the blank lines around them, message, `---`, notes, diffstat, diff, `-- ` and
    signature are, in this order, the text again. With `in_body_headers` False (replies) none are looked for.
    Linear; never raises.
    """
    headers, start = read_in_body_headers(text) if in_body_headers else ((), _after_blanks(text))
    cut = find_patch(text, start)
    if cut is None:
        message, signature = _split_signature(text[start:])
        return Body(in_body_headers=headers, message=message, signature=signature)
    message_end, diff_start = cut
    notes = text[message_end:diff_start]
    diffstat = ""
    if dashes := _DASHES.match(notes):
        notes = notes[dashes.end() :]
        if stat := _STAT.search(notes):
            notes, diffstat = notes[: stat.start()], notes[stat.start() :]
    diff, signature = _split_diff(text[diff_start:])
    return Body(
        in_body_headers=headers,
        message=text[start:message_end],
        notes=notes,
        diffstat=diffstat,
        diff=diff,
        signature=signature,
    )


def read_in_body_headers(text: str) -> tuple[tuple[tuple[str, str], ...], int]:
    """Return the headers that open a mail's text, and where the message after them begins.

    Each of From, Subject and Date counts once, folded lines joined; a blank line ends them. A line `[PATCH] ...` is
    a subject. A pasted `From <sha> Mon Sep 17 ...` line is skipped, whether an mbox has put `>` before it (git knows
    only that form) or not.
    """
    found: list[tuple[str, str]] = []
    seen: set[str] = set()
    at = 0
    folded = False
    for _ in range(_MAX_IN_BODY_LINES):
        if at >= len(text):
            break
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end
        line = text[at : min(line_end, at + _MAX_IN_BODY)].rstrip("\r")
        name, colon, value = line.partition(":")
        name = name.title()
        if not line:
            if folded:
                return tuple(found), min(line_end + 1, len(text))
            line_end = _after_blanks(text, line_end) - 1
        elif folded and line[0] in " \t":
            name, value = found[-1]
            if len(value) < _MAX_IN_BODY:
                found[-1] = (name, f"{value} {line.strip()}")
        elif colon and name in _IN_BODY and name not in seen:
            seen.add(name)
            found.append((name, value.strip()))
            folded = True
        elif line.startswith("[PATCH] "):
            found = [each for each in found if each[0] != "Subject"]
            found.append(("Subject", line))
            seen.add("Subject")
            folded = False
        elif _FORMAT_PATCH.fullmatch(line):
            folded = False
        else:
            break
        at = min(line_end + 1, len(text))
    return tuple(found), at


def _after_blanks(text: str, at: int = 0) -> int:
    match = _NEWLINES.match(text, at)
    return match.end() if match else at


def find_patch(text: str, start: int = 0) -> tuple[int, int] | None:
    """Return where the commit message ends and where the diff begins, or None where there is no diff.

    Both are the beginnings of lines at or after `start`, which is one too. Linear.
    """
    if "\ndiff -" not in text and "\n+++" not in text and not text.startswith("diff -"):
        return None  # as in most mails
    diff_start = _first_line(text, start, _DIFF_MARKS, _DIFF)
    if diff_start < 0:
        return None
    return _first_line(text, start, _BREAK_MARKS, _BREAK, diff_start), diff_start


def _first_line(
    text: str, start: int, marks: tuple[str, ...], pattern: re.Pattern[str], end: int = -1
) -> int:
    """Return the beginning of the first line that matches, or `end`; each line begins with one of `marks`.

    It is fast because it searches for plain strings first.
    """
    if pattern.match(text, start):
        return start
    best = end
    for mark in marks:
        at = text.find(mark, start, best if best >= 0 else len(text))
        while at >= 0:
            if pattern.match(text, at + 1):
                best = at + 1
                break
            at = text.find(mark, at + 1, best if best >= 0 else len(text))
    return best


def header_block_lines(lines: Sequence[str], start: int) -> int:
    """Return how many lines the header block has that begins at `start` and quotes a mail without marks; 0 for none."""
    first = _HEADER_BLOCK.match(lines[start])
    if first is None or not first[1]:
        return 0
    found = [_HEADER_BLOCK.match(line) for line in lines[start : start + _MOST_HEADERS]]
    count = next((at for at, header in enumerate(found) if header is None), len(found))
    has_date = any(header and header[2] for header in found[:count])
    return count if count >= _FEWEST_HEADERS and has_date else 0


def _split_signature(text: str) -> tuple[str, str]:
    """Divide text at its last `-- ` line, unless quoted text follows below it."""
    at = text.rfind("\n-- \n")
    if at < 0 or "\n>" in text[at:]:
        return text, ""
    return text[: at + 1], text[at + 5 :]


def _split_diff(text: str) -> tuple[str, str]:
    """Divide a diff from the signature: after the `-- ` line that follows its last hunk."""
    if "\n-- \n" not in text:
        return text, ""
    signature = -1
    at = old = new = 0
    for line in text.split("\n"):
        first = line[:1]
        if old > 0 or new > 0:
            if first in {" ", "", "\t"}:
                old, new = old - 1, new - 1
            elif first == "-":
                old -= 1
            elif first == "+":
                new -= 1
            elif first != "\\":
                old = new = 0  # the hunk is cut short
        elif first == "-" and line == "-- " and signature < 0:
            signature = at
        if first == "@" and (match := _HUNK.match(line)):
            old, new = int(match[1] or 1), int(match[2] or 1)
            signature = -1
        elif first == "d" and line.startswith("diff --git "):
            signature = -1
        at += len(line) + 1
    if signature < 0:
        return text, ""
    return text[:signature], text[signature + 4 :]
