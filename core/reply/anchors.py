"""Lines of a mail by their content, so that a comment finds its line again after another fetch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.diff.parse import read_diff
from core.model import Body
from core.reply.draft import Anchor
from core.series.review_comments import PARTS, PatchLine


@dataclass(frozen=True, slots=True)
class AnchoredLine:
    """A line's anchor, and its number in the file it is of."""

    anchor: Anchor
    line: int | None


def anchor_of(place: PatchLine, body: Body) -> AnchoredLine:
    """Return the anchor of a line of a mail. Raises IndexError where there is no such line."""
    seen: dict[tuple[str, str], int] = {}
    for number, path, text in _lines(place.part, body):
        ordinal = seen.get((path, text), 0)
        if number == place.line:
            anchor = Anchor(part=place.part, path=path, text=text, ordinal=ordinal)
            line = _file_line(body.diff, place.line) if place.part == "diff" else None
            return AnchoredLine(anchor, line)
        seen[path, text] = ordinal + 1
    raise IndexError(place)


def resolve(anchors: Sequence[Anchor], body: Body) -> list[PatchLine | None]:
    """Return where each anchor's line is; None where it is not there. Linear in the mail."""
    wanted: dict[tuple[str, str, str], dict[int, list[int]]] = {}
    for at, one in enumerate(anchors):
        key = (one.part, one.path, one.text)
        wanted.setdefault(key, {}).setdefault(one.ordinal, []).append(at)
    found: list[PatchLine | None] = [None] * len(anchors)
    seen: dict[tuple[str, str, str], int] = {}
    for part in {one.part for one in anchors}:
        for number, path, text in _lines(part, body):
            key = (part, path, text)
            if key in wanted:
                ordinal = seen.get(key, 0)
                seen[key] = ordinal + 1
                for at in wanted[key].get(ordinal, ()):
                    found[at] = PatchLine(anchors[at].part, number)
    return found


def last_line(text: str, body: Body) -> PatchLine | None:
    """Return the last line of a mail's parts that is a given one."""
    found = None
    for part in PARTS:
        for number, line in enumerate(getattr(body, part).split("\n")):
            if line.rstrip() == text.rstrip():
                found = PatchLine(part, number)
    return found


def _lines(part: str, body: Body) -> Iterator[tuple[int, str, str]]:
    """Yield each line of a part with the path of the file it belongs to."""
    lines = getattr(body, part).split("\n")
    if part != "diff":
        for number, text in enumerate(lines):
            yield number, "", text
        return
    files = read_diff(body.diff).files
    at = -1
    for number, text in enumerate(lines):
        while at + 1 < len(files) and files[at + 1].start <= number:
            at += 1
        yield number, files[at].path if at >= 0 else "", text


def _file_line(diff: str, line: int) -> int | None:
    """Return the number of a diff's row in the new file, of a removed row in the old one."""
    for file in read_diff(diff).files:
        for hunk in file.hunks:
            if hunk.start < line < hunk.end:
                for at, row in enumerate(hunk.lines(), hunk.start + 1):
                    if at == line:
                        return row.new if row.new is not None else row.old
    return None
