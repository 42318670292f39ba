"""The phrases of a comparison, for every format and the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from core.model import FollowupTrailer, MessageId, Trailer
    from core.versions.choose import Choice, Posting
    from core.versions.compare import PairChange
    from core.versions.comparison import Comparison, PairInterdiff
    from core.versions.content import FileContent
    from core.versions.interdiff import FileInterdiff, Row

NOT_IN_CHANGELOG: Final = "not in the changelog"
_LETTERS: Final = {"code": "c", "rebased": "r", "message": "m", "author": "a", "tags": "t", "binary": "b", "mode": "x"}  # fmt: skip
_ORDER: Final = ("code", "binary", "mode", "rebased", "message", "author", "tags")


def letter(pair: PairChange) -> str:
    """Return one character for a pair: its strongest change, `=` for none, `+` and `-` for a lone patch."""
    if pair.old is None:
        return "+"
    if pair.new is None:
        return "-"
    return next((_LETTERS[kind] for kind in _ORDER if kind in pair.change), "=")


def pair_phrases(pair: PairChange, comparison: Comparison, *, old: str, new: str) -> Iterator[str]:
    """Yield the remarks on a pair; `old` and `new` are the names of the versions."""
    if not pair.compared:
        yield "not compared: too many patches"
    if pair.old is None:
        yield (
            f"new in {new}"
            if not pair.split_from
            else f"split from {old} {_numbers(pair.split_from)}"
        )
    elif pair.new is None:
        yield (
            f"gone in {new}"
            if pair.merged_into is None
            else f"merged into {new} {pair.merged_into}"
        )
    elif not pair.change:
        yield f"as in {old}"
    yield from _changes(pair)
    if pair.moved:
        yield "moved"
    yield from pair.notes
    if "code" in pair.change and not comparison.in_changelog(pair):
        yield NOT_IN_CHANGELOG


def _changes(pair: PairChange) -> Iterator[str]:
    if "code" in pair.change:
        word = "rewritten" if pair.rewritten else "code"
        yield f"{'whitespace' if 'whitespace' in pair.change else word} {counts(pair)}"
    for kind in ("rebased", "binary", "mode", "message", "author"):
        if kind in pair.change:
            yield "only context" if kind == "rebased" and pair.change == ("rebased",) else kind
    if "tags" in pair.change:
        yield tag_phrase(pair)


def counts(pair: PairChange) -> str:
    """Return `+66 -2`."""
    return f"+{pair.added} -{pair.removed}"


def tag_phrase(pair: PairChange) -> str:
    """Return the added and removed tags by their initials: `tags +R-b -A-b`."""
    said = [f"+{_short(trailer)}" for trailer in pair.tags.new]
    said += [f"-{_short(trailer)}" for trailer in pair.tags.dropped]
    said += [f"~{_short(new)}" for _, new in pair.tags.changed]
    return "tags " + " ".join(said[:4]) + (" …" if len(said) > 4 else "")


def _short(trailer: Trailer) -> str:
    name, by, _ = trailer.name.casefold().partition("-by")
    if not by:
        return trailer.name[:12]
    return "-".join(part[:1].upper() for part in name.split("-")) + "-b"


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def summary(comparison: Comparison) -> str:
    """Return in one line how many pairs changed how: `1 code, 2 only context, 1 new`."""
    count: dict[str, int] = {}
    for pair in comparison.pairs:
        word = _summary_word(pair)
        count[word] = count.get(word, 0) + 1
    return ", ".join(f"{number} {word}" for word, number in count.items())


def _summary_word(pair: PairChange) -> str:
    if pair.old is None:
        return "new"
    if pair.new is None:
        return "gone" if pair.merged_into is None else "merged"
    words = {"=": "unchanged", "c": "code", "r": "only context", "m": "message", "a": "author", "t": "tags", "b": "binary", "x": "mode"}  # fmt: skip
    return words[letter(pair)]


def missing_phrase(posting: Posting) -> str:
    """Return a sentence on the patches of a posting that are not here, "" where all are."""
    missing = posting.version.missing
    if not missing:
        return ""
    names = ", ".join(f"{number}/{posting.version.total}" for number in missing[:20])
    more = " …" if len(missing) > 20 else ""
    return f"{names}{more} of {posting.name} missing: compared without."


def giver(choice: Choice, trailer: Trailer) -> MessageId | None:
    """Return the reply that gave a tag, None where no mail here did."""
    for given in (*choice.old.series.trailers, *choice.new.series.trailers):
        if _is_tag(given, trailer):
            return given.message_id
    return None


def _is_tag(given: FollowupTrailer, trailer: Trailer) -> bool:
    same_name = given.name.casefold() == trailer.name.casefold()
    return same_name and given.value.casefold() == trailer.value.casefold()


# ------------------------------------------------------------------- rows


def row_differs(row: Row) -> bool:
    """Whether a row differs between the versions in effect; other context does not count."""
    return bool(row.effect) or {row.was, row.now} == {"+", " "}


def row_note(file: FileInterdiff, at: int, pair: PairInterdiff, new: str) -> str:
    """Return the note on a row of a file besides its marks, "" for none."""
    row = file.rows[at]
    if not row.text.strip():
        return ""
    if at in file.moved:
        return "moved"
    if at in file.respaced:
        return "only whitespace"
    if row.now == "+" and row.was != "+" and row.text in pair.moved_from:
        return f"moved from {pair.moved_from[row.text]}"
    if row.was == "+" and row.now != "+" and row.text in pair.moved_to:
        return f"moved to {pair.moved_to[row.text]}"
    notes = {
        ("+", " "): "in the base now",
        (" ", "+"): "added now, was in the base",
        ("-", " "): "kept now",
        (" ", "-"): "removed now",
        ("+", "-"): "removed now, was added",
        ("-", "+"): "added now, was removed",
        ("-", ""): f"no longer removed in {new}",
    }
    return notes.get((row.was, row.now), "")


def file_facts(file: FileInterdiff, old: str, new: str) -> Iterator[str]:
    """Yield the changes of a file besides its rows: path, status, mode, binary content."""
    if file.old is None or file.new is None:
        yield f"only in {new if file.old is None else old}"
        return
    if file.old_path is not None:
        yield f"{file.old_path} in {old}"
    if file.old.status != file.new.status:
        yield f"{file.old.status} in {old}, {file.new.status} in {new}"
    if _modes(file.old) != _modes(file.new):
        yield f"mode {_modes(file.old)} in {old}, {_modes(file.new)} in {new}"
    if file.old.binary != file.new.binary:
        yield "different binary content"


def _modes(file: FileContent) -> str:
    return f"{file.old_mode or '–'} → {file.new_mode or '–'}"


def stretches(file: FileInterdiff, above: int, below: int) -> list[tuple[list[int], int]]:
    """Return runs of changed rows, with context, and how many whole hunks were left out before each.

    The rows of the old version that are context alone are left out; the last run may be empty, and counts the hunks
    after the others. `above` and `below` are the numbers of rows of context.
    """
    rows = [at for at, row in enumerate(file.rows) if row.now or row.effect]
    near: list[int] = []
    last = -1
    for place, at in enumerate(rows):
        if row_differs(file.rows[at]):
            near += range(max(last + 1, place - above), min(len(rows), place + below + 1))
            last = near[-1]
    runs: list[list[int]] = []
    before = None
    for place in near:
        if before is None or place != before + 1:
            runs.append([])
        runs[-1].append(rows[place])
        before = place
    return list(zip([*runs, []], _hunks_left_out(file, runs), strict=True))


def _hunks_left_out(file: FileInterdiff, runs: Sequence[Sequence[int]]) -> Iterator[int]:
    """Yield the number of hunks of the new patch between runs, before the first, and after the last."""
    starts = file.new.hunk_starts if file.new is not None else ()
    ends = (*starts[1:], len(file.new.texts) if file.new is not None else 0)
    hunks = list(zip(starts, ends, strict=True)) if starts else []
    shown = [[at for row in run if (at := file.rows[row].new) >= 0] for run in runs]
    touched = [
        next((number for number, (start, end) in enumerate(hunks) if start <= at < end), 0)
        for run in shown
        for at in (run[:1] + run[-1:])
    ]
    before = -1
    for run in shown:
        if not run:
            yield 0
            continue
        first, last = touched.pop(0), touched.pop(0)
        yield max(0, first - before - 1)
        before = last
    yield max(0, len(hunks) - before - 1)
