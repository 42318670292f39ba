"""Review comments, each at the line of the patch that it was written under.

A reply quotes the patch and says something below the quote. The quoted lines are looked for in the patch from where the
line before was found: the next line first, then the place where most of the lines after it follow too. White space does
not count; where a line is nowhere to be found it is sought without its sign (a quote of another version), then by its
last words (a quote that was wrapped anew). An answer to a comment stands below that comment.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from core.model import Message, OpenedMessage
from core.series.quoting import QuotedLine, ReplyBlock, reply_blocks

Part = Literal["message", "notes", "diffstat", "diff"]
PARTS: Final[tuple[Part, ...]] = ("message", "notes", "diffstat", "diff")

MOST_QUOTED: Final = 100_000
"""Quoted lines of all replies that are matched; comments below later ones get no line."""

_LONGEST: Final = 4_000
"""Characters of a line that are compared: some mailers write a paragraph as one."""
_AHEAD: Final = 6
"""Lines after a found one that are held against the patch, to choose between places."""
_CHOICES: Final = 12
"""Places of a line that are looked at, on either side of where the line before it was."""
_WORDS: Final = 4
"""Words at the end of a quoted line that tell where it comes from."""
_FEWEST_WORDS: Final = 3
_QUOTED_SHOWN: Final = 3
"""Lines of a quote from elsewhere that stay above its comment."""
_LONGEST_GREETING: Final = 40
_GIVEN: Final = re.compile(r"\s*[A-Z][a-z]{2,20}(?:-[a-z]{2,20})?-by:\s")
"""Matches the beginning of a trailer line."""
_ORNAMENTS: Final = frozenset({"*", "//", "#", "/*", "*/", "|", ">"})
"""Words that come and go where comments are wrapped anew."""


class PatchLine(NamedTuple):
    """A line of a patch."""

    part: Part
    """The part of `core.model.Body` that holds it."""
    line: int
    """Among the part's lines, split at `\\n`."""


class ReplyText(NamedTuple):
    """A reply of which nothing but the text was read."""

    message: Message
    text: str


class ReplyInThread(NamedTuple):
    """A reply to a patch, in the order of reading; `depth` 0 answers the patch itself."""

    mail: OpenedMessage | ReplyText
    depth: int


