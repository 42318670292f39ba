"""A discussion in one scroll: each reply in the order of reading, with its quotes of earlier messages folded to one
line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Final

from core.model import OpenedMessage
from core.series.quoting import QuotedLine, ReplyBlock, reply_blocks
from core.series.review_comments import FoldedQuote, ReplyInThread, ReviewComment

MOST_REMEMBERED: Final = 500_000
"""Runs of words of the messages before that a quote is looked for in; quotes of later ones stay as they are."""

_SEEN_OF_TEN: Final = 7
"""Of ten runs of words of a quote how many the messages before must have: quotes are shortened, too."""
_SHORTEST: Final = 2
"""Lines from which on a quote is worth a fold."""
_FIRST_WORDS: Final = 60
"""Characters of a folded quote that are shown."""
_COMPARED: Final = 1_000
"""Characters of a line that are compared."""
_RUN: Final = 3
"""Words of a run."""
_LOOKED_AT: Final = 20_000
"""Characters of a reply in which its first words are looked for."""
_MOST_WORDS: Final = 200
"""Characters of them."""
_GREETING: Final = re.compile(
    r"\s*(?:hi|hello|hey|dear|good (?:morning|day|evening))\b.{0,40}$", re.IGNORECASE
)


def lay_out_discussion(
    root: OpenedMessage, answers: Sequence[ReplyInThread]
) -> list[ReviewComment]:
    """Return the replies to a message as comments below it, one a reply, in their order.

    A quote of the text just read is one line with its first words; any other quote stays. Signatures, list footers and
    attribution lines are left out, and quotes at the end that nothing follows. Linear in the size of the mails.
    """
    seen = _Seen()
    seen.add(root.text.split("\n"))
    found = []
    for answer in answers:
        blocks = list(reply_blocks(answer.mail.text))
        lines, folded = _lines(blocks, seen)
        found.append(
            ReviewComment(
                message=answer.mail.message,
                lines=tuple(lines) or ("(no text of its own)",),
                folded=tuple(folded),
                place=None,
                depth=answer.depth,
            )
        )
        for block in blocks:
            seen.add(block.lines)
    return found


class _Seen:
    """The text read so far, as runs of consecutive words, since mailers rewrap quotes."""

    def __init__(self) -> None:
        self._runs: set[tuple[str, ...]] = set()

    def add(self, lines: Iterable[str]) -> None:
        if len(self._runs) < MOST_REMEMBERED:
            self._runs.update(islice(_runs(lines), MOST_REMEMBERED))

    def has(self, lines: Iterable[str]) -> bool:
        """Whether most of some lines was read."""
        runs = list(islice(_runs(lines), MOST_REMEMBERED))
        return bool(runs) and 10 * sum(run in self._runs for run in runs) >= _SEEN_OF_TEN * len(
            runs
        )


def _runs(lines: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield each run of consecutive words."""
    words: tuple[str, ...] = ()
    for line in lines:
        for word in line[:_COMPARED].split():
            words = (*words[1 - _RUN :], word)
            if len(words) == _RUN:
                yield words


def _lines(blocks: Sequence[ReplyBlock], seen: _Seen) -> tuple[list[str], list[FoldedQuote]]:
    """Return the lines of a reply, and the quotes among them that are folded to a line: those that were read before."""
    lines: list[str] = []
    folded: list[FoldedQuote] = []
    for number, block in enumerate(blocks):
        if number:
            lines.append("")
        for _, run in groupby(block.quoted, key=lambda line: line.level):
            quoted = _trimmed(list(run))
            whole = [f"{'> ' * line.level}{line.text}".rstrip() for line in quoted]
            if len(quoted) < _SHORTEST or not seen.has(line.text for line in quoted):
                lines += whole
            else:
                folded.append(FoldedQuote(len(lines), tuple(whole)))
                lines.append(_fold_line(quoted))
        lines += block.lines
    return lines, folded


def _fold_line(quoted: Sequence[QuotedLine]) -> str:
    """Return the line that stands for a quote: its marks, first words and length."""
    words = " ".join(quoted[0].text.split())
    if len(words) > _FIRST_WORDS:
        words = words[: _FIRST_WORDS - 1].rstrip() + "…"
    return f"{'> ' * quoted[0].level}“{words}” ({len(quoted)} quoted lines)"


def first_words(text: str) -> str:
    """Return the words that a reply's own text begins with, after a greeting; "" where it has none of its own."""
    greeting = ""
    for block in reply_blocks(text[:_LOOKED_AT]):
        lines = [line for line in block.lines if line.strip()]
        if lines and _GREETING.match(lines[0]):
            greeting = greeting or lines.pop(0).strip()
        if words := " ".join(" ".join(lines).split()):
            return words[:_MOST_WORDS]
    return greeting[:_MOST_WORDS]


def _trimmed(quoted: list[QuotedLine]) -> list[QuotedLine]:
    """Return quoted lines without blank ones at their ends."""
    while quoted and not quoted[0].text.strip():
        quoted = quoted[1:]
    while quoted and not quoted[-1].text.strip():
        quoted = quoted[:-1]
    return quoted
