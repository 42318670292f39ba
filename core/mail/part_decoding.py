"""format=flowed text (RFC 3676), made whole.

A patch sent that way is made whole too, as `git mailinfo` does it: every line of it that began with a blank was
sent with one more. Some mails only claim to be flowed; where taking them at their word would break the patch,
they are left as they are.
"""

from __future__ import annotations

import re
from typing import Final

_MARKED: Final = frozenset({" ", ">"})
_HUNK: Final = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")


def decode_format_flowed(text: str, *, delsp: bool = False) -> str:
    """Join the lines that a soft break (a blank at the end) divided, and drop the stuffed blanks.

    `delsp`: the blank of the break is no part of the text. Lines of one quote depth join only with each other,
    and the signature's `-- ` line joins with none. Linear.
    """
    whole = _joined(text, delsp)
    if "\n@@ -" in text and not _hunks_add_up(whole) and _hunks_add_up(text):
        return text
    return whole


def _joined(text: str, delsp: bool) -> str:
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
            out.append(_whole(flow_depth, flow))
            flow = []
        if rest[-1:] == " " and not signature:
            flow.append(rest[:-1] if delsp else rest)
            flow_depth = depth
        elif flow:
            flow.append(rest)
            out.append(_whole(depth, flow))
            flow = []
        elif depth:
            out.append(f"{line[:depth]} {rest}" if rest else line[:depth])
        else:
            out.append(rest)
    if flow:
        out.append(_whole(flow_depth, flow))
    return "\n".join(out)


def _whole(depth: int, flow: list[str]) -> str:
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