class FoldedQuote(NamedTuple):
    """A quote in a comment that stands there as one line, since it was read before."""

    line: int
    """The number of that line, from 0."""
    quoted: tuple[str, ...]
    """The lines of the quote, with their marks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewComment:
    """A comment of a reviewer."""

    message: Message
    """The reply with the comment."""
    lines: tuple[str, ...]
    folded: tuple[FoldedQuote, ...] = ()
    """The quotes among them that are folded to a line, in their order."""
    place: PatchLine | None
    """The line it was written under, of the patch; None where that is not known, or it quotes nothing."""
    depth: int = 0
    """0, or one more than the comment it answers, which precedes it in the same place."""


def place_comments(patch: OpenedMessage, answers: Sequence[ReplyInThread]) -> list[ReviewComment]:
    """Return the comments of the replies to a patch: by line, each answer after its comment, those without a line last.

    Nothing that a reply says is left out. Linear in the size of the mails.
    """
    if not answers:
        return []
    replies = [(answer, list(reply_blocks(answer.mail.text))) for answer in answers]
    words = _TextNumbers(passage for _, said in replies for passage in said)
    finder = _CommentPlacer(patch, words)
    for answer, said in replies:
        finder.place(answer, said)
    return finder.in_order()


def count_substantive(found: Iterable[ReviewComment]) -> int:
    """Return how many comments say more than agreement; trailers are counted separately."""
    return sum(
        any(line.strip() and not _GIVEN.match(line) for line in remark.lines) for remark in found
    )


class _Line(NamedTuple):
    """A quoted line: the numbers of its text, of that without a sign, and of its last words; -1 where there is none."""

    level: int
    exact: int
    loose: int
    tail: int


class _TextNumbers:
    """The texts that are looked for, each with a number: of a patch no other is remembered."""

    def __init__(self, said: Iterable[ReplyBlock]) -> None:
        self._numbers: dict[str, int] = {}
        self._last_words: set[str] = set()
        left = MOST_QUOTED
        for passage in said:
            for quoted in passage.quoted[:left]:
                key = _key(quoted.text)
                for text in (key, _loose(key), _tail(_loose(key).split())):
                    if text:
                        self._remember(text)
            if passage.follows_quote_directly and passage.quoted:
                for text in _mended(passage):
                    self._remember(text)
            left = max(0, left - len(passage.quoted))

    def _remember(self, text: str) -> None:
        self._numbers.setdefault(text, len(self._numbers))
        self._last_words.add(text.rpartition(" ")[2])

    def may_end_with(self, word: str) -> bool:
        """Whether a text ends with a word; of others no line needs to be cut."""
        return word in self._last_words

    def number(self, text: str) -> int:
        """Return the number of a text, -1 where it is not searched for."""
        return self._numbers.get(text, -1)

    def line(self, quoted: QuotedLine) -> _Line:
        """Return a quoted line by its numbers; one that holds nothing has none."""
        key = _key(quoted.text)
        loose = _loose(key)
        return _Line(
            quoted.level,
            self.number(key),
            self.number(loose),
            self.number(_tail(loose.split())),
        )


class _LineIndex:
    """Lines in which quoted ones are looked for: those that are blank are not among them."""

    def __init__(self, words: _TextNumbers) -> None:
        self._words = words
        self._exact = array("l")
        self._loose = array("l")
        self._places: dict[int, list[int]] = {}
        """Number of a text → its places, in order; one list for all three kinds of text."""
        self._last: deque[str] = deque(maxlen=_WORDS)

    def add(self, line: str) -> bool:
        """Add a line; say whether it is one."""
        key = _key(line)
        if not key:
            return False
        loose = _loose(key)
        at = len(self._exact)
        exact_number, loose_number = self._words.number(key), self._words.number(loose)
        self._exact.append(exact_number)
        self._loose.append(loose_number)
        found = {exact_number, loose_number}
        for word in loose.split():
            if word not in _ORNAMENTS:
                self._last.append(word)
                if self._words.may_end_with(word):
                    last = list(self._last)
                    found.add(self._words.number(" ".join(last)))
                    found.add(self._words.number(" ".join(last[-_FEWEST_WORDS:])))
        for number in found:
            if number >= 0:
                self._places.setdefault(number, []).append(at)
        return True

    def holds(self, number: int) -> bool:
        """Whether a text that has a number is here."""
        return number in self._places

    def find(self, lines: Sequence[_Line], at: int, after: int) -> int:
        """Return the place of the quoted line `at`; `after` is the place of the one before it; -1 for none."""
        line = lines[at]
        if self._same(after + 1, line):
            return after + 1
        for number in (line.exact, line.loose, line.tail):
            if number >= 0 and (places := self._places.get(number)):
                return self._best(places, lines, at, after)
        return -1

    def _same(self, place: int, line: _Line) -> bool:
        return 0 <= place < len(self._exact) and (
            (line.exact >= 0 and self._exact[place] == line.exact)
            or (line.loose >= 0 and self._loose[place] == line.loose)
        )

    def _best(self, places: list[int], lines: Sequence[_Line], at: int, after: int) -> int:
        """Return the place that most of the lines after it follow too; among such the next one, or else the nearest."""
        middle = bisect_left(places, after)
        near = places[max(0, middle - _CHOICES) : middle + _CHOICES]
        if middle > _CHOICES:
            near = places[:_CHOICES] + near

        def worth(place: int) -> tuple[int, bool, int]:
            follow = 0
            while (
                follow < _AHEAD
                and at + follow + 1 < len(lines)
                and self._same(place + follow + 1, lines[at + follow + 1])
            ):
                follow += 1
            return follow, place > after, -abs(place - after)

        return max(near, key=worth)


class _CommentPlacer:
    """Places comments: in the patch, or below earlier comments."""

    def __init__(self, patch: OpenedMessage, words: _TextNumbers) -> None:
        self._words = words
        self._patch = _LineIndex(words)
        self._lines = array("l")
        """Line of `_patch` → its number in its part."""
        self._part_ends: list[int] = []
        for part in PARTS:
            for number, line in enumerate(getattr(patch.body, part).split("\n")):
                if self._patch.add(line):
                    self._lines.append(number)
            self._part_ends.append(len(self._lines))
        self._diff_lines = patch.body.diff.count("\n")
        self._talk = _LineIndex(words)
        self._said_in: list[int] = []
        """Line of `_talk` → the comment it belongs to."""
        self._remarks: list[ReviewComment] = []
        self._answers: dict[int, list[int]] = {}
        """Remark → those that answer it; -1: those that answer none."""

    def _place(self, at: int, blanks: int) -> PatchLine:
        """Return the place of a line; of a diff so many blank lines further, if it has them there."""
        part, end = next(pair for pair in zip(PARTS, self._part_ends, strict=True) if at < pair[1])
        line = self._lines[at]
        if part == "diff":
            following = self._lines[at + 1] if at + 1 < end else self._diff_lines
            line += min(blanks, following - line - 1)
        return PatchLine(part, line)

    def place(self, answer: ReplyInThread, said: list[ReplyBlock]) -> None:
        """Place the blocks of a reply; one that quotes nothing known becomes a comment without a line."""
        in_patch = in_talk = -1
        general: list[str] = []
        for passage in said:
            lines = [self._words.line(quoted) for quoted in passage.quoted]
            lines = [line for line in lines if line.exact >= 0]
            found: tuple[bool, int] | None = None
            for at, line in enumerate(lines):
                first_talk = line.level <= answer.depth
                for talk in (first_talk, not first_talk):
                    text, after = (self._talk, in_talk) if talk else (self._patch, in_patch)
                    place = text.find(lines, at, after)
                    if place >= 0:
                        in_talk, in_patch = (place, in_patch) if talk else (in_talk, place)
                        found = talk, place
                        break
            if found is not None:
                passage = self._mend(passage)
                if _is_greeting(general) and passage.lines:
                    passage = replace(passage, lines=(*general, "", *passage.lines))
                    general = []
                self._take(answer, passage, found)
                continue
            general += [""] if general else []
            general += [f"> {quoted.text}" for quoted in passage.quoted[-_QUOTED_SHOWN:]]
            general += passage.lines
        if general:
            self._add(
                ReviewComment(message=answer.mail.message, lines=tuple(general), place=None), -1
            )

    def _mend(self, passage: ReplyBlock) -> ReplyBlock:
        """Take the text's first line back to the quote, where a mailer broke a quoted line in two."""
        if passage.follows_quote_directly and any(
            (number := self._words.number(text)) >= 0 and self._patch.holds(number)
            for text in _mended(passage)
        ):
            lines = passage.lines[1:]
            while lines and not lines[0].strip():
                lines = lines[1:]
            return replace(passage, lines=lines)
        return passage

    def _take(self, answer: ReplyInThread, passage: ReplyBlock, found: tuple[bool, int]) -> None:
        """Add the comment that a passage is; `found` tells whether its quote is of another comment, and the place."""
        in_talk, at = found
        above = self._said_in[at] if in_talk else -1
        place = self._remarks[above].place if in_talk else self._place(at, _blanks_at_end(passage))
        if passage.lines:
            self._add(
                ReviewComment(message=answer.mail.message, lines=passage.lines, place=place), above
            )

    def _add(self, remark: ReviewComment, above: int) -> None:
        number = len(self._remarks)
        depth = self._remarks[above].depth + 1 if above >= 0 else 0
        self._remarks.append(replace(remark, depth=depth))
        self._answers.setdefault(above, []).append(number)
        for line in remark.lines:
            if self._talk.add(line):
                self._said_in.append(number)

    def in_order(self) -> list[ReviewComment]:
        """Return all remarks, by place, each with its answers after it."""

        def where(number: int) -> tuple[bool, int, int]:
            place = self._remarks[number].place
            if place is None:
                return True, 0, 0
            return False, PARTS.index(place.part), place.line

        ordered: list[ReviewComment] = []
        waiting = sorted(self._answers.get(-1, []), key=where)[::-1]
        while waiting:
            number = waiting.pop()
            ordered.append(self._remarks[number])
            waiting += self._answers.get(number, [])[::-1]
        return ordered


