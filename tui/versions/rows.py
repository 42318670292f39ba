"""The lines of the ladder and of the grid as pieces of text with the names of their looks. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from core.versions.choose import Choice, Posting, postings
from core.versions.formats.phrases import letter, missing_phrase, pair_phrases, summary
from tui.widgets.row_text import StyledText, fit, plain

if TYPE_CHECKING:
    from core.versions.compare import PairChange
    from core.versions.comparison import Comparison

_TITLE_LEAST: Final = 24
"""Cells that a title keeps at least."""
_LOOKS: Final = {
    "=": "muted",
    "c": "news",
    "r": "tag",
    "m": "version",
    "a": "version",
    "t": "trailer",
    "b": "news",
    "x": "news",
    "+": "complete",
    "-": "missing",
}
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class LadderRow:
    """A line of the ladder, and the pair or patch under the cursor on it."""

    pieces: tuple[StyledText, ...]
    pair: int | None = None
    """The place of its pair in the comparison; None: no stop for the cursor."""


def ladder_rows(
    choice: Choice,
    comparison: Comparison,
    width: int,
    *,
    linear: bool = False,
    hidden: Collection[int] = (),
) -> Iterator[LadderRow]:
    """Yield the compared versions, the pairs but the hidden ones, and the author's changelog, in `width` cells."""
    yield LadderRow((_cut(f" {choice.new.series.subject}", "heading", width),))
    yield LadderRow(tuple(_chain(choice, comparison, width)))
    for posting in (choice.old, choice.new):
        if sentence := missing_phrase(posting):
            yield LadderRow((_cut(f" {sentence}", "missing", width),))
    for at, pair in enumerate(comparison.pairs):
        if at in hidden:
            continue
        if linear:
            yield LadderRow((_cut(_spoken(pair, choice, comparison), "", width),), at)
        else:
            yield LadderRow(tuple(_pair(pair, choice, comparison, width)), at)
    if hidden:
        words = f" {len(hidden)} {'patch' if len(hidden) == 1 else 'patches'} hidden: as viewed"
        yield LadderRow((_cut(words, "muted", width),))
    yield LadderRow(())
    if not comparison.changelog:
        words = f" The mails of {choice.new.name} have no changelog."
        yield LadderRow((_cut(words, "muted", width),))
    for item in comparison.changelog:
        numbers = ", ".join(map(str, item.patches))
        head = f" v{item.version}{f' patch {numbers}' if numbers else ''}: "
        text = plain(" ".join(item.text.split())[:_LONGEST])
        yield LadderRow(((head, "version"), (fit(text, max(1, width - cell_len(head))), "")))


def _cut(text: str, look: str, width: int) -> StyledText:
    return fit(plain(text[:_LONGEST]), width), look


def _chain(choice: Choice, comparison: Comparison, width: int) -> Iterator[StyledText]:
    """Yield the postings of the series, the two compared ones highlighted, and the count of patches by kind of change."""
    used = 1
    yield " ", ""
    same = choice.old.series.id == choice.new.series.id
    known = postings(choice.new.series) if same else [choice.old, choice.new]
    for at, posting in enumerate(known[-12:]):
        joint = " → " if at else ""
        lit = posting.at in {choice.old.at, choice.new.at} or not same
        yield joint, "muted"
        yield posting.name, "lit" if lit else "muted"
        used += cell_len(joint) + cell_len(posting.name)
    if (room := width - used - 3) > 0:
        words = f"{choice.old.name} → {choice.new.name}: " if len(known) > 2 else ""
        yield "   " + fit(f"{words}{summary(comparison)}", room), "muted"


