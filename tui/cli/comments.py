"""The command `comments`: review comments and the evidence of their outcome, printed."""

from __future__ import annotations

import argparse
from typing import Final

from core.text import shown
from tui.cli.console import interruptible, load_config_and_warn, print_lines
from tui.cli.mail import open_message
from tui.cli.parser import TARGETS, Command, add_message
from tui.cli.triage import open_triage
from tui.desk.series_reports import comment_lines


def _add(parser: argparse.ArgumentParser) -> None:
    add_message(parser, "a message of the series")
    parser.add_argument(
        "--of",
        metavar="V",
        help="the version that was commented on (default: each; of older ones only what is open)",
    )
    parser.add_argument(
        "--seen-in", metavar="V", help="the version they are followed to (default: the newest)"
    )
    parser.add_argument("--open", action="store_true", help="only comments that are open")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--format", choices=("text", "html"), default="text")
    form.add_argument("--json", action="store_true", help="one JSON object a line")


def comments(arguments: argparse.Namespace) -> int:
    """Print the comments of a version. Returns the exit status; raises PatchdeskError and Cancelled."""
    from core.comments.html_page import comments_page
    from core.comments.ledger import LedgerOptions
    from core.desk.comments import SeriesComments, comment_record, only_open
    from core.desk.version_cache import shared_cache
    from core.desk.versions import series_of
    from core.json_records import to_line
    from core.series.identities import Bots

    config = load_config_and_warn()
    with (
        open_message(arguments.id, arguments.target, config) as found,
        interruptible() as (_, stop),
    ):
        series = series_of(found.listing, found.message.message_id)
        with open_triage(config) as triage:
            settled = dict(triage.state_of(series.id).settled)
        followed = SeriesComments(
            found.opener,
            series,
            cache=shared_cache(),
            options=LedgerOptions(settled=settled, bots=Bots(config.bots)),
            stop=stop,
        )
        ledgers = followed.ledgers(arguments.of, arguments.seen_in)
    if arguments.open:
        ledgers = tuple(map(only_open, ledgers))
    if arguments.json:
        print_lines(
            to_line(comment_record(ledger, one)) for ledger in ledgers for one in ledger.comments
        )
    elif arguments.format == "html":
        print_lines(comments_page(series.subject, ledgers))
    else:
        pages = [line for ledger in ledgers for line in comment_lines(ledger)]
        print_lines([shown(series.subject), *pages])
    return 0


COMMANDS: Final = (
    Command("comments", "show review comments and their outcome", comments, _add, TARGETS),
)
