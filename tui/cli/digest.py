"""The command `digest`: the series and messages that arrived between two commits or dates."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import ConfigError
from core.system.paths import replace_file
from tui.cli.console import load_config_and_warn, print_error, print_lines, read_stdin
from tui.cli.parser import Command

if TYPE_CHECKING:
    from core.config import Config
    from core.digest.page import PageFormat
    from core.digest.people import Mailmap
    from core.digest.values import Digest

_print_error: Final = partial(print_error, command="digest")

_FORMATS: Final = ("text", "markdown", "html", "json")
_LAYOUTS: Final = ("threads", "seed")
_DETAILS: Final = """\
FROM is excluded, TO included; one end may be left open. An end is
  a tag or branch, a commit (a short id will do), or EPOCH:COMMIT, in any epoch of the archive;
  or a date, in UTC: 2025-05-01 (its first second), 2025-05-01T18:00, 1.week.ago, yesterday, monday.
TARGET is a followed list, a public-inbox folder (v2, v1, or one bare epoch), an mbox, a maildir, or - for
an mbox on standard input. Without a git history messages are selected by date only.

Messages removed within the range are not counted. Days are days of arrival, in UTC. The threads layout counts
people: [identity] mailmap, equal addresses, and equal names at one domain are joined (--explain lists them), and
[identity] bots are counted apart. The seed layout (text or json) counts identities as written, replies included,
and lists for each series its newest version with the patches that arrived.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("range", metavar="FROM..TO", help="two commits or dates")
    parser.add_argument("target", metavar="TARGET", help="an archive or a followed list")
    parser.add_argument("--format", choices=_FORMATS, default="text", help="default: text")
    parser.add_argument("--layout", choices=_LAYOUTS, default="threads", help="default: threads")
    parser.add_argument("--name", default="", help="the title to use (default: the list's name)")
    parser.add_argument(
        "--top", type=_positive, default=15, metavar="N", help="entries per table (default 15)"
    )
    parser.add_argument(
        "--no-patch-list", action="store_true", help="leave the seed's patch list empty"
    )
    parser.add_argument(
        "--explain", action="store_true", help="list the identities joined into one person"
    )
    parser.add_argument("-o", dest="output", metavar="FILE", help="write to FILE")


def _positive(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text[:9]) < 1_000_000:
        return int(text[:9])
    raise argparse.ArgumentTypeError("expected a number from 1 on")


def run(arguments: argparse.Namespace) -> int:
    """Print a digest, or write it to a file. Returns the exit status; raises PatchdeskError."""
    from core.digest.page import PageFormat
    from core.digest.range import RangeError, split_range

    config = load_config_and_warn()
    if arguments.layout == "seed" and arguments.format not in ("text", "json"):
        _print_error(f"--layout seed is text or json, not {arguments.format}.")
        return 2
    try:
        split_range(arguments.range)  # before anything is opened
    except RangeError as error:
        _print_error(error.message, error.hint)
        return 2
    form = PageFormat(
        format=arguments.format,
        layout=arguments.layout,
        top=arguments.top,
        patch_list=not arguments.no_patch_list,
        explain=arguments.explain,
        web=_web_of(config, arguments.target),
    )
    digest = _read(arguments, config, form)
    for note in digest.notes:
        _print_error(note)
    if form.explain and form.layout == "seed":
        _print_error("The seed layout counts identities as written: none were joined.")
    from core.digest.page import write_page

    _write(write_page(digest, form), arguments.output)
    return 0


def _read(arguments: argparse.Namespace, config: Config, form: PageFormat) -> Digest:
    from core.digest.build import DigestOptions
    from core.digest.page import open_archive, read_digest, reduce_options
    from core.series.identities import Bots

    target, name = arguments.target, arguments.name
    if target in config.lists and not Path(target).exists():
        from core.sync.follow import followed_target

        name, target = name or target, followed_target(target, config.lists[target])
    options = DigestOptions(name=name, mailmap=_mailmap(config), bots=Bots(config.bots))
    archive = open_archive(target, stdin=read_stdin() if target == "-" else None)
    try:
        return read_digest(
            archive, arguments.range, now=datetime.now(UTC), options=reduce_options(form, options)
        )
    finally:
        archive.close()


def _web_of(config: Config, target: str) -> str:
    """Return the web address of a followed list, "" of anything else."""
    if target not in config.lists:
        return ""
    from core.sync.follow import list_web

    return list_web(config.lists[target])


def _mailmap(config: Config) -> Mailmap | None:
    """Return the user's mailmap, empty after printing an error where it cannot be read."""
    from core.digest.people import read_mailmap

    try:
        return read_mailmap(config.mailmap)
    except ConfigError as error:
        _print_error(error.message, error.hint)
        return None


def _write(lines: Iterable[str], output: str | None) -> None:
    if output in (None, "-"):
        print_lines(lines)
        return
    page = "".join(f"{line}\n" for line in lines)
    replace_file(Path(output), page.encode("utf-8", "backslashreplace"))


COMMANDS: Final = (
    Command(
        "digest",
        "summarize the arrivals between two commits or dates",
        run,
        _add_arguments,
        _DETAILS,
    ),
)
