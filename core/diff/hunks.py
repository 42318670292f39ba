"""One hunk of a diff: as long as its header says, so that a removed line `-- ` ends nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

_HUNK: Final = re.compile(
    r"@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@ ?([^\n]*)"
)
_RANGE: Final = re.compile(r"[-+]([0-9]{1,9})(?:,([0-9]{1,9}))?")
_MOST_PARENTS: Final = 16


@dataclass(frozen=True, slots=True)
class HunkLine:
    """One line of a hunk."""

    kind: str
    """` ` both sides have it, `-` the old one, `+` the new one, `\\` a remark on the line before, `?` none of these."""
    text: str
    """Without the column (of a combined diff: columns) that tells its kind."""
    old: int | None
    """Its number in the old file (of a combined diff: in the first parent)."""
    new: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """A run of changed lines with the lines around them."""

    start: int
    """The index of its header among the lines of the diff."""
    header: str
    """From `@@` to `@@`."""
    section: str
    """The text after the numbers: the enclosing function."""
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    added: int
    removed: int
    rows: Sequence[str] = field(repr=False)
    """Its lines as they stand, without the header."""
    parents: int = 1
    """More than one in a combined diff."""
    damaged: bool = False
    """Its header's counts are wrong, or lines of it were broken on the way."""

    @property
    def end(self) -> int:
        """The index after its last line."""
        return self.start + 1 + len(self.rows)

    def kinds(self) -> str:
        """Return each line's kind, as in `HunkLine.kind`, one character a line."""
        if self.parents > 1:
            return "".join([_combined_kind(row, self.parents) for row in self.rows])
        return "".join([_KINDS.get(row[:1], "?") for row in self.rows])

    def lines(self) -> Iterator[HunkLine]:
        """Yield its lines with their numbers."""
        old, new = self.old_start, self.new_start
        for row, kind in zip(self.rows, self.kinds(), strict=True):
            text = row[self.parents :] if kind in " -+" else row
            yield HunkLine(kind, text, old if kind in " -" else None, new if kind in " +" else None)
            old += kind in " -"
            new += kind in " +"


_KINDS: Final = {" ": " ", "+": "+", "-": "-", "\\": "\\", "": " ", "\r": " "}
"""A line's first character → its kind; an empty line is a context line whose blank a mailer removed."""


def _combined_kind(row: str, parents: int) -> str:
    columns = row[:parents]
    if columns[:1] == "\\":
        return "\\"
    if columns.strip(" +-\r"):
        return "?"
    return "-" if "-" in columns else "+" if "+" in columns else " "


def read_hunk(lines: Sequence[str], start: int) -> Hunk | None:
    """Read the hunk whose header is `lines[start]`; None for any other line."""
    line = lines[start]
    if (match := _HUNK.match(line)) is None:
        return _read_combined(lines, start)
    old_first, old_lines, new_first, new_lines, section = match.groups("1")
    old_start, old_count = int(old_first), int(old_lines)
    new_start, new_count = int(new_first), int(new_lines)
    end, added, removed, damaged = _body(lines, start + 1, old_count, new_count)
    return Hunk(
        start=start,
        header=line[: match.start(5)].rstrip(),
        section=section.rstrip(),
        old_start=old_start,
        old_count=old_count,
        new_start=new_start,
        new_count=new_count,
        added=added,
        removed=removed,
        rows=lines[start + 1 : end],
        damaged=damaged,
    )


def _body(lines: Sequence[str], at: int, old: int, new: int) -> tuple[int, int, int, bool]:
    """Read `old` and `new` lines from `at`; return the end, the added and removed lines, and whether it is damaged."""
    count = len(lines)
    added = removed = 0
    damaged = False
    while (old > 0 or new > 0) and at < count:
        kind = lines[at][:1]
        if kind == " ":
            old -= 1
            new -= 1
        elif kind == "+":
            new -= 1
            added += 1
        elif kind == "-":
            if lines[at].startswith("--- ") and is_plain_header(lines, at):
                break
            old -= 1
            removed += 1
        elif kind in {"", "\r"}:
            if old <= 0 or new <= 0:
                break
            old -= 1
            new -= 1
        elif kind != "\\":
            # One line that a mailer broke in two does not end the hunk.
            damaged = True
            if lines[at].startswith(_HEADS) or at + 1 >= count or lines[at + 1][:1] not in _GOES_ON:
                break
        at += 1
    while at < count and lines[at].startswith("\\ "):
        at += 1
    return at, added, removed, damaged or old != 0 or new != 0


_HEADS: Final = ("diff ", "@@ ", "Index: ")
_GOES_ON: Final = frozenset(" +-\\@d")


def is_plain_header(lines: Sequence[str], at: int) -> bool:
    """Whether `---`, `+++` and `@@` follow each other, which no hunk can contain."""
    return (
        at + 2 < len(lines)
        and lines[at].startswith("--- ")
        and lines[at + 1].startswith("+++ ")
        and lines[at + 2].startswith("@@")
    )


def _read_combined(lines: Sequence[str], start: int) -> Hunk | None:
    """Read `@@@ -1,2 -1,2 +1,3 @@@`: each line of it begins with a column for each parent."""
    line = lines[start]
    marks = len(line) - len(line.lstrip("@"))
    parents = marks - 1
    if not 2 <= parents <= _MOST_PARENTS:
        return None
    fields = line.split(" ", parents + 3)
    ranges = [match for part in fields[1 : parents + 2] if (match := _RANGE.fullmatch(part))]
    if len(ranges) != parents + 1 or fields[parents + 2 : parents + 3] != ["@" * marks]:
        return None
    numbers = [(int(part[1]), int(part[2] or 1)) for part in ranges]
    end, added, removed, damaged = _combined_body(lines, start + 1, [count for _, count in numbers])
    (old_start, old_count), (new_start, new_count) = numbers[0], numbers[-1]
    return Hunk(
        start=start,
        header=" ".join(fields[: parents + 3]).rstrip(),
        section=" ".join(fields[parents + 3 :]).rstrip(),
        old_start=old_start,
        old_count=old_count,
        new_start=new_start,
        new_count=new_count,
        added=added,
        removed=removed,
        rows=lines[start + 1 : end],
        parents=parents,
        damaged=damaged,
    )


def _combined_body(lines: Sequence[str], at: int, left: list[int]) -> tuple[int, int, int, bool]:
    """`_body` for a combined diff; `left` counts the lines of each parent and of the result."""
    parents = len(left) - 1
    count = len(lines)
    added = removed = 0
    while max(left) > 0 and at < count:
        columns = lines[at][:parents]
        kind = _combined_kind(columns, parents)
        if kind == "?":
            break
        if kind != "\\":
            added += kind == "+"
            removed += kind == "-"
            left[-1] -= kind != "-"
            for parent, column in enumerate(columns.ljust(parents)):
                # In a removed line a blank says that this parent has no such line.
                left[parent] -= column == "-" if kind == "-" else column != "+"
        at += 1
    while at < count and lines[at].startswith("\\ "):
        at += 1
    # git itself miscounts a parent's lines at times; the result's it counts right.
    return at, added, removed, left[-1] != 0
