"""The layout of the project's first digest, letter for letter.

Where that page leaves a choice open, this was chosen:
- An open end of the range stands in the title as `the beginning`, or as the newest commit.
- Mails count once for each commit that brought one, also where two have the same Message-ID; a mail that was removed
  within the range counts nowhere, one removed after it does.
- A mail without a name has its address for one; an address without `@` belongs to the domain `(none)`.
- The patch list has a line for each series of which something arrived, the latest first, between the two blank lines:
  its tag without the counter, its title, the sender of its newest version, how many of that version's patches arrived.
- Of several lines that look like a diffstat's summary the last one before the diff counts.
- Tabs become blanks, and control characters become visible: a page may be printed anywhere.
- An empty text leaves its blank line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.digest.people import format_identity
from core.digest.values import Digest, SeriesChanges
from core.text import shown, shown_line, shown_lines

_RULE: Final = "-" * 70


def seed_page(digest: Digest, *, top: int, patch_list: bool) -> Iterator[str]:
    """Yield the lines of the page."""
    start, end = map(shown, digest.ends)
    yield f"From {start} to {end}"
    yield f"{shown(digest.list_name)} mailing list update from {start} to {end}"
    yield ""
    yield f"Top {top} contributor Email domains (Based on Email Body)"
    yield ""
    for domain, count in digest.domains[:top]:
        yield f"{count:7d} {shown_line(domain)}"
    yield ""
    yield f"Top {top} contributors (Based on Email Body)"
    yield ""
    for who, count in digest.contributors[:top]:
        yield f"{count:7d}  {shown_line(format_identity(who))}"
    yield ""
    yield "===== Patch list in this time period ====="
    yield ""
    if patch_list:
        yield from map(_series_line, digest.series)
    yield ""
    yield "===== Patch Commit Messages ===="
    yield ""
    for entry in digest.entries:
        yield f"New:  {shown_line(entry.title)}"
        yield shown_line(entry.subject)
        yield f"Author: {shown_line(format_identity(entry.author))}"
        yield ""
        yield from shown_lines(entry.text)
        yield ""
        yield _RULE
        yield ""


def _series_line(news: SeriesChanges) -> str:
    newest = news.newest
    who = news.author.name or news.author.address
    return shown(f"{newest.tag} {newest.subject} — {who} ({len(newest.arrived)}/{newest.total})")