def _pair(
    pair: PairChange, choice: Choice, comparison: Comparison, width: int
) -> Iterator[StyledText]:
    kind = letter(pair)
    yield f"{pair.old.number if pair.old else '–':>4} ", "number"
    yield kind, _LOOKS[kind]
    yield f"{pair.new.number if pair.new else '–':>4}  ", "number"
    phrases = pair_phrases(pair, comparison, old=choice.old.name, new=choice.new.name)
    words = plain(", ".join(phrases)) if pair.is_changed or pair.moved else ""
    room = max(0, width - 12)
    ref = pair.new or pair.old
    title = plain(ref.title[:_LONGEST]) if ref else ""
    right = min(cell_len(words), max(0, room - min(cell_len(title), _TITLE_LEAST) - 2))
    yield fit(title, max(0, room - right - (2 if right else 0))), "" if pair.is_changed else "muted"
    if right:
        yield "  " + fit(words, right), _LOOKS[kind]


def _spoken(pair: PairChange, choice: Choice, comparison: Comparison) -> str:
    """Return a pair in words, for the linear mode."""
    old = f"{choice.old.name} patch {pair.old.number}" if pair.old else "no old patch"
    new = f"{choice.new.name} patch {pair.new.number}" if pair.new else "no new patch"
    ref = pair.new or pair.old
    phrases = pair_phrases(pair, comparison, old=choice.old.name, new=choice.new.name)
    return f" {old}, {new}, {ref.title if ref else ''}: {', '.join(phrases)}"


# ------------------------------------------------------------------- the grid


@dataclass(frozen=True, slots=True)
class Chain:
    """One patch through all versions: in each posting its pair with the posting before; None where it is not there."""

    cells: tuple[PairChange | None, ...]
    title: str


def chains(known: Sequence[Posting], steps: Sequence[Comparison]) -> list[Chain]:
    """Return the patches of a series through its postings; `steps` compare each posting with the one before.

    Those of the newest posting come first, in its order, then those that ended earlier, the latest first.
    """
    found: list[Chain] = []
    seen: list[set[int]] = [set() for _ in known]
    for last in range(len(known) - 1, -1, -1):
        for patch in known[last].version.patches:
            if patch.number in seen[last]:
                continue
            cells: list[PairChange | None] = [None] * len(known)
            if last + 1 < len(known):
                cells[last + 1] = _gone(steps[last], patch.number)
            number: int | None = patch.number
            for at in range(last, -1, -1):
                if number is None:
                    break
                seen[at].add(number)
                pair = _pair_of(steps[at - 1], number) if at else None
                cells[at] = pair
                number = pair.old.number if pair is not None and pair.old is not None else None
            found.append(Chain(tuple(cells), patch.message.subject.title))
    return found


def _pair_of(step: Comparison, number: int) -> PairChange | None:
    return next((pair for pair in step.pairs if pair.new and pair.new.number == number), None)


def _gone(step: Comparison, number: int) -> PairChange | None:
    pairs = (pair for pair in step.pairs if pair.new is None and pair.old)
    return next((pair for pair in pairs if pair.old and pair.old.number == number), None)


def grid_rows(known: Sequence[Posting], found: Sequence[Chain], width: int) -> Iterator[LadderRow]:
    """Yield the grid: a row per patch, a column per version, in each cell the change of that version."""
    shown = list(range(len(known)))[-max(1, (width - _TITLE_LEAST) // 5) :]
    yield LadderRow((_cut(f" {known[-1].series.subject}", "heading", width),))
    yield LadderRow((("".join(f"{known[at].name:>5}" for at in shown), "version"),))
    for place, chain in enumerate(found):
        pieces: list[StyledText] = []
        for at in shown:
            text = _cell(chain, at)
            pieces.append((f"{text:>5}", _LOOKS.get(text, "muted")))
        title = fit(plain(chain.title[:_LONGEST]), max(1, width - 5 * len(shown) - 2))
        yield LadderRow((*pieces, ("  " + title, "")), place)
    yield LadderRow(())
    words = " = unchanged  c code  r only context  m message  t tags  a author  + new  - gone"
    yield LadderRow((_cut(words, "muted", width),))


def _cell(chain: Chain, at: int) -> str:
    pair = chain.cells[at]
    if pair is not None:
        return letter(pair)
    later = [cell for cell in chain.cells[at + 1 :] if cell is not None]
    return "+" if at == 0 and later and later[0].old is not None else ""
