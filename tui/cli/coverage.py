"""The command `coverage`: who stands behind which patch, printed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from core.text import shown
from tui.cli.console import interruptible, load_config_and_warn, print_lines
from tui.cli.mail import open_message
from tui.cli.parser import TARGETS, Command

if TYPE_CHECKING:
    from core.coverage.values import Coverage, Tag
    from core.model import Series


def _add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="a message of the series")
    parser.add_argument(
        "--in",
        dest="target",
        metavar="TARGET",
        help="where to look (default: the index, else it is fetched)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def coverage(arguments: argparse.Namespace) -> int:
    """Print the review trailers of a series. Returns the exit status; raises PatchdeskError and Cancelled."""
    from core.desk.coverage import coverage_record, series_coverage
    from core.desk.version_cache import ComparisonCache
    from core.desk.versions import series_of
    from core.json_records import to_line
    from core.system.paths import cache_dir

    config = load_config_and_warn()
    with (
        open_message(arguments.id, arguments.target, config) as found,
        interruptible() as (_, stop),
    ):
        series = series_of(found.listing, found.message.message_id)
        cache = ComparisonCache(cache_dir() / "versions.sqlite3")
        result = series_coverage(found.opener, series, cache, stop)
    if arguments.json:
        print_lines([to_line(coverage_record(result))])
    else:
        print_lines(_lines(series, result))
    return 0


def _lines(series: Series, found: Coverage) -> Iterator[str]:
    counts = f"{found.reviewed}/{len(found.patches)} reviewed"
    if found.stale:
        counts += f" · {found.stale} stale"
    if found.forgotten:
        counts += f" · {len(found.forgotten)} forgotten"
    yield shown(f"{series.subject} v{found.version}  {counts}")
    forgotten = {(one.number, one.tag) for one in found.forgotten}
    for patch in found.patches:
        yield shown(f"  {patch.number} {patch.title}")
        for tag in patch.tags:
            notes = [tag.state.value]
            if (patch.number, tag) in forgotten:
                notes = ["forgotten"]
            if tag.version is not None and tag.version != found.version:
                notes.append(f"given on v{tag.version}")
            if tag.since:
                notes.append(f"since then: {', '.join(tag.since)}")
            yield shown(f"      {tag.letter} {_name(tag)}  {', '.join(notes)}")
        for person in patch.commenters:
            yield shown(f"      c {person.name or person.address}  commented")
        if not patch.tags and not patch.commenters:
            yield "      no review"


def _name(tag: Tag) -> str:
    return tag.person.name or tag.person.address


COMMANDS: Final = (Command("coverage", "show who reviewed which patch", coverage, _add, TARGETS),)
