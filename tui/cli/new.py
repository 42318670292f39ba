"""`new`: series with news in the followed lists, for cron and hooks."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import Final

from core.text import shown_line
from tui.cli.console import print_error, print_lines, reading_progress
from tui.cli.parser import Command

_DETAILS: Final = """\
A message is new while it is unread. With --since-last only those count that came since the last
`patchdesk new --since-last`; the first time, all that are unread.

[hooks] after_sync = "COMMAND" in config.toml runs a shell command after each sync that brought
something: it gets the same JSON objects on its standard input, of what that sync brought.
"""

_print_error: Final = partial(print_error, command="new")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--since-last", action="store_true", help="only messages since the last such call"
    )
    parser.add_argument(
        "--all", action="store_true", help="include threads that are not patch series"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the series with new messages. Raises PatchdeskError."""
    from core.desk.current_index import open_current_index
    from core.desk.new_mail import load_last, new_items, new_record, save_last
    from core.json_records import to_line
    from core.sync.list_folder import DataDirs

    index = open_current_index(DataDirs.default().index, report=reading_progress())
    if index is None:
        _print_error("Nothing was synced yet.", "“patchdesk sync” fetches messages.")
        return 0
    try:
        last = index.mails.last_number()
        after = load_last(index) if arguments.since_last else 0
        found = new_items(index, after, threads=arguments.all)
        if arguments.json:
            print_lines(to_line(new_record(item, new)) for item, new in found)
        else:
            print_lines(shown_line(f"{len(new):>4} new  {item.subject}") for item, new in found)
        sys.stdout.flush()
        if arguments.since_last:  # once it was printed: what nobody got is told again
            save_last(index, last)
    finally:
        index.close()
    return 0


COMMANDS: Final = (
    Command(
        name="new",
        summary="print the series with new messages",
        run=run,
        add_arguments=_add_arguments,
        details=_DETAILS,
    ),
)
