"""The bars of a digest: domains, authors, reviewers, and mails a day, side by side where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from core.digest.formats.phrases import intervals
from core.digest.values import Digest
from tui.widgets.row_text import StyledText, fit_safe

_LYING: Final = " ▏▎▍▌▋▊▉█"
_STANDING: Final = " ▁▂▃▄▅▆▇█"

_GAP: Final = 2


def charts(digest: Digest, width: int, height: int) -> list[list[StyledText]]:
    """Return the rows of all charts for a view of so many cells."""
    across = 4 if width >= 140 else 2 if width >= 60 else 1
    room = (width - _GAP * (across - 1)) // across
    count = 5 if height < 30 else 8 if height < 45 else 10
    all_of_them = [
        _bars("Domains", [(name, n, f"{n}") for name, n in digest.domains[:count]], room, count),
        _bars(
            "Authors",
            [(who.name or who.address, n, f"{n}") for who, n in digest.contributors[:count]],
            room,
            count,
        ),
        _bars(
            "Reviewers: trailers · series",
            [
                (
                    one.person.name or one.person.address,
                    one.trailers,
                    f"{one.trailers}·{one.series}",
                )
                for one in digest.reviewers[:count]
            ],
            room,
            count,
        ),
        _days(digest.days, room, count),
    ]
    found: list[list[StyledText]] = []
    for start in range(0, len(all_of_them), across):
        found += [[]] if start else []
        for row in zip_longest(*all_of_them[start : start + across], fillvalue=None):
            pieces: list[StyledText] = []
            for chart in row:
                pieces += [(" " * _GAP, "")] if pieces else []
                pieces += chart if chart is not None else [(" " * room, "")]
            found.append(pieces)
    return found


def _bars(
    title: str, rows: Sequence[tuple[str, int, str]], width: int, count: int
) -> list[list[StyledText]]:
    """Return a chart of lying bars: number, bar, name."""
    chart: list[list[StyledText]] = [[(fit_safe(title, width), "heading")]]
    if not rows:
        chart.append([(fit_safe("none", width), "muted")])
    numbers = max((len(words) for *_, words in rows), default=0)
    most = max((value for _, value, _ in rows), default=0) or 1
    longest = max(4, (width - numbers - 2) // 3)
    for name, value, words in rows:
        names = width - numbers - longest - 2
        chart.append(
            [
                (f"{words:>{numbers}} ", "number"),
                (_lying(value, most, longest), "bar"),
                (" ", ""),
                (fit_safe(name, names), "author"),
            ]
        )
    chart += [[(" " * width, "")] for _ in range(count + 1 - len(chart))]
    return chart


def _lying(value: int, most: int, width: int) -> str:
    """Return a horizontal bar in eighths of a cell; every value above 0 is visible."""
    eighths = max(1, value * width * 8 // most) if value else 0
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_LYING[rest] if rest else "")).ljust(width)


def _days(days: Sequence[tuple[str, int]], width: int, count: int) -> list[list[StyledText]]:
    """Return a chart of standing bars, one for each day, or week or month of a longer range."""
    steps, unit = intervals(days)
    chart: list[list[StyledText]] = [[(fit_safe(f"Mails a {unit}", width), "heading")]]
    if not steps:
        return [*chart, [(fit_safe("none", width), "muted")]]
    most = max(n for _, n in steps)
    label = len(str(most))
    room = max(1, width - label - 1)
    shown_steps = steps[-room:]
    each = max(1, min(4, room // len(shown_steps)))
    high = max(1, count - 1)
    for level in range(high - 1, -1, -1):
        number = f"{most if level == high - 1 else '':>{label}} "
        bars = "".join(_standing(n, most, high, level) * each for _, n in shown_steps)
        chart.append([(number, "number"), (fit_safe(bars, room), "day")])
    first, last = shown_steps[0][0], shown_steps[-1][0]
    span = each * len(shown_steps)
    ends = first if first == last else f"{first}{last:>{max(0, span - len(first))}}"
    if span < len(first) + len(last) + 1 and first != last:
        ends = f"{first}–{last}"
    chart.append([(" " * (label + 1), ""), (fit_safe(ends, room), "muted")])
    return chart


def _standing(value: int, most: int, high: int, level: int) -> str:
    """Return the cell of a bar at a level, counted from below."""
    eighths = max(1, value * high * 8 // most) if value else 0
    return _STANDING[max(0, min(8, eighths - level * 8))]
