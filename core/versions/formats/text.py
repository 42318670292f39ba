"""A comparison as plain text, for a terminal and a pipe.

Each row of an interdiff begins with `>` where it is new in this version, `<` where it was in the old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from core.text import SafeText, shown, shown_line
from core.versions.choose import Choice
from core.versions.comparison import Comparison, PairInterdiff
from core.versions.formats.phrases import (
    file_facts,
    giver,
    letter,
    missing_phrase,
    pair_phrases,
    row_note,
    stretches,
    summary,
)
from core.versions.interdiff import FileInterdiff

CONTEXT: Final = (2, 1)
"""Rows of context above and below changed rows."""
_TITLE: Final = 52
"""Columns of the titles, so that most lines fit into 100."""


def ladder_lines(choice: Choice, comparison: Comparison) -> Iterator[SafeText]:
    """Yield the pairs of patches with their changes, one a line; then the author's changelog."""
    old, new = choice.old.name, choice.new.name
    yield shown(f"{choice.new.series.subject}  {old} → {new}: {summary(comparison)}")
    yield shown(f"{old} {choice.old.id}  {new} {choice.new.id}")
    for posting in (choice.old, choice.new):
        if sentence := missing_phrase(posting):
            yield shown(sentence)
    yield SafeText("")
    for pair in comparison.pairs:
        left = str(pair.old.number) if pair.old else "–"
        right = str(pair.new.number) if pair.new else "–"
        ref = pair.new or pair.old
        title = shown(ref.title if ref else "")
        phrases = ", ".join(pair_phrases(pair, comparison, old=old, new=new))
        line = f"{left:>4} {letter(pair)} {right:>3}  {title:<{_TITLE}}  {phrases}"
        yield shown_line(line.rstrip())
    yield SafeText("")
    yield from _changelog(choice, comparison)


def _changelog(choice: Choice, comparison: Comparison) -> Iterator[SafeText]:
    if not comparison.changelog:
        yield shown(f"The mails of {choice.new.name} have no changelog.")
        return
    yield SafeText("Changelog:")
    for item in comparison.changelog:
        patches = " ".join(str(number) for number in item.patches)
        head = f"  v{item.version}" + (f", patch {patches}" if patches else "") + ": "
        first, *more = item.text.split("\n")
        yield SafeText("  " + shown(f"{head.strip()} {first}"))
        for line in more:
            yield SafeText("      " + shown(line.strip()))


def pair_lines(choice: Choice, comparison: Comparison, pair: PairInterdiff) -> Iterator[SafeText]:
    """Yield one pair whole: author, tags, message, and the interdiff of each file."""
    old, new = choice.old.name, choice.new.name
    change = pair.pair
    ref = change.new or change.old
    name = (
        f"{new} {change.new.number}"
        if change.new
        else f"{old} {change.old.number if change.old else ''}"
    )
    yield shown(f"{name}  {ref.title if ref else ''}")
    yield shown(", ".join(pair_phrases(change, comparison, old=old, new=new)))
    for item in comparison.items_of(change):
        yield shown(f"changelog v{item.version}: {item.text}")
    yield from _tags(choice, pair)
    if "author" in change.change and pair.old and pair.new:
        yield shown(f"author {pair.old.author} → {pair.new.author}")
    if "message" in change.change:
        yield SafeText("")
        yield SafeText("message")
        yield from interdiff_lines(pair.message, pair, old, new)
    yield from file_lines(pair, old, new)


def file_lines(pair: PairInterdiff, old: str, new: str) -> Iterator[SafeText]:
    """Yield the interdiff of each file; several in a row that are as they were are one line."""
    for is_same, files in groupby(pair.files, lambda file: _is_as_before(file, old, new)):
        same = list(files)
        if is_same and len(same) > 1:
            yield SafeText("")
            yield shown(f"… {len(same)} files as in {old}")
            continue
        for file in same:
            yield from _file(file, pair, old, new)


def _tags(choice: Choice, pair: PairInterdiff) -> Iterator[SafeText]:
    tags = pair.pair.tags
    for trailer in tags.new:
        given = giver(choice, trailer)
        where = f"  (given in {given})" if given else ""
        yield SafeText("> " + shown(f"{trailer.name}: {trailer.value}{where}"))
    for trailer in tags.dropped:
        yield SafeText("< " + shown(f"{trailer.name}: {trailer.value}"))
    for before, after in tags.changed:
        yield SafeText("< " + shown(f"{before.name}: {before.value}"))
        yield SafeText("> " + shown(f"{after.name}: {after.value}"))


def _is_as_before(file: FileInterdiff, old: str, new: str) -> bool:
    """Whether nothing is to be said of a file."""
    same_rows = file.old is not None and file.new is not None and file.old == file.new
    return same_rows and not any(file_facts(file, old, new))


def _file(file: FileInterdiff, pair: PairInterdiff, old: str, new: str) -> Iterator[SafeText]:
    facts = list(file_facts(file, old, new))
    runs = stretches(file, *CONTEXT)
    is_changed = len(runs) > 1
    yield SafeText("")
    as_before = ""
    if not facts and not is_changed:
        is_same = _is_as_before(file, old, new)
        as_before = f"as in {old}" if is_same else f"as in {old}, in other context"
    facts_text = ", ".join([*facts, *filter(None, [as_before])])
    yield shown(file.path + (f"  ({facts_text})" if facts_text else ""))
    if is_changed:
        yield from interdiff_lines(file, pair, old, new)


def interdiff_lines(
    file: FileInterdiff, pair: PairInterdiff, old: str, new: str
) -> Iterator[SafeText]:
    """Yield the changed rows of a file, with context, and a line for each gap between them."""
    for number, (run, left_out) in enumerate(_trimmed(file, stretches(file, *CONTEXT))):
        if left_out:
            yield shown(f"… {left_out} {'hunk' if left_out == 1 else 'hunks'} as in {old}")
        elif number and run:
            yield SafeText("…")
        for at in run:
            row = file.rows[at]
            mark = " " if row.was == row.now or not (row.was or row.effect) else ">"
            mark = "<" if not row.now else mark
            note = row_note(file, at, pair, new)
            sign = "" if file is pair.message else row.now or row.was
            text = shown_line(sign + row.text, first_column=len(sign))
            yield SafeText(f"{mark}{text}" + (f"  ← {shown(note)}" if note else ""))


def _trimmed(
    file: FileInterdiff, runs: Sequence[tuple[list[int], int]]
) -> Iterator[tuple[list[int], int]]:
    """Yield runs without the blank rows of context at their ends."""
    for run, left_out in runs:
        start, end = 0, len(run)
        while start < end and _is_blank(file, run[start]):
            start += 1
        while end > start and _is_blank(file, run[end - 1]):
            end -= 1
        yield run[start:end], left_out


def _is_blank(file: FileInterdiff, at: int) -> bool:
    row = file.rows[at]
    return not row.effect and row.was == row.now and not row.text.strip()
