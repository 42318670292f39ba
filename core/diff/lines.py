"""The lines of a large text without a copy of each: the text, and where its lines begin."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from typing import Final, overload

LARGE: Final = 1 << 20
"""Characters from which on a text is kept in one piece; for less, its lines as they are read faster."""

_END: Final = re.compile("\n")


def split_lines(text: str) -> Sequence[str]:
    """Return the lines of `text`, split at `\\n` alone; a line end at its end begins no other line."""
    if len(text) < LARGE:
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        return tuple(lines)
    return LineView(text)


def join_lines(lines: Sequence[str]) -> str:
    """Return lines as one text, with `\\n` between them: at once, where they share one."""
    return lines.text() if isinstance(lines, LineView) else "\n".join(lines)


class LineView(Sequence[str]):
    """A sequence of lines, each made when it is looked at; a slice of it shares the text."""

    __slots__ = ("_first", "_last", "_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = array("Q", [0])
        self._starts.extend(match.end() for match in _END.finditer(text))
        if text and not text.endswith("\n"):
            self._starts.append(len(text) + 1)
        self._first, self._last = 0, len(self._starts) - 1

    def __len__(self) -> int:
        return self._last - self._first

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...

    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            if step != 1:
                return tuple([self[place] for place in range(start, stop, step)])
            part = LineView.__new__(LineView)
            part._text, part._starts = self._text, self._starts
            part._first, part._last = self._first + start, self._first + max(start, stop)
            return part
        if at < 0:
            at += len(self)
        if not 0 <= at < len(self):
            raise IndexError(at)
        at += self._first
        return self._text[self._starts[at] : self._starts[at + 1] - 1]

    def __iter__(self) -> Iterator[str]:
        text, starts = self._text, self._starts
        for at in range(self._first, self._last):
            yield text[starts[at] : starts[at + 1] - 1]

    def text(self) -> str:
        """Return the lines with `\\n` between them."""
        return self._text[self._starts[self._first] : max(0, self._starts[self._last] - 1)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(map(str.__eq__, self, other))

    def __hash__(self) -> int:
        return hash(tuple(self))
