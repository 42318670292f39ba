"""Filters a terminal's input: keys, mouse and pastes pass, unexpected answers to queries do not.

A terminal answers queries (colours, device attributes, its version) when it likes, also to a program that was
started after the one that asked. Textual's parser reads the sequences it does not know as keys: the answer to
OSC 11 would open the browser. The grammar is ECMA-48's, with xterm's and kitty's keys.
"""

from __future__ import annotations

import re
from typing import Final

from tui.textual_private import KEY_SEQUENCES

ESC: Final = "\x1b"
_STRING_STARTS: Final = "]P_^X"
"""The character after ESC that begins an OSC, DCS, APC, PM or SOS, which ends with ST (or BEL)."""
_LONGEST_CSI: Final = 256
_LARGEST_CODE_POINT: Final = 0x10FFFF

_PASTE_START: Final = "\x1b[200~"
_PASTE_END: Final = "\x1b[201~"
_KNOWN: Final = frozenset({_PASTE_START, _PASTE_END, "\x1b[I", "\x1b[O"})
_CSI: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_CSI_BEGUN: Final = re.compile(r"\x1b\[[0-?]*[ -/]*\Z")
_KEY: Final = re.compile(r"\x1b\[([\d:]*)(?:;([\d:]*))?(?:;([\d:]*))?([u~ABCDEFHPQRS])")
_REPORT: Final = re.compile(
    r"\x1b\[(?:<\d+;-?\d+;-?\d+[mM]|-?\d+;-?\d+;-?\d+M|\?\d+;\d\$y|\d+;\d+R|48(?:;\d+(?::\d*)*){4}t)"
)
"""Mouse (SGR, urxvt), a mode's report, the cursor's position, and a resize."""
_SHIFT: Final = "2"
_RELEASED: Final = "3"
"""The event type of a key that was let go (kitty's keyboard protocol)."""


class InputFilter:
    """Passes on complete sequences that Textual's parser understands; holds back incomplete ones."""

    def __init__(self) -> None:
        self._held = ""
        """The beginning of a sequence."""
        self._in_string = False
        """Within an OSC, DCS, APC, PM or SOS; `_held` has its last character."""
        self._in_paste = False

    @property
    def is_waiting(self) -> bool:
        """Whether a sequence has begun that is not whole."""
        return bool(self._held) or self._in_string

    @property
    def is_key(self) -> bool:
        """Whether the held bytes are a key if nothing follows: Escape, or Alt and a key."""
        return not self._in_string and len(self._held) <= 2

    def feed(self, text: str) -> str:
        """Take bytes that were read, and return those to parse."""
        text, self._held = self._held + text, ""
        passed: list[str] = []
        at = 0
        while at < len(text):
            if self._in_paste:
                at = self._paste(text, at, passed)
            elif self._in_string:
                at = self._string(text, at)
            elif text[at] != ESC:
                end = text.find(ESC, at)
                end = len(text) if end < 0 else end
                passed.append(text[at:end])
                at = end
            else:
                at = self._sequence(text, at, passed)
        return "".join(passed)

    def flush(self) -> str:
        """Return held bytes that will not be completed, after some silence: keys that begin with ESC.

        A string that has begun ends here, too, or a terminal that breaks off would swallow all keys.
        """
        held, self._held = self._held, ""
        if self._in_string:
            self._in_string = False
            return ""
        return held if len(held) <= 2 or self._in_paste else ""

    # Each of these returns where to go on; at the end of the text where what has begun is held.

    def _paste(self, text: str, at: int, passed: list[str]) -> int:
        end = text.find(_PASTE_END, at)
        if end >= 0:
            self._in_paste = False
            passed.append(text[at : end + len(_PASTE_END)])
            return end + len(_PASTE_END)
        tail = text.rfind(ESC, at)
        if tail >= 0 and _PASTE_END.startswith(text[tail:]):
            passed.append(text[at:tail])
            self._held = text[tail:]
        else:
            passed.append(text[at:])
        return len(text)

    def _string(self, text: str, at: int) -> int:
        for place in range(at, len(text)):
            if text[place] in "\x07\x9c\x18\x1a":
                self._in_string = False
                return place + 1
            if text[place] == ESC:
                if place + 1 == len(text):
                    self._held = ESC
                    return len(text)
                self._in_string = False
                # ESC \ is ST; any other escape ends the string, and begins anew.
                return place + 2 if text[place + 1] == "\\" else place
        return len(text)

    def _sequence(self, text: str, at: int, passed: list[str]) -> int:
        if at + 1 == len(text):
            self._held = ESC
            return len(text)
        if text[at + 1] in _STRING_STARTS:
            if at + 2 == len(text):
                self._held = text[at:]  # it may be Alt and a key
                return len(text)
            self._in_string = True
            return at + 2
        if text[at + 1] == ESC:
            passed.append(ESC)
            return at + 1
        if text[at + 1] != "[":
            return self._escape(text, at, passed)
        if text.startswith("\x1b[M", at):  # X10 mouse: three bytes follow
            if len(text) < at + 6:
                self._held = text[at:]
                return len(text)
            passed.append(text[at : at + 6])
            return at + 6
        return self._csi(text, at, passed)

    def _escape(self, text: str, at: int, passed: list[str]) -> int:
        """Pass ESC and a character, and SS3 (ESC O and a character) whole."""
        length = 3 if text[at + 1] == "O" else 2
        if len(text) < at + length:
            self._held = text[at:]
            return len(text)
        passed.append(text[at : at + length])
        return at + length

    def _csi(self, text: str, at: int, passed: list[str]) -> int:
        whole = _CSI.match(text, at)
        if whole is None:
            if _CSI_BEGUN.match(text, at) and len(text) - at < _LONGEST_CSI:
                self._held = text[at:]
                return len(text)
            return at + 2  # broken: what follows is read by itself
        sequence = whole[0]
        self._in_paste = sequence == _PASTE_START
        if sequence in _KNOWN or sequence in KEY_SEQUENCES or _REPORT.fullmatch(sequence):
            passed.append(sequence)
        else:
            passed.append(key_sequence(sequence))
        return whole.end()


def key_sequence(sequence: str) -> str:
    """Return a key of kitty's protocol in the form that Textual's parser reads, "" for other input.

    `CSI code:shifted:base ; modifiers:event ; text u`: alternates and event types are dropped, and with them
    keys that were let go; with Shift alone the shifted key is the text.
    """
    match = _KEY.fullmatch(sequence)
    if match is None:
        return ""
    codes, modifiers, text, end = match.groups(default="")
    modifier, _, event = modifiers.partition(":")
    numbers = [number for part in (codes, modifiers, text) for number in part.split(":") if number]
    if event == _RELEASED or any(
        len(number) > 7 or int(number) > _LARGEST_CODE_POINT for number in numbers
    ):
        return ""
    code, _, alternates = codes.partition(":")
    shifted = alternates.partition(":")[0]
    if modifier == _SHIFT and not text:
        text = shifted
    fields = [code, modifier, text]
    while fields and not fields[-1]:
        fields.pop()
    return f"\x1b[{';'.join(fields)}{end}"
