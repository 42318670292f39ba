"""Review comments and the evidence of their outcome as one HTML page that stands alone: no script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from core.comments.phrases import evidence_phrases, ledger_heading, ledger_summary
from core.comments.values import CommentLedger, FollowedComment
from core.web_page import PALETTE, content_policy, html_text, page_head

_STYLE: Final = (
    PALETTE
    + """body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.1rem; margin-top: 2rem; } h3 { font-size: .95rem; } p, small, code { color: var(--soft); }
article { border-top: 1px solid var(--line); padding: .5rem 0 .5rem .75rem; } article.open { border-left: 4px solid var(--bar); }
code { font: 13px/1.4 ui-monospace, monospace; } code, .text { white-space: pre-wrap; display: block; } .text { color: var(--ink); }
"""
)
_POLICY: Final = content_policy(_STYLE)


def comments_page(subject: str, ledgers: Sequence[CommentLedger]) -> Iterator[str]:
    """Yield the lines of the page: for each version that was commented on its comments, by patch."""
    title = html_text(f"{subject}: review comments")
    yield from page_head(title, _POLICY, _STYLE)
    yield "<body>"
    yield f"<h1>{title}</h1>"
    for ledger in ledgers:
        yield f"<h2>{html_text(ledger_heading(ledger))}</h2>"
        yield f"<p>{html_text(ledger_summary(ledger))}</p>"
        number: int | None = None
        for one in ledger.comments:
            if one.number != number:
                number = one.number
                yield f"<h3>{f'Patch {number}' if number else 'Cover letter'}</h3>"
            yield from _comment(one)
    yield "</body>"
    yield "</html>"


def _comment(one: FollowedComment) -> Iterator[str]:
    name = one.person.name or one.person.address
    yield f'<article class="{"open" if one.state.value == "open" else "settled"}">'
    yield f"<strong>{html_text(name)}</strong> <small>{html_text(one.state.value)} · {html_text(one.path)}</small>"
    if one.quoted:
        yield f"<code>&gt; {html_text(one.quoted.strip())}</code>"
    lines = "\n".join(html_text(line) for line in one.text.strip("\n").split("\n"))
    yield f'<span class="text">{lines}</span>'
    yield f"<small>{html_text(' · '.join(evidence_phrases(one)))}</small>"
    yield "</article>"
