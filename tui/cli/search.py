"""The command `search`: the results of a query, printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from core.text import shown, shown_line
from tui.cli.console import (
    interruptible,
    load_config_and_warn,
    print_error,
    print_lines,
    reading_progress,
)
from tui.cli.mail import check_lists
from tui.cli.parser import Command

if TYPE_CHECKING:
    from core.config import Config
    from core.errors import QueryError
    from core.index.index import Index
    from core.search.hits import SearchHit, SearchResult
    from core.search.list_search import ListSearch

_print_error: Final = partial(print_error, command="search")

_CONTEXT: Final = 50
"""Characters of a query that are printed on each side of the error in it."""
_NAME_WIDTH: Final = 22
_MAX_LIMIT: Final = 1_000_000


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "query",
        metavar="QUERY",
        nargs="+",
        help="the query; quote special characters for the shell",
    )
    parser.add_argument("--list", metavar="NAME", help="one list (default: all followed lists)")
    parser.add_argument(
        "--limit", metavar="N", type=_limit, default=100, help="at most N results (default 100)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def _limit(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    if not 0 < number <= _MAX_LIMIT:
        raise argparse.ArgumentTypeError("N is a number from 1 on")
    return number


def _details() -> str:
    """Return the query language, from its tables."""
    from core.query.fields import FIELDS, HAS_VALUES, IS_VALUES

    lines = [
        "Bare words match the subjects and authors of series and patches, in any order, with typos and as",
        "parts of words; a Message-ID or its URL matches its series. Terms narrow the results:",
        "",
    ]
    for name, prefix in FIELDS.items():
        lines.append(f"  {name + ':':<7} {prefix.help:<56} {prefix.example}")
    for title, words in (("is:", IS_VALUES), ("has:", HAS_VALUES)):
        lines += ["", *(f"  {title + word:<16} {meaning}" for word, meaning in words.items())]
    lines.append("")
    lines += [
        "Names and words match by their beginning, in quotes exactly. -TERM or NOT excludes; OR; ( ). Adjacent terms",
        "about messages must all match one message. Dates are git's: 2025-05-01, 2.weeks.ago, yesterday, in local time.",
        "",
        "  patchdesk search guest_memfd                     as typed in the reader, typos allowed",
        "  patchdesk search 'f:colton s:pmu v:>=2'          Colton's, version 2 or later, pmu in a subject",
        "  patchdesk search 'is:unread dfn:arch/arm64/kvm d:2.weeks.ago..'",
        "  patchdesk search --json 'f:robot -is:flagged' | patchdesk triage done -",
    ]
    return "\n".join(lines)


def query_last(words: Sequence[str]) -> list[str]:
    """Return the arguments with the query at the end, behind `--`, so that a term may begin with `-`."""
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


def run(arguments: argparse.Namespace) -> int:
    """Print the results of a query. Returns the exit status; raises PatchdeskError."""
    from core.desk.current_index import open_current_index
    from core.errors import QueryError
    from core.sync.list_folder import DataDirs

    config = load_config_and_warn()
    query = " ".join(arguments.query)
    lists = check_lists([arguments.list], config) if arguments.list else []
    index = open_current_index(DataDirs.default().index, report=reading_progress())
    if index is None:
        _print_error("Nothing was synced yet.", "“patchdesk sync” fetches messages.")
        return 0
    try:
        for note in index.notes:
            _print_error(note)
        found = _find(index, config, query, lists, arguments.limit)
    except QueryError as error:
        _point_at(query, error)
        return 2
    finally:
        index.close()
    _print_found(found, arguments, several=len(config.lists) > 1 and not lists)
    return 0


def _find(
    index: Index, config: Config, query: str, lists: Iterable[str], limit: int
) -> SearchResult:
    from core.search.list_search import ListSearch
    from core.system.paths import cache_dir

    finder = ListSearch(index, config, cache=cache_dir() / "search")
    try:
        finder.check(query)
        return _search(finder, query, lists, limit)
    finally:
        finder.close()


def _search(finder: ListSearch, query: str, lists: Iterable[str], limit: int) -> SearchResult:
    """Search, with the fuzzy index where words are to be ranked."""
    from core.progress import Progress

    with interruptible() as (progress, stop):
        if finder.ranks(query):
            if not finder.saved:
                progress.report(Progress("Preparing the search, once"))
            if not finder.ensure_ready(stop):
                progress.clear()
                _print_error("Only exact words match: the fuzzy index could not be built.")
        return finder.find(query, list(lists), limit=limit, stop=stop)


def _print_found(found: SearchResult, arguments: argparse.Namespace, *, several: bool) -> None:
    """Print the results, and to stderr why there are none, or that there are more; `several` lists were searched."""
    hits = list(islice(_flat(found), arguments.limit))
    if arguments.json:
        from core.json_records import hit_record, to_line

        print_lines(to_line(hit_record(hit, series)) for series, hit in hits)
    else:
        print_lines(_lines(hits, several=several))
    if found.total > len(found.hits) > 0 and sys.stdout.isatty():
        _print_error(f"Showing {len(found.hits):,} of {found.total:,}; --limit shows more.")
    for note in dict.fromkeys(filter(None, (found.empty_reason, found.note))):
        _print_error(note)


def _flat(found: SearchResult) -> Iterator[tuple[SearchHit, SearchHit]]:
    """Yield (its series, hit), best first; where no words rank the hits, whole series only."""
    hits = []
    for top in found.hits:
        if top.matched or not top.score:
            hits.append((top, top))
        if top.score:
            hits += [(top, patch) for patch in top.patches]
    return iter(sorted(hits, key=lambda each: -each[1].score))


def _lines(hits: Iterable[tuple[SearchHit, SearchHit]], *, several: bool) -> Iterator[str]:
    from rich.cells import set_cell_size

    for series, hit in hits:
        name = set_cell_size(shown(hit.author.name or hit.author.address), _NAME_WIDTH)
        lists = f"  ({', '.join(series.lists)})" if several and series.lists else ""
        yield f"{hit.date:%Y-%m-%d}  {hit.kind:<6}  {name}  {shown(hit.subject + lists)}"


def _point_at(query: str, error: QueryError) -> None:
    """Print an error of a query, and the query with the wrong part underlined."""
    from rich.cells import cell_len

    _print_error(error.message, error.hint)
    first = max(0, error.offset - _CONTEXT)
    last = error.offset + error.length
    before = ("…" if first else "") + _one_line(query[first : error.offset])
    wrong = _one_line(query[error.offset : min(last, error.offset + _CONTEXT)])
    after = _one_line(query[last : last + _CONTEXT]) + ("…" if len(query) > last + _CONTEXT else "")
    marks = "^" * max(1, cell_len(wrong))
    sys.stderr.write(f"  {before}{wrong}{after}\n  {' ' * cell_len(before)}{marks}\n")


def _one_line(text: str) -> str:
    return shown_line(text.replace("\t", " ").replace("\n", " "))


COMMANDS: Final = (
    Command("search", "search series, as the search bar does", run, _add_arguments, _details),
)
