"""The digest as one HTML page that stands alone: nothing is loaded from anywhere, and nothing from a mail is run.

Text from mail is escaped, and control characters are made visible, as on a terminal. Beneath that lies a
Content-Security-Policy that allows the style and the script below by their hashes, and nothing else.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import quote

from core.digest.formats.phrases import (
    arrived_text,
    change_text,
    date_of,
    earlier_texts,
    intervals,
    item_text,
    merge_texts,
    opening,
    patch_text,
    replies_text,
    rows,
    title_of,
    trailer_text,
)
from core.digest.people import domain_of, format_identity
from core.digest.values import Counts, Digest, SeriesChanges, ThreadChanges
from core.mail.message import is_made_up
from core.model import MessageId
from core.text import shown_lines
from core.web_page import PALETTE, content_policy, html_text, page_head

_STYLE: Final = (
    PALETTE
    + """body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1, h2, h3, p, li, td { overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { margin-top: 2.5rem; font-size: 1.2rem; } h3 { font-size: 1rem; margin: 0; display: inline; }
p, li, summary span { color: var(--soft); } svg { display: block; width: 100%; height: auto; }
svg rect { fill: var(--bar); } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; } th button { all: unset; cursor: pointer; }
th button:focus-visible { outline: 2px solid var(--bar); } th[aria-sort="ascending"] button::after { content: " \\2191"; } th[aria-sort="descending"] button::after { content: " \\2193"; }
details { border-top: 1px solid var(--line); padding: .5rem 0; } summary { cursor: pointer; } details > :not(summary) { margin-left: 1.1rem; }
pre { overflow-x: auto; background: var(--pane); padding: .75rem; font-size: 13px; line-height: 1.4; }
"""
)

_SCRIPT: Final = """
for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
  const head = button.parentElement, body = head.closest("table").tBodies[0], at = head.cellIndex;
  const up = head.getAttribute("aria-sort") === "descending";
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const text = row => row.cells[at].textContent, numbers = head.classList.contains("n");
  const order = (a, b) => numbers ? parseFloat(text(a)) - parseFloat(text(b)) : text(a).localeCompare(text(b));
  body.append(...[...body.rows].sort((a, b) => up ? order(a, b) : order(b, a)));
});
"""


_POLICY: Final = content_policy(_STYLE, _SCRIPT)


def web_page(digest: Digest, *, top: int, explain: bool, web: str = "") -> Iterator[str]:
    """Yield the lines of the page; `web` is the list's web address, to which series and discussions link."""
    title = html_text(title_of(digest))
    yield from page_head(title, _POLICY, _STYLE)
    yield "<body>"
    yield f"<h1>{title}</h1>"
    yield f"<p>{html_text(opening(digest))}</p>"
    yield from _charts(digest, top)
    yield from _people(digest, top)
    if digest.series:
        yield "<h2>Series</h2>"
        for news in digest.series:
            yield from _series(news, web)
    yield from _items("Discussions that moved", digest.threads, web)
    yield from _items("Most discussed", digest.most_discussed(top), web)
    yield from _items("Unanswered", digest.unanswered_items(), web)
    newcomers = [f"{format_identity(one.person)}: {one.subject}" for one in digest.newcomers]
    yield from _list("Newcomers, by their first mail", newcomers)
    if explain:
        for merge in digest.merges:
            yield from _list(
                f"Counted as one person: {format_identity(merge.person)}", merge_texts(merge)
            )
    yield f"<script>{_SCRIPT}</script>"
    yield "</body>"
    yield "</html>"


def _charts(digest: Digest, top: int) -> Iterator[str]:
    bars, unit = intervals(digest.days, most=120)
    if bars:
        yield f"<h2>Mails a {unit}</h2>"
        yield from _columns(bars, unit)
    if digest.domains:
        yield f"<h2>Top {top} domains</h2>"
        yield from _bars(digest.domains[:top])
    if digest.contributors:
        yield f"<h2>Top {top} contributors</h2>"
        yield from _bars(_short_names(digest.contributors[:top]))


def _short_names(people: Counts) -> list[tuple[str, int]]:
    """Return names without addresses; the domain tells those of one name apart."""
    names = Counter(who.name for who, _ in people)
    return [
        (
            who.address
            if not who.name
            else who.name
            if names[who.name] == 1
            else f"{who.name}, {domain_of(who)}",
            count,
        )
        for who, count in people
    ]


def _columns(bars: Sequence[tuple[str, int]], unit: str) -> Iterator[str]:
    """Draw upright bars; each says its day and number to a pointer and to a screen reader."""
    most = max(count for _, count in bars)
    width = 900 / len(bars)
    yield f'<svg viewBox="0 0 900 140" role="img" aria-label="Mails a {unit}">'
    for at, (name, count) in enumerate(bars):
        height = 100 * count / most
        yield (
            f'<rect x="{at * width:.1f}" y="{110 - height:.1f}" width="{max(width - 1, 0.5):.1f}"'
            f' height="{height:.1f}"><title>{name}: {count}</title></rect>'
        )
    yield f'<text x="0" y="130">{bars[0][0]}</text>'
    if len(bars) > 1:
        yield f'<text x="900" y="130" text-anchor="end">{bars[-1][0]}</text>'
    yield f'<text x="450" y="130" text-anchor="middle">at most {most}</text>'
    yield "</svg>"


