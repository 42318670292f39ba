"""The changes of a later version at the line of a comment, from the interdiff of its patch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from core.comments.values import Evidence, NextVersion
from core.diff.parse import DiffFile
from core.model import OpenedMessage
from core.series.review_comments import PatchLine
from core.versions.comparison import PairInterdiff
from core.versions.content import message_lines
from core.versions.interdiff import FileInterdiff

_NEAR: Final = 3
"""Rows within which a change is nearby."""
_HUNK: Final = 40
"""Rows within which a change is in the hunk."""
_SHORTEST: Final = 8
"""Characters that a proposed line of code must have more of."""
_CODE: Final = re.compile(r"(?:\+\s*|\t+| {2,})(?P<code>\S.*)")


_JUMP: Final = re.compile(r"(?:return\b[^()]*|goto \w+|break|continue|else|endif);?\s*")
"""A line that any function may have, and that proves no proposal taken."""


def next_version(
    version: int,
    place: PatchLine | None,
    lines: Sequence[str],
    patch: OpenedMessage,
    diff: Sequence[DiffFile],
    later: PairInterdiff | None,
) -> NextVersion:
    """Return the outcome, in a later version, of a comment with these `lines` at a `place` of a patch with a `diff`.

    `later` is the patch's interdiff with that version, None for the cover letter.
    """
    if later is None:
        return NextVersion(version=version, number=0, evidence=Evidence.NO_PLACE)
    pair = later.pair
    if pair.new is None:
        merged = pair.merged_into is not None
        evidence = Evidence.PATCH_MERGED if merged else Evidence.PATCH_GONE
        return NextVersion(version=version, number=pair.merged_into, evidence=evidence)
    evidence, away = _evidence(place, lines, patch, diff, later)
    found = _row_of(place.line, diff, later.files) if place and place.part == "diff" else None
    return NextVersion(
        version=version,
        number=pair.new.number,
        evidence=evidence,
        rows_away=away,
        row=None if found is None else _new_row(*found),
        rewritten=pair.rewritten,
    )


def text_evidence(place: PatchLine | None, old: OpenedMessage, new: OpenedMessage) -> Evidence:
    """Return whether the message of a later mail has the paragraph of the comment's line, too."""
    if place is None:
        return Evidence.NO_PLACE
    paragraph = _paragraph(getattr(old.body, place.part).split("\n"), place.line)
    there = {_squeezed(line) for line in new.text.split("\n")}
    kept = all(_squeezed(line) in there for line in paragraph)
    return Evidence.TEXT_AS_IT_WAS if kept else Evidence.TEXT_CHANGED


def _evidence(
    place: PatchLine | None,
    lines: Sequence[str],
    patch: OpenedMessage,
    diff: Sequence[DiffFile],
    later: PairInterdiff,
) -> tuple[Evidence, int | None]:
    suggested = _is_as_suggested(lines, later)
    if place is None:
        return (Evidence.AS_SUGGESTED if suggested else Evidence.NO_PLACE), None
    if place.part != "diff":
        return _message_evidence(place, patch, later), None
    found = _row_of(place.line, diff, later.files)
    if suggested:
        return Evidence.AS_SUGGESTED, None if found is None else _distance(*found)
    changed = bool({"code", "binary", "mode", "whitespace"}.intersection(later.pair.change))
    rest = Evidence.AS_IT_WAS if changed else Evidence.PATCH_AS_IT_WAS
    if found is None:
        return rest, None
    away = _distance(*found)
    if away is None:
        return rest, None
    if away == 0:
        return Evidence.LINE_CHANGED, away
    return (Evidence.NEARBY if away <= _NEAR else Evidence.IN_HUNK), away


def _message_evidence(place: PatchLine, patch: OpenedMessage, later: PairInterdiff) -> Evidence:
    paragraph = _paragraph(getattr(patch.body, place.part).split("\n"), place.line)
    if later.new is None:
        return Evidence.TEXT_CHANGED
    there = {_squeezed(line) for line in later.new.message}
    kept = all(_squeezed(line) in there for line in message_lines("\n".join(paragraph)))
    return Evidence.TEXT_AS_IT_WAS if kept else Evidence.TEXT_CHANGED


