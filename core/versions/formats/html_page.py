"""A comparison as one HTML page that stands alone: no script, nothing loaded from anywhere.

Text from mail is escaped, and control characters are made visible; a Content-Security-Policy allows the style below by
its hash, and nothing else.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import Final

from core.text import shown_line
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
from core.versions.interdiff import FileInterdiff, Row
from core.web_page import PALETTE, content_policy, html_text, page_head

_CONTEXT: Final = 3

_STYLE: Final = (
    PALETTE
    + """body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; } h1, h2, h3, p, li, td { overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin-top: 2rem; } h3 { font-size: .95rem; }
p, small { color: var(--soft); } table.ladder { border-collapse: collapse; width: 100%; }
.ladder td, .ladder th { text-align: left; padding: .2rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; } .ladder td.n { text-align: right; font-variant-numeric: tabular-nums; }
details { border-top: 1px solid var(--line); padding: .5rem 0; } summary { cursor: pointer; }
.rows { background: var(--pane); padding: .5rem 0; font: 13px/1.4 ui-monospace, monospace; overflow-x: auto; }
.rows div { white-space: pre; padding: 0 .75rem; border-left: 4px solid transparent; width: max-content; min-width: 100%; box-sizing: border-box; }
.rows .new { border-left-color: var(--bar); } .rows .new.plus { background: var(--plus); } .rows .new.minus { background: var(--minus); }
.rows .old { border-left-color: var(--soft); color: var(--soft); text-decoration: line-through; } .rows small { text-decoration: none; }
"""
)

_POLICY: Final = content_policy(_STYLE)


def web_page(
    choice: Choice, comparison: Comparison, interdiffs: Sequence[PairInterdiff]
) -> Iterator[str]:
    """Yield the lines of the page: the ladder, the author's changelog, and each interdiff, folded."""
    old, new = choice.old.name, choice.new.name
    title = html_text(f"{choice.new.series.subject}: {old} → {new}")
    yield from page_head(title, _POLICY, _STYLE)
    yield "<body>"
    yield f"<h1>{title}</h1>"
    yield f"<p>{html_text(summary(comparison))}. {html_text(old)} is {html_text(choice.old.id)}, {html_text(new)} is {html_text(choice.new.id)}.</p>"
    for posting in (choice.old, choice.new):
        if sentence := missing_phrase(posting):
            yield f"<p>{html_text(sentence)}</p>"
    yield from _ladder(choice, comparison, interdiffs)
    yield from _changelog(choice, comparison)
    yield "<h2>Patches</h2>"
    for at, pair in enumerate(interdiffs):
        if pair.pair.is_changed:
            yield from _pair(at, choice, comparison, pair)
    yield "</body>"
    yield "</html>"


def _ladder(
    choice: Choice, comparison: Comparison, interdiffs: Sequence[PairInterdiff]
) -> Iterator[str]:
    old, new = choice.old.name, choice.new.name
    linked = {id(pair.pair): at for at, pair in enumerate(interdiffs)}
    yield '<table class="ladder">'
    yield f'<thead><tr><th scope="col">{html_text(old)}</th><th scope="col"></th><th scope="col">{html_text(new)}</th><th scope="col">Patch</th><th scope="col">Change</th></tr></thead>'
    yield "<tbody>"
    for pair in comparison.pairs:
        ref = pair.new or pair.old
        title = html_text(ref.title if ref else "")
        if pair.is_changed and id(pair) in linked:
            title = f'<a href="#pair{linked[id(pair)]}">{title}</a>'
        words = html_text(", ".join(pair_phrases(pair, comparison, old=old, new=new)))
        yield (
            f'<tr><td class="n">{pair.old.number if pair.old else "–"}</td><td>{letter(pair)}</td>'
            f'<td class="n">{pair.new.number if pair.new else "–"}</td><td>{title}</td><td>{words}</td></tr>'
        )
    yield "</tbody></table>"


def _changelog(choice: Choice, comparison: Comparison) -> Iterator[str]:
    yield "<h2>The author’s changelog</h2>"
    if not comparison.changelog:
        yield f"<p>The mails of {html_text(choice.new.name)} have no changelog.</p>"
        return
    yield "<ul>"
    for item in comparison.changelog:
        patches = ", ".join(map(str, item.patches))
        head = f"v{item.version}" + (f", patch {patches}" if patches else "")
        yield f"<li><small>{html_text(head)}</small> {html_text(item.text)}</li>"
    yield "</ul>"


def _pair(at: int, choice: Choice, comparison: Comparison, pair: PairInterdiff) -> Iterator[str]:
    old, new = choice.old.name, choice.new.name
    change = pair.pair
    ref = change.new or change.old
    words = ", ".join(pair_phrases(change, comparison, old=old, new=new))
    yield f'<details id="pair{at}" open><summary><strong>{ref.number if ref else ""} {html_text(ref.title if ref else "")}</strong> <small>{html_text(words)}</small></summary>'
    if items := comparison.items_of(change):
        yield "<ul>"
        yield from (f"<li>{html_text(item.text)}</li>" for item in items)
        yield "</ul>"
    if change.tags.new or change.tags.dropped or change.tags.changed:
        yield '<div class="rows">'
        for trailer in change.tags.new:
            given = giver(choice, trailer)
            where = f" <small>given in {html_text(given)}</small>" if given else ""
            yield f'<div class="new plus">{html_text(f"{trailer.name}: {trailer.value}")}{where}</div>'
        for trailer in change.tags.dropped:
            yield f'<div class="old">{html_text(f"{trailer.name}: {trailer.value}")}</div>'
        for before, after in change.tags.changed:
            yield f'<div class="old">{html_text(f"{before.name}: {before.value}")}</div>'
            yield f'<div class="new plus">{html_text(f"{after.name}: {after.value}")}</div>'
        yield "</div>"
    if "author" in change.change and pair.old and pair.new:
        yield f"<p>{html_text(f'Author: {pair.old.author} → {pair.new.author}')}</p>"
    if "message" in change.change:
        yield "<h3>Message</h3>"
        yield from _rows(pair.message, pair, old, new)
    for file in pair.files:
        facts = ", ".join(file_facts(file, old, new))
        is_changed = len(stretches(file, _CONTEXT, _CONTEXT)) > 1
        if facts or is_changed:
            yield f"<h3>{html_text(file.path)} <small>{html_text(facts)}</small></h3>"
        if is_changed:
            yield from _rows(file, pair, old, new)
    yield "</details>"


def _rows(file: FileInterdiff, pair: PairInterdiff, old: str, new: str) -> Iterator[str]:
    yield '<div class="rows">'
    for number, (run, left_out) in enumerate(stretches(file, _CONTEXT, _CONTEXT)):
        if left_out:
            noun = "hunk" if left_out == 1 else "hunks"
            yield f"<div><small>… {left_out} {noun} as in {html_text(old)}</small></div>"
        elif number and run:
            yield "<div><small>…</small></div>"
        for at in run:
            row = file.rows[at]
            note = row_note(file, at, pair, new)
            said = f" <small>← {html_text(note)}</small>" if note else ""
            sign = "" if file is pair.message else row.now or row.was
            text = html.escape(shown_line(sign + row.text, first_column=len(sign)))
            yield f'<div class="{_class(row)}">{text}{said}</div>'
    yield "</div>"


def _class(row: Row) -> str:
    if not row.now:
        return "old"
    sign = {"+": " plus", "-": " minus"}.get(row.now, "")
    is_new = row.effect or (row.was != row.now and row.was)
    return f"new{sign}" if is_new else "same"
