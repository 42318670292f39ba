"""The command `comments`: review comments and what became of them, printed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from core.text import shown
from tui.cli.console import interruptible, load_config_and_warn, print_lines
from tui.cli.mail import open_message
from tui.cli.parser import TARGETS, Command

if TYPE_CHECKING:
    from core.comments.values import CommentLedger, FollowedComment
    from core.model import Series

_MARKS: Final = {"open": "○", "likely settled": "●", "settled": "✓"}


def _add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="a message of the series")
    parser.add_argument(
        "--in",
        dest="target",
        metavar="TARGET",
        help="where to look (default: the index, else it is fetched)",
    )
    parser.add_argument(
        "--of", metavar="V", help="the version that was commented on (default: the one before)"
    )
    parser.add_argument(
        "--seen-in", metavar="V", help="the version they are followed to (default: the newest)"
    )
    parser.add_argument("--open", action="store_true", help="only comments that are open")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def comments(arguments: argparse.Namespace) -> int:
    """Print the comments of a version. Returns the exit status; raises PatchdeskError and Cancelled."""
    from core.comments.values import CommentState
    from core.desk.comments import comment_record, series_comments
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
        ledger = series_comments(
            found.opener,
            series,
            arguments.of,
            arguments.seen_in,
            cache=ComparisonCache(cache_dir() / "versions.sqlite3"),
            stop=stop,
        )
    wanted = [
        one for one in ledger.comments if not arguments.open or one.state is CommentState.OPEN
    ]
    if arguments.json:
        print_lines(to_line(comment_record(ledger, one)) for one in wanted)
    else:
        print_lines(_lines(series, ledger, wanted))
    return 0


def _lines(series: Series, ledger: CommentLedger, wanted: list[FollowedComment]) -> Iterator[str]:
    seen = f", seen in v{ledger.seen_in}" if ledger.seen_in is not None else ""
    yield shown(
        f"{series.subject}  on v{ledger.version}{seen}  "
        f"{ledger.open} open of {len(ledger.comments)}"
    )
    number = None
    for one in wanted:
        if one.number != number:
            number = one.number
            yield f"  {number or 'cover letter'}"
        first = next((line.strip() for line in one.text.split("\n") if line.strip()), "")
        notes = [one.next.evidence.value]
        notes += ["answered"] * one.discussion.author_answered
        notes += [f"then {one.discussion.tag}"] * bool(one.discussion.tag)
        notes += ["in the changelog"] * one.discussion.in_changelog
        notes += ["most of the patch changed"] * one.next.rewritten
        name = one.person.name or one.person.address
        yield shown(f"    {_MARKS[one.state.value]} {name}: {first}")
        yield shown(f"        {' · '.join(notes)}")


COMMANDS: Final = (
    Command("comments", "show what became of review comments", comments, _add, TARGETS),
)
