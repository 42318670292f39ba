"""A discussion in one scroll: each reply in the order of reading, with its quotes of earlier messages folded to one
line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Final

from core.model import OpenedMessage
from core.series.quoting import QuotedLine, ReplyBlock, reply_blocks
from core.series.review_comments import ReplyInThread, ReviewComment

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
        found.append(
            ReviewComment(
                message=answer.mail.message,
                lines=tuple(_lines(blocks, seen)) or ("(no text of its own)",),
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


def _lines(blocks: Sequence[ReplyBlock], seen: _Seen) -> Iterator[str]:
    for number, block in enumerate(blocks):
        if number:
            yield ""
        for _, run in groupby(block.quoted, key=lambda line: line.level):
            yield from _quote(_trimmed(list(run)), seen)
        yield from block.lines


def _quote(quoted: Sequence[QuotedLine], seen: _Seen) -> Iterator[str]:
    """Yield a quote of one level: folded to a line where it was read before."""
    if len(quoted) < _SHORTEST or not seen.has(line.text for line in quoted):
        yield from (f"{'> ' * line.level}{line.text}".rstrip() for line in quoted)
        return
    marks = "> " * quoted[0].level
    words = " ".join(quoted[0].text.split())
    if len(words) > _FIRST_WORDS:
        words = words[: _FIRST_WORDS - 1].rstrip() + "…"
    yield f"{marks}“{words}” ({len(quoted)} quoted lines)"


def _trimmed(quoted: list[QuotedLine]) -> list[QuotedLine]:
    """Return quoted lines without blank ones at their ends."""
    while quoted and not quoted[0].text.strip():
        quoted = quoted[1:]
    while quoted and not quoted[-1].text.strip():
        quoted = quoted[:-1]
    return quoted
