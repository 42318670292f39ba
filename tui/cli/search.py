"""The command `search`: what the search bar finds, printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from core.text import shown, shown_line
from tui.cli.mail import check_lists

if TYPE_CHECKING:
    from core.config import Config
    from core.query.errors import QueryError
    from core.search.list_search import ListSearch, SearchHit, SearchResult

    Write = Callable[[Iterable[str]], None]

_AROUND: Final = 50
"""Characters of a query that are shown on each side of what is wrong in it."""
_NAME: Final = 22
_MOST: Final = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of `search`."""
    parser.add_argument(
        "query", metavar="QUERY", nargs="+", help="words and terms; quote what the shell would read"
    )
    parser.add_argument("--list", metavar="NAME", help="one list; all that you follow unless said")
    parser.add_argument(
        "--limit", metavar="N", type=_limit, default=100, help="not more than N (100 unless said)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def help_words() -> str:
    """Return what a query can be made of."""
    from core.query.fields import FIELDS, HAS_VALUES, IS_VALUES

    lines = [
        "Bare words are looked for in the subjects and authors of series and patches, in any order, with slips and",
        "parts of words; a Message-ID or its address finds its series. A series that meets the terms is left:",
        "",
    ]
    for name, prefix in FIELDS.items():
        lines.append(f"  {name + ':':<7} {prefix.help:<56} {prefix.example}")
    for title, words in (("is:", IS_VALUES), ("has:", HAS_VALUES)):
        lines += ["", *(f"  {title + word:<16} {meaning}" for word, meaning in words.items())]
    lines.append("")
    lines += [
        "Names and words begin so, or in quotes stand so. -TERM or NOT: what must not be; OR; ( ). Terms about",
        "mails that stand together hold of one mail. Dates are git's: 2025-05-01, 2.weeks.ago, yesterday, in UTC.",
        "",
        "  patchdesk search guest_memfd                     typed as in the reader, slips and all",
        "  patchdesk search 'f:colton s:pmu v:>=2'          Colton's, second version and on, with pmu in a subject",
        "  patchdesk search 'is:unread dfn:arch/arm64/kvm d:2.weeks.ago..'",
        "  patchdesk search --json 'f:robot -is:flagged' | patchdesk triage done -",
    ]
    return "\n".join(lines)


def arranged(words: Sequence[str]) -> list[str]:
    """Return the words of a call with the query at their end, so that a term may begin with `-`."""
    options: list[str] = []
    query: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            query += rest
        elif word in ("--list", "--limit"):
            options += [word, *islice(rest, 1)]
        elif word.startswith("--") or word == "-h":
            options.append(word)
        else:
            query.append(word)
    return [*options, "--", *query]


def _limit(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    if not 0 < number <= _MOST:
        raise argparse.ArgumentTypeError("N is a number from 1 on")
    return number


def run(arguments: argparse.Namespace, config: Config, write: Write) -> int:
    """Print what a query finds. Returns the exit status; raises PatchdeskError."""
    from core.index.index import open_index
    from core.search.list_search import ListSearch, QueryError
    from core.sync.list_folder import DataDirs
    from core.system.paths import cache_dir

    query = " ".join(arguments.query)
    lists = check_lists([arguments.list], config) if arguments.list else []
    path = DataDirs.default().index
    if not path.exists():
        _say("Nothing was synced yet. “patchdesk sync” brings mail in.")
        return 0
    index = open_index(path)
    for note in index.notes:
        _say(note)
    finder = ListSearch(index, config, cache=cache_dir() / "search")
    try:
        finder.check(query)
        found = _found(finder, query, lists, arguments.limit)
    except QueryError as error:
        _point_at(query, error)
        return 2
    finally:
        finder.close()
        index.close()
    lines = [(hit, top) for top, hit in _flat(found)][: arguments.limit]
    if arguments.json:
        from core.json_records import hit_record, to_line

        write(to_line(hit_record(hit, top)) for hit, top in lines)
    else:
        write(_lines(lines, several=len(config.lists) > 1 and not lists))
    if found.total > len(found.hits) > 0 and sys.stdout.isatty():
        _say(f"{len(found.hits):,} of {found.total:,} are shown; --limit asks for more.")
    for words in (found.empty_reason, found.note if found.note != found.empty_reason else ""):
        if words:
            _say(words)
    return 0


def _found(finder: ListSearch, query: str, lists: Iterable[str], limit: int) -> SearchResult:
    """Ask, with the fuzzy engine where words are to be ranked."""
    from core.progress import Progress
    from tui.cli.lists import interruptible

    with interruptible() as (meter, stop):
        if finder.ranks(query):
            if not finder.saved:
                meter.report(Progress("Preparing the search, once"))
            if not finder.ensure_ready(stop):
                meter.clear()
                _say("Words are looked up plainly: the fuzzy search could not be prepared.")
        return finder.find(query, list(lists), limit=limit, stop=stop)


def _flat(found: SearchResult) -> Iterator[tuple[SearchHit, SearchHit]]:
    """Yield every hit with the series that it is in, best first; of what no words rank, whole series alone."""
    hits = []
    for top in found.hits:
        if top.matched or not top.score:
            hits.append((top, top))
        if top.score:
            hits += [(top, patch) for patch in top.patches]
    return iter(sorted(hits, key=lambda each: -each[1].score))


def _lines(hits: Iterable[tuple[SearchHit, SearchHit]], *, several: bool) -> Iterator[str]:
    """Yield hits as lines for a person."""
    from rich.cells import set_cell_size

    for hit, top in hits:
        name = set_cell_size(shown(hit.author.name or hit.author.address), _NAME)
        lists = f"  ({', '.join(top.lists)})" if several and top.lists else ""
        yield f"{hit.date:%Y-%m-%d}  {hit.kind:<6}  {name}  {shown(hit.subject + lists)}"


def _point_at(query: str, error: QueryError) -> None:
    """Say what is wrong with a query, under the place."""
    from rich.cells import cell_len

    _say(f"{error.message} {error.hint}")
    first = max(0, error.offset - _AROUND)
    last = error.offset + error.length
    before = ("…" if first else "") + _line(query[first : error.offset])
    wrong = _line(query[error.offset : min(last, error.offset + _AROUND)])
    after = _line(query[last : last + _AROUND]) + ("…" if len(query) > last + _AROUND else "")
    marks = "^" * max(1, cell_len(wrong))
    sys.stderr.write(f"  {before}{wrong}{after}\n  {' ' * cell_len(before)}{marks}\n")


def _line(text: str) -> str:
    return shown_line(text.replace("\t", " ").replace("\n", " "))


def _say(words: str) -> None:
    sys.stderr.write(shown(f"patchdesk search: {words}".rstrip()) + "\n")