def _is_greeting(lines: Sequence[str]) -> bool:
    """Whether lines only greet: they join the next comment."""
    return (
        len(lines) == 1 and len(lines[0]) <= _LONGEST_GREETING and lines[0].rstrip()[-1:] in ",!:"
    )


def _blanks_at_end(passage: ReplyBlock) -> int:
    """Return how many blank lines the quote ends with."""
    count = 0
    for quoted in reversed(passage.quoted):
        if quoted.text.strip():
            break
        count += 1
    return count


def _mended(passage: ReplyBlock) -> Iterator[str]:
    """Yield the possible originals of a quoted line that a mailer wrapped without a quote mark."""
    start, rest = passage.quoted[-1].text, passage.lines[0]
    yield _key(f"{start} {rest}")
    yield _key(f"{start.rstrip()}{rest}")


def _key(line: str) -> str:
    """Return a line as it is compared: blanks and tabs are all the same."""
    return " ".join(line[:_LONGEST].split())


def _loose(key: str) -> str:
    """Return it without the sign of a diff's line."""
    return key[1:].lstrip() if key[:1] in {"+", "-"} else key


def _tail(words: list[str]) -> str:
    """Return the last words of a line, "" where they are too few to be specific."""
    words = [word for word in words if word not in _ORNAMENTS]
    return " ".join(words[-_WORDS:]) if len(words) >= _FEWEST_WORDS else ""
