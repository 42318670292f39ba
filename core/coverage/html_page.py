"""A coverage as one HTML page that stands alone: no script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.coverage.matrix import Cell, coverage_matrix
from core.coverage.phrases import coverage_summary
from core.coverage.ready import ReadyRule
from core.coverage.values import Coverage
from core.web_page import PALETTE, content_policy, html_text, page_head

_STYLE: Final = (
    PALETTE
    + """body { margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; } p { color: var(--soft); }
div { overflow-x: auto; } table { border-collapse: collapse; }
td, th { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); vertical-align: bottom; } td.n { text-align: right; font-variant-numeric: tabular-nums; }
td.c { text-align: center; } td.stale, td.forgotten { color: var(--warn); }
"""
)
_POLICY: Final = content_policy(_STYLE)


def coverage_page(subject: str, found: Coverage, rule: ReadyRule | None = None) -> Iterator[str]:
    """Yield the lines of the page: the counts, and the table of patches and people with the state of each trailer."""
    title = html_text(f"{subject} v{found.version}: coverage")
    matrix = coverage_matrix(found)
    yield from page_head(title, _POLICY, _STYLE)
    yield "<body>"
    yield f"<h1>{title}</h1>"
    yield f"<p>{html_text(coverage_summary(found, rule))}</p>"
    yield "<div><table>"
    heads = "".join(
        f'<th scope="col">{html_text(one.name or one.address)}</th>' for one in matrix.people
    )
    further = f'<th scope="col">+{matrix.further}</th>' if matrix.further else ""
    yield f'<thead><tr><th scope="col"></th><th scope="col">Patch</th>{heads}{further}</tr></thead>'
    yield "<tbody>"
    for patch, cells in matrix.rows:
        drawn = "".join(map(_drawn, cells))
        yield f'<tr><td class="n">{patch.number}</td><td>{html_text(patch.title)}</td>{drawn}</tr>'
    yield "</tbody></table></div>"
    yield "<p>R reviewed, A acked, T tested, N against it, c commented, · asked and silent.</p>"
    yield "</body>"
    yield "</html>"


def _drawn(cell: Cell) -> str:
    if cell.tag is None:
        return f'<td class="c">{cell.letter}</td>'
    state = "forgotten" if cell.forgotten else cell.tag.state.value
    given = f", given on v{cell.tag.version}" if cell.tag.version is not None else ""
    since = f", since then: {', '.join(cell.tag.since)}" if cell.tag.since else ""
    return (
        f'<td class="c {state}" title="{html_text(f"{cell.tag.name}: {cell.tag.value}")}">'
        f"{cell.letter} <small>{html_text(f'{state}{given}{since}')}</small></td>"
    )