def _bars(bars: Sequence[tuple[str, int]]) -> Iterator[str]:
    """Draw horizontal bars with their names."""
    most = max(count for _, count in bars)
    yield f'<svg viewBox="0 0 900 {22 * len(bars)}" role="img" aria-label="Mails">'
    for at, (name, count) in enumerate(bars):
        short = name if len(name) <= 40 else f"{name[:39]}…"
        width = 560 * count / most
        yield f'<text x="270" y="{22 * at + 15}" text-anchor="end">{html_text(short)}</text>'
        yield f'<rect x="280" y="{22 * at + 3}" width="{width:.1f}" height="16"></rect>'
        yield f'<text x="{286 + width:.1f}" y="{22 * at + 15}">{count}</text>'
    yield "</svg>"


def _people(digest: Digest, top: int) -> Iterator[str]:
    domains = [(name, str(n)) for name, n in digest.domains]
    people = [(format_identity(who), str(n)) for who, n in digest.contributors]
    reviewers = [
        (format_identity(r.person), str(r.trailers), str(r.series)) for r in digest.reviewers
    ]
    bots = [(format_identity(who), str(n)) for who, n in digest.bots]
    yield from _table(
        f"Top {top} reviewers", ("Reviewer", "Trailers", "Series replied to"), reviewers[:top]
    )
    for words, head, lines in (
        ("All domains", ("Domain", "Mails"), domains),
        ("All contributors", ("Contributor", "Mails"), people),
        ("All reviewers", ("Reviewer", "Trailers", "Series replied to"), reviewers),
    ):
        if lines:
            yield f"<details><summary>{words}</summary>"
            yield from _table("", head, lines)
            yield "</details>"
    yield from _table("Bots", ("Bot", "Mails"), bots)


def _table(words: str, head: tuple[str, ...], lines: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Write a sortable table; all columns but the first hold numbers."""
    if not lines:
        return
    if words:
        yield f"<h2>{words}</h2>"
    cells = [
        f'<th scope="col"{_class(at)}><button type="button">{name}</button></th>'
        for at, name in enumerate(head)
    ]
    yield f"<table><thead><tr>{''.join(cells)}</tr></thead><tbody>"
    for line in lines:
        cells = [f"<td{_class(at)}>{html_text(cell)}</td>" for at, cell in enumerate(line)]
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table>"


def _class(at: int) -> str:
    return ' class="n"' if at else ""


def _list(words: str, lines: Iterable[str]) -> Iterator[str]:
    items = [f"<li>{html_text(line)}</li>" for line in lines]
    if items:
        yield f"<h2>{html_text(words)}</h2>"
        yield "<ul>"
        yield from items
        yield "</ul>"


def _items(words: str, items: Iterable[SeriesChanges | ThreadChanges], web: str) -> Iterator[str]:
    lines = [f"<li>{_linked(html_text(item_text(item)), item.id, web)}</li>" for item in items]
    if lines:
        yield f"<h2>{html_text(words)}</h2>"
        yield "<ul>"
        yield from lines
        yield "</ul>"


def _linked(text: str, message_id: MessageId, web: str) -> str:
    """Return escaped text as a link to a message; as it is without a web address, or where the Message-ID is made up."""
    if not web.startswith(("https://", "http://")) or is_made_up(message_id):
        return text
    address = f"{web.rstrip('/')}/{quote(message_id, safe='@', errors='surrogatepass')}/"
    return f'<a href="{html.escape(address)}" rel="noreferrer">{text}</a>'


def _series(news: SeriesChanges, web: str) -> Iterator[str]:
    newest = news.newest
    yield "<details>"
    who = news.author.name or news.author.address
    short = f"{who}, {date_of(newest.date)}; {arrived_text(newest)}; {replies_text(news)}"
    yield f"<summary><h3>{html_text(f'{newest.tag} {news.subject}')}</h3> <span>{html_text(short)}</span></summary>"
    yield "<ul>"
    name = html_text(f"{format_identity(news.author)}, <{news.id}>")
    yield f"<li>{_linked(name, news.id, web)}</li>"
    for words in (
        change_text(news.diffstat),
        *earlier_texts(news),
        *map(trailer_text, news.trailers),
    ):
        yield f"<li>{html_text(words)}</li>"
    yield "</ul>"
    if news.text:
        text = "\n".join(map(html.escape, shown_lines(news.text)))
        yield f"<pre>{text}</pre>"
    if newest.total > 1:
        yield "<table><tbody>"
        for place, patch in rows(newest):
            cells = (place, *patch_text(patch, news))
            yield f"<tr>{''.join(f'<td>{html_text(cell)}</td>' for cell in cells)}</tr>"
        yield "</tbody></table>"
    yield "</details>"
