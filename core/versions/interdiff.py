"""The interdiff of a patch between two versions, by rows: the differences in effect from the version before.

The rows of both patches are aligned, sign and text first, then, inside of differing parts, by the text alone, which
finds lines that kept their text but changed their sign. From the two signs of a row follows whether the new tree has
the line and whether the old patch, on the new base, would have it; context that differs says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import Event
from typing import Final, NamedTuple

from core.errors import Cancelled
from core.versions.content import NO_NEWLINE, FileContent, PatchContent
from core.versions.increasing import longest_increasing

_MOST_CELLS: Final = 100_000_000
"""Rows times rows that are aligned in one piece (12 MB of bits); larger ones are cut at lines that occur once."""
_PIECE: Final = 8_000
"""Rows of a piece where no line occurs once."""
_SHORTEST_TEXT: Final = 4
"""Characters of a line that may tell its place."""
_ALIKE: Final = 0.5
"""The share of changed rows in common from which on two files with other names are one that was renamed."""


class Row(NamedTuple):
    """One row of the interdiff."""

    was: str
    """Its sign in the old version: ` `, `+`, `-`, `?`, or "" where the old patch does not show it."""
    now: str
    """The sign in the new version."""
    text: str
    old: int
    """Its place among the rows of the file in the old patch, -1 for none."""
    new: int

    @property
    def effect(self) -> int:
        """1 where the new tree has the line and had it not after the old patch, -1 the other way round, else 0."""
        return _in_tree(self.now, self.was) - _in_tree(self.was, self.now)


def _in_tree(sign: str, other: str) -> int:
    """1 where a line is there after a patch, else 0; where the patch does not show it, 1 if the other patch found it."""
    if sign:
        return int(sign != "-")
    return int(other in {"-", " "})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInterdiff:
    """The interdiff of one file; a file that only one version touches is compared with nothing."""

    old: FileContent | None
    new: FileContent | None
    rows: tuple[Row, ...] = field(repr=False)
    moved: frozenset[int] = frozenset()
    """Rows that only changed their place within the file."""
    respaced: frozenset[int] = frozenset()
    """Added or removed rows that differ in whitespace alone."""
    added: int = 0
    """Rows that came, less those that moved."""
    removed: int = 0

    @property
    def path(self) -> str:
        """Its path in the new version, or in the old one where the new one leaves it alone."""
        file = self.new or self.old
        return file.path if file is not None else ""

    @property
    def old_path(self) -> str | None:
        """Its path in the old version, where that differs."""
        if self.old is None or self.new is None or self.old.path == self.new.path:
            return None
        return self.old.path


def interdiff(
    old: PatchContent | None, new: PatchContent | None, stop: Event | None = None
) -> tuple[FileInterdiff, ...]:
    """Return the interdiff of each file, in the order of the new patch, then files of the old one alone. Raises Cancelled."""
    old_files = old.files if old is not None else ()
    new_files = new.files if new is not None else ()
    return tuple(
        compare_files(left, right, stop) for left, right in pair_files(old_files, new_files)
    )


def pair_files(
    old: Sequence[FileContent], new: Sequence[FileContent]
) -> Iterator[tuple[FileContent | None, FileContent | None]]:
    """Yield pairs of files: by path, then by the path before, then by their changes."""
    left = dict(enumerate(old))
    partner: dict[int, FileContent] = {}
    for is_same in (_same_path, _same_old_path):
        names: dict[str, list[int]] = {}
        for at, file in left.items():
            names.setdefault(is_same(file), []).append(at)
        for at, file in enumerate(new):
            if at not in partner and (found := names.get(is_same(file))):
                partner[at] = left.pop(found.pop(0))
    lone = [at for at in range(len(new)) if at not in partner]
    for at, place in _renamed(left, {at: new[at] for at in lone}):
        partner[at] = left.pop(place)
    for at, file in enumerate(new):
        yield partner.get(at), file
    for file in left.values():
        yield file, None


def _same_path(file: FileContent) -> str:
    return file.path


def _same_old_path(file: FileContent) -> str:
    return file.old_path or file.path


_MOST_RENAMES: Final = 40
"""Files a side that are held against each other to find renamed ones."""


def _renamed(old: dict[int, FileContent], new: dict[int, FileContent]) -> Iterator[tuple[int, int]]:
    """Yield (new, old) places of files that have other names and more than half of their changed rows in common.

    Their context must be as alike: the same lines put into another file, one that was there before, are no rename.
    """
    if not old or not new or max(len(old), len(new)) > _MOST_RENAMES:
        return
    counts = [
        {
            at: (Counter(file.changed_rows()), Counter(file.context_rows()))
            for at, file in side.items()
        }
        for side in (old, new)
    ]
    found: list[tuple[float, int, int]] = []
    for place, one in counts[0].items():
        for at, other in counts[1].items():
            share = _share(one[0], other[0])
            if share > _ALIKE and (one[1] == other[1] or _share(one[1], other[1]) > _ALIKE):
                found.append((-share, at, place))
    taken_old, taken_new = set[int](), set[int]()
    for _, at, place in sorted(found):
        if at not in taken_new and place not in taken_old:
            taken_new.add(at)
            taken_old.add(place)
            yield at, place


def _share(one: Counter[tuple[str, str]], other: Counter[tuple[str, str]]) -> float:
    """Return the share of rows in common, as multisets."""
    largest = max(one.total(), other.total())
    return (one & other).total() / largest if largest else 0.0


def compare_files(
    old: FileContent | None, new: FileContent | None, stop: Event | None = None
) -> FileInterdiff:
    """Return the interdiff of one file. Raises Cancelled."""
    if old is not None and new is not None and (old.signs, old.texts) == (new.signs, new.texts):
        return _unchanged(old, new)
    rows = tuple(_aligned(old or _NOTHING, new or _NOTHING, stop))
    # Most rows are as they were: asking each for its effect takes longer than aligning them.
    effects = [row.effect if row.was != row.now and row.text != NO_NEWLINE else 0 for row in rows]
    came = Counter(row.text for row, effect in zip(rows, effects, strict=True) if effect > 0)
    went = Counter(row.text for row, effect in zip(rows, effects, strict=True) if effect < 0)
    both = came & went
    left = {1: both.copy(), -1: both.copy()}
    moved: set[int] = set()
    for at, effect in enumerate(effects):
        if effect and left[effect][rows[at].text] > 0:
            left[effect][rows[at].text] -= 1
            moved.add(at)
    return FileInterdiff(
        old=old,
        new=new,
        rows=rows,
        moved=frozenset(moved),
        respaced=_respaced(rows, effects, moved),
        added=came.total() - both.total(),
        removed=went.total() - both.total(),
    )


def _unchanged(old: FileContent, new: FileContent) -> FileInterdiff:
    """Return the interdiff of a file that has the same rows in both patches: most files of a new version have."""
    return FileInterdiff(
        old=old,
        new=new,
        rows=tuple(
            Row(sign, sign, text, at, at)
            for at, (sign, text) in enumerate(zip(new.signs, new.texts, strict=True))
        ),
        moved=frozenset(),
        respaced=frozenset(),
        added=0,
        removed=0,
    )


def _respaced(rows: Sequence[Row], effects: Sequence[int], moved: set[int]) -> frozenset[int]:
    """Return the rows that another of opposite effect equals but for white space."""
    changed = [at for at, effect in enumerate(effects) if effect and at not in moved]
    squeezed = {at: text for at in changed if (text := "".join(rows[at].text.split()))}
    sides = [{text for at, text in squeezed.items() if effects[at] == side} for side in (1, -1)]
    both = sides[0] & sides[1]
    return frozenset(at for at, text in squeezed.items() if text in both)


_NOTHING: Final = FileContent(path="")


def _aligned(old: FileContent, new: FileContent, stop: Event | None) -> Iterator[Row]:
    """Yield the rows of both sides, old ones before new ones where they replace each other."""
    numbers: dict[tuple[str, str], int] = {}
    left, right = (
        [numbers.setdefault(row, len(numbers)) for row in zip(file.signs, file.texts, strict=True)]
        for file in (old, new)
    )
    unique = cache(lambda: _unique_texts(old) & _unique_texts(new))
    for is_equal, i, i_end, j, j_end in _opcodes(left, right, stop):
        if is_equal:
            for at in range(i_end - i):
                sign = new.signs[j + at]
                yield Row(sign, sign, new.texts[j + at], i + at, j + at)
        elif i < i_end and j < j_end:
            yield from _aligned_by_text(old, new, (i, i_end, j, j_end), unique, stop)
        else:
            yield from _unaligned(old, new, (i, i_end, j, j_end))


def _unique_texts(file: FileContent) -> set[str]:
    """Return the texts that occur once in a patch of a file, but for braces and the like."""
    counts = Counter(file.texts)
    return {text for text, n in counts.items() if n == 1 and len(text.strip()) >= _SHORTEST_TEXT}


def _aligned_by_text(
    old: FileContent,
    new: FileContent,
    span: tuple[int, int, int, int],
    unique: Callable[[], set[str]],
    stop: Event | None,
) -> Iterator[Row]:
    """Yield the rows of a stretch, aligned without regard to signs; `unique` returns the texts that occur once."""
    first, last, start, end = span
    texts: dict[str, int] = {}
    left = [texts.setdefault(text, len(texts)) for text in old.texts[first:last]]
    right = [texts.setdefault(text, len(texts)) for text in new.texts[start:end]]
    for is_equal, i, i_end, j, j_end in _opcodes(left, right, stop):
        span = first + i, first + i_end, start + j, start + j_end
        if is_equal and _is_one_place(old, new, span, unique):
            for was, now in zip(range(*span[:2]), range(*span[2:]), strict=True):
                yield Row(old.signs[was], new.signs[now], new.texts[now], was, now)
        else:
            yield from _unaligned(old, new, span)


def _is_one_place(
    old: FileContent,
    new: FileContent,
    span: tuple[int, int, int, int],
    unique: Callable[[], set[str]],
) -> bool:
    """Whether rows of equal texts are the same lines of the file.

    A line that one version adds and the other has around its changes says so only where its text is found nowhere
    else: a brace or `goto out;` is in every function.
    """
    first, last, start, end = span
    signs = zip(old.signs[first:last], new.signs[start:end], strict=True)
    if all({was, now} != {"+", " "} for was, now in signs):
        return True
    return not unique().isdisjoint(new.texts[start:end])


def _unaligned(
    old: FileContent, new: FileContent, span: tuple[int, int, int, int]
) -> Iterator[Row]:
    first, last, start, end = span
    for at in range(first, last):
        yield Row(old.signs[at], "", old.texts[at], at, -1)
    for at in range(start, end):
        yield Row("", new.signs[at], new.texts[at], -1, at)


# ------------------------------------------------------------------- alignment of numbers

_Opcode = tuple[bool, int, int, int, int]


def _opcodes(left: Sequence[int], right: Sequence[int], stop: Event | None) -> Iterator[_Opcode]:
    """Yield (equal, from, to, from, to) of both sequences, aligned by a longest common subsequence. Raises Cancelled.

    Pieces too large for it are cut at the numbers that occur once on both sides (Bram Cohen's patience diff).
    """
    start = 0
    least = min(len(left), len(right))
    while start < least and left[start] == right[start]:
        start += 1
    end = 0
    while end < least - start and left[-1 - end] == right[-1 - end]:
        end += 1
    if start:
        yield True, 0, start, 0, start
    i, j = start, start
    for i_end, j_end in _cuts(left, right, (start, len(left) - end, start, len(right) - end)):
        if stop is not None and stop.is_set():
            raise Cancelled
        yield from _blocks(left[i:i_end], right[j:j_end], i, j)
        i, j = i_end, j_end
    if end:
        yield True, len(left) - end, len(left), len(right) - end, len(right)


def _blocks(left: Sequence[int], right: Sequence[int], i: int, j: int) -> Iterator[_Opcode]:
    """Yield the blocks of one piece that begins at `i` and `j`; between two equal ones there is one at most."""
    from rapidfuzz.distance import (
        LCSseq,  # not before it is wanted: the screen's start must not wait for it
    )

    start = 0, 0
    for code in LCSseq.opcodes(left, right):
        if code.tag == "equal":
            if start != (code.src_start, code.dest_start):
                yield False, i + start[0], i + code.src_start, j + start[1], j + code.dest_start
            yield True, i + code.src_start, i + code.src_end, j + code.dest_start, j + code.dest_end
            start = code.src_end, code.dest_end
    if start != (len(left), len(right)):
        yield False, i + start[0], i + len(left), j + start[1], j + len(right)


def _cuts(
    left: Sequence[int], right: Sequence[int], span: tuple[int, int, int, int]
) -> Iterator[tuple[int, int]]:
    """Yield where to cut both sequences into pieces that are small enough; the last cut is the end."""
    first, last, start, end = span
    i, j = first, start
    if (last - first) * (end - start) > _MOST_CELLS:
        for anchor_i, anchor_j in [*_anchors(left, right, span), (last, end)]:
            while (anchor_i - i) * (anchor_j - j) > _MOST_CELLS:
                i, j = min(i + _PIECE, anchor_i), min(j + _PIECE, anchor_j)
                yield i, j
            if anchor_i - i > _PIECE // 2 or anchor_j - j > _PIECE // 2:
                yield anchor_i, anchor_j
                i, j = anchor_i, anchor_j
    if i < last or j < end:
        yield last, end


def _anchors(
    left: Sequence[int], right: Sequence[int], span: tuple[int, int, int, int]
) -> list[tuple[int, int]]:
    """Return places of numbers that occur once on both sides, the longest run that is in order on both."""
    first, last, start, end = span
    counts = Counter(left[first:last]), Counter(right[start:end])
    places = {right[at]: at for at in range(start, end) if counts[1][right[at]] == 1}
    found = [
        (at, places[left[at]])
        for at in range(first, last)
        if counts[0][left[at]] == 1 and left[at] in places
    ]
    kept = longest_increasing([there for _, there in found])
    return [found[at] for at in kept]
