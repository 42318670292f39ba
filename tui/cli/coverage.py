"""The command `coverage`: the review trailers of each patch, and their state, printed."""

from __future__ import annotations

import argparse
from typing import Final

from core.text import shown
from tui.cli.console import interruptible, load_config_and_warn, print_lines
from tui.cli.mail import open_message
from tui.cli.parser import TARGETS, Command, add_message
from tui.desk.series_reports import coverage_lines


def _add(parser: argparse.ArgumentParser) -> None:
    add_message(parser, "a message of the series")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--format", choices=("text", "html"), default="text")
    form.add_argument("--json", action="store_true", help="one JSON object")


def coverage(arguments: argparse.Namespace) -> int:
    """Print the review trailers of a series. Returns the exit status; raises PatchdeskError and Cancelled."""
    from core.config import ready_rule
    from core.coverage.html_page import coverage_page
    from core.desk.coverage import coverage_record, series_coverage
    from core.desk.version_cache import shared_cache
    from core.desk.versions import series_of
    from core.json_records import to_line

    config = load_config_and_warn()
    with (
        open_message(arguments.id, arguments.target, config) as found,
        interruptible() as (_, stop),
    ):
        series = series_of(found.listing, found.message.message_id)
        cache = shared_cache()
        rule = ready_rule(config, series.lists)
        result = series_coverage(found.opener, series, cache, stop)
    if arguments.json:
        print_lines([to_line(coverage_record(result, rule))])
    elif arguments.format == "html":
        print_lines(coverage_page(series.subject, result, rule))
    else:
        print_lines([shown(f"{series.subject} v{result.version}"), *coverage_lines(result, rule)])
    return 0


COMMANDS: Final = (Command("coverage", "show who reviewed which patch", coverage, _add, TARGETS),)
