"""The command `versions`: the changes between two versions of a series, printed."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from tui.cli.console import interruptible, load_config_and_warn, print_error, print_lines
from tui.cli.mail import open_index, read_listing
from tui.cli.parser import TARGETS, Command, add_message

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.export import IndexedMail, MailOpener
    from core.model import MessageId, TargetListing
    from core.versions.choose import Choice
    from core.versions.comparison import Comparison, PairInterdiff

_error: Final = partial(print_error, command="versions")


def _add(parser: argparse.ArgumentParser) -> None:
    add_message(parser, "the Message-ID of any message of the series")
    for side, default in (("old", "the one before"), ("new", "the newest")):
        parser.add_argument(
            f"--{side}",
            metavar="V",
            help=f"a version's number, or the Message-ID of a mail of it (default: {default})",
        )
    parser.add_argument(
        "--patch",
        metavar="N",
        type=int,
        help="one patch line by line, by its number in the new version",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--format", choices=("text", "html"), default="text")
    form.add_argument("--json", action="store_true", help="one JSON object")


def versions(arguments: argparse.Namespace) -> int:
    """Print the changes between two versions. Returns the exit status; raises PatchdeskError."""
    from core.desk.version_cache import shared_cache
    from core.desk.versions import VersionComparer, choose_postings
    from core.sources.message_url import named_message_id

    wanted = named_message_id(arguments.id)
    config = load_config_and_warn()
    with _source(arguments, wanted, config) as (opener, listing), interruptible() as (_, stop):
        choice = choose_postings(listing, wanted, arguments.old, arguments.new)
        comparer = VersionComparer(opener, shared_cache())
        comparison = comparer.compare(choice, stop)
        interdiffs: Sequence[PairInterdiff] = ()
        if arguments.patch is not None or arguments.format == "html":
            interdiffs = comparer.interdiffs(choice, comparison, stop)
        if arguments.patch is not None:
            interdiffs = [_patch(interdiffs, arguments.patch, choice)]
        print_lines(_lines(arguments, choice, comparison, interdiffs))
    return 0


def _lines(
    arguments: argparse.Namespace,
    choice: Choice,
    comparison: Comparison,
    interdiffs: Sequence[PairInterdiff],
) -> Iterable[str]:
    from core.json_records import to_line
    from core.versions.formats.html_page import web_page
    from core.versions.formats.json_record import comparison_record
    from core.versions.formats.text import ladder_lines, pair_lines

    if arguments.json:
        return [to_line(comparison_record(choice, comparison, interdiffs))]
    if arguments.format == "html":
        return web_page(choice, comparison, interdiffs)
    if interdiffs:
        return pair_lines(choice, comparison, interdiffs[0])
    return ladder_lines(choice, comparison)


def _patch(interdiffs: Sequence[PairInterdiff], number: int, choice: Choice) -> PairInterdiff:
    """Return the pair of a new patch, or of an old one that has no counterpart. Raises PatchdeskError."""
    for one in interdiffs:
        if one.pair.new is not None and one.pair.new.number == number:
            return one
    for one in interdiffs:
        if one.pair.new is None and one.pair.old is not None and one.pair.old.number == number:
            return one
    raise PatchdeskError(
        f"There is no patch {number} in {choice.new.name}.",
        "Without --patch all patches are listed.",
    )


@contextmanager
def _source(
    arguments: argparse.Namespace, wanted: MessageId, config: Config
) -> Iterator[tuple[MailOpener, TargetListing]]:
    """Yield a reader of messages and a listing that holds the series: from a target, the index, or fetched."""
    from core.sources.message_url import named_message_id

    if arguments.target is None:
        indexed = _open_index()
        if indexed is not None:
            try:
                ids = [wanted, *filter(None, (arguments.old, arguments.new))]
                found = [indexed.listing(named_message_id(one)) for one in ids]
                if found[0].items:
                    items = tuple(item for listing in found for item in listing.items)
                    yield indexed, replace(found[0], items=tuple(dict.fromkeys(items)))
                    return
            finally:
                indexed.close()
    desk, listing = read_listing(arguments.target or arguments.id, config)
    try:
        yield desk, listing
    finally:
        desk.close()


def _open_index() -> IndexedMail | None:
    try:
        return open_index()
    except PatchdeskError as error:  # the mails can be fetched all the same
        _error(error.message, error.hint)
        return None


COMMANDS: Final = (
    Command("versions", "compare two versions of a patch series", versions, _add, TARGETS),
)
