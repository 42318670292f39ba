"""A mail's text, split as `git am` splits it.

The rules are those of `git mailinfo` (mailinfo.c of git): in-body headers, then the commit message up to the
patch break, then the patch. What git leaves in one piece, the patch, is split further into notes, diffstat, diff
and signature; a `-- ` within a hunk is a removed line, so hunks are counted off.
"""

from __future__ import annotations

import re
from typing import Final

from core.model import Body

# A line that ends the commit message: `diff -`, CVS's `Index: `, `--- file`, or `---` alone.
_BREAK: Final = re.compile(r"diff -|Index: |--- [^\s]|---[ \t\r\f\v]*(?:\n|$)")
_DIFF_START: Final = re.compile(
    r"^(?:diff --git |diff -[^\n]*\n(?=[^\n]*\n?)|Index: [^\n]+\n(?:=|---|diff|RCS)|--- [^\s][^\n]*\n\+\+\+ )",
    re.MULTILINE,
)
_STAT_LINE: Final = re.compile(
    r"^ (?:[^\n|]+\|[ \t]+(?:\d+|Bin|Unmerged)[^\n]*|\d+ files? changed[^\n]*)$", re.MULTILINE
)
_HUNK: Final = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_FORMAT_PATCH: Final = re.compile(r">?From [0-9a-f]{40} Mon Sep 17 00:00:00 2001")
_IN_BODY: Final = re.compile(r"(from|subject|date):[ \t]*(.*)", re.IGNORECASE)


def split_body(text: str, *, in_body_headers: bool = True) -> Body:
    """Split a mail's decoded text. Of a mail without a diff all text is the message.

    In order, in-body headers (with the blank line after them), message, `---`, notes, diffstat, diff, `-- ` and
    signature are the text again, nothing lost. With `in_body_headers` False (replies) none are looked for.
    Linear; never raises.
    """
    headers, start = read_in_body_headers(text) if in_body_headers else ((), 0)
    cut = find_patch(text, start)
    if cut is None:
        message, signature = _split_signature(text[start:])
        return Body(in_body_headers=headers, message=message, signature=signature)
    message_end, diff_start = cut
    notes = text[message_end:diff_start]
    diffstat = ""
    if notes.startswith("---"):
        notes = notes[notes.find("\n") + 1 or len(notes) :]
        if stat := _STAT_LINE.search(notes):
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

    Each of From, Subject and Date counts once; blank lines before them are skipped, and one after them ends
    them. A pasted `From <sha> Mon Sep 17 …` line is skipped; a line `[PATCH] …` is a subject.
    """
    found: list[tuple[str, str]] = []
    seen: set[str] = set()
    at = 0
    folded = False
    while at < len(text):
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end
        after = min(line_end + 1, len(text))
        line = text[at : min(line_end, at + 4096)].rstrip("\r")
        if folded and line[:1] in {" ", "\t"}:
            name, value = found[-1]
            if len(value) < 4096:
                found[-1] = (name, f"{value} {line.strip()}")
        elif not line or (not found and line.isspace()):
            if found:
                return tuple(found), after
            folded = False
        elif line.startswith("[PATCH] ") and "subject" not in seen:
            found.append(("Subject", line))
            seen.add("subject")
            folded = False
        elif (match := _IN_BODY.fullmatch(line)) and match[1].lower() not in seen:
            seen.add(match[1].lower())
            found.append((match[1].title(), match[2].strip()))
            folded = True
        elif _FORMAT_PATCH.fullmatch(line):
            folded = False
        else:
            break
        at = after
    return tuple(found), at if found else 0


def find_patch(text: str, start: int = 0) -> tuple[int, int] | None:
    """Return where the commit message ends and where the diff begins, or None where there is no diff."""
    message_end = _patch_break(text, start)
    if message_end < 0:
        return None
    diff = _DIFF_START.search(text, message_end)
    if diff is None:
        return None
    return message_end, diff.start()


def _patch_break(text: str, start: int) -> int:
    """Return where the first line that ends a commit message begins, or -1."""
    if _BREAK.match(text, start):
        return start
    best = -1
    for mark in ("\n---", "\ndiff -", "\nIndex: "):
        at = text.find(mark, start, best + len(mark) if best >= 0 else len(text))
        while at >= 0:
            if _BREAK.match(text, at + 1):
                best = at + 1
                break
            at = text.find(mark, at + 1, best if best >= 0 else len(text))
    return best


def _split_signature(text: str) -> tuple[str, str]:
    """Divide text at its last `-- ` line, unless somebody else's words are quoted below it."""
    at = text.rfind("\n-- \n")
    if at < 0 or "\n>" in text[at:]:
        return text, ""
    return text[: at + 1], text[at + 5 :]


def _split_diff(text: str) -> tuple[str, str]:
    """Divide a diff from the signature after it: the `-- ` line after its last hunk."""
    if "\n-- \n" not in text and not text.endswith("\n-- "):
        return text, ""
    signature = -1
    at = old = new = 0
    for line in text.split("\n"):
        first = line[:1]
        if old > 0 or new > 0:
            if first == "-":
                old -= 1
            elif first == "+":
                new -= 1
            elif first in {" ", "", "\t"}:
                old -= 1
                new -= 1
            elif first != "\\":
                old = new = 0  # the hunk is broken: what it announced is not there
        if (old <= 0 and new <= 0) or first == "@":
            if line.startswith("@@ ") and (match := _HUNK.match(line)):
                old, new = int(match[1] or 1), int(match[2] or 1)
                signature = -1
            elif first == "d" and line.startswith("diff -"):
                signature = -1
            elif line == "-- " and signature < 0 and not _in_hunk_end(old, new):
                signature = at
        at += len(line) + 1
    if signature < 0:
        return text, ""
    return text[:signature], text[signature + 4 :]


def _in_hunk_end(old: int, new: int) -> bool:
    return old > 0 or new > 0