def _row_of(
    line: int, diff: Sequence[DiffFile], files: Sequence[FileInterdiff]
) -> tuple[FileInterdiff, int] | None:
    """Return the file of a diff's line, and its place among the rows of the file's interdiff."""
    for file in diff:
        row = 0
        for hunk in file.hunks:
            if hunk.start <= line < hunk.end:
                row += max(0, line - hunk.start - 1)
                return _interdiff_row(file.path, row, files)
            row += len(hunk.rows)
    return None


def _interdiff_row(
    path: str, row: int, files: Sequence[FileInterdiff]
) -> tuple[FileInterdiff, int] | None:
    for file in files:
        if file.old is not None and file.old.path == path:
            for at, one in enumerate(file.rows):
                if one.old == row:
                    return file, at
    return None


def _new_row(file: FileInterdiff, at: int) -> tuple[str, int] | None:
    """Return the later patch's row at a row of the interdiff: of a row that is gone the one in its place, else above it."""
    following = at
    while following + 1 < len(file.rows) and file.rows[following].new < 0:
        following += 1
    if file.rows[following].old < 0:
        return file.path, file.rows[following].new
    for place in (*range(at, -1, -1), *range(at + 1, len(file.rows))):
        if file.rows[place].new >= 0:
            return file.path, file.rows[place].new
    return None


def line_of_row(diff: Sequence[DiffFile], path: str, row: int) -> PatchLine | None:
    """Return the line of a patch's diff that is a row of a file, counted through its hunks; None where it has none."""
    for file in diff:
        if file.path == path:
            for hunk in file.hunks:
                if row < len(hunk.rows):
                    return PatchLine("diff", hunk.start + 1 + row)
                row -= len(hunk.rows)
    return None


def _distance(file: FileInterdiff, at: int) -> int | None:
    """Return how many rows away the nearest change is, not beyond the hunk; 0: the row itself changed."""
    if _is_changed(file, at):
        return 0
    best: int | None = None
    for step in (-1, 1):
        for away, place in enumerate(_rows_from(file, at, step), 1):
            if _is_changed(file, place):
                best = away if best is None else min(best, away)
                break
    return best


def _rows_from(file: FileInterdiff, at: int, step: int) -> Iterator[int]:
    """Yield the rows on one side of a row, up to 40, within its hunk."""
    old_starts = set(file.old.hunk_starts) if file.old is not None else set()
    place = at
    for _ in range(_HUNK):
        if step < 0 and file.rows[place].old in old_starts:
            return
        place += step
        if not 0 <= place < len(file.rows):
            return
        if step > 0 and file.rows[place].old in old_starts:
            return
        yield place


def _is_changed(file: FileInterdiff, at: int) -> bool:
    row = file.rows[at]
    return row.was != row.now and row.effect != 0 and at not in file.moved


def _is_as_suggested(lines: Sequence[str], later: PairInterdiff) -> bool:
    """Whether code that a comment proposes is among the lines that the later version added."""
    proposed = {
        _squeezed(match["code"])
        for line in lines
        if (match := _CODE.match(line))
        and len(match["code"].strip()) > _SHORTEST
        and not _JUMP.fullmatch(match["code"])
    }
    if not proposed:
        return False
    return any(
        row.effect > 0 and _squeezed(row.text) in proposed
        for file in later.files
        for row in file.rows
    )


def _paragraph(lines: Sequence[str], at: int) -> list[str]:
    start = end = min(at, len(lines) - 1)
    while start > 0 and lines[start - 1].strip():
        start -= 1
    while end < len(lines) and lines[end].strip():
        end += 1
    return list(lines[start:end])


def _squeezed(text: str) -> str:
    return " ".join(text.split())
