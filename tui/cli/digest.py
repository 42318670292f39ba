"""The `digest` command: what arrived in an archive between two commits or dates."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import ConfigError
from core.system.paths import replace_file
from core.text import shown

if TYPE_CHECKING:
    from core.config import Config
    from core.digest.people import Mailmap

FORMATS: Final = ("text", "markdown", "html", "json")
LAYOUTS: Final = ("threads", "seed")
HELP: Final = """\
FROM is excluded, TO included; one end may be left open. An end is
  a tag or branch, a commit (a short id will do), or EPOCH:COMMIT, in any epoch of the archive;
  or a date, in UTC: 2025-05-01 (its first second), 2025-05-01T18:00, 1.week.ago, yesterday, monday.
TARGET is a followed list, a public-inbox folder (v2, v1, or one bare epoch), an mbox, a maildir, or - for
an mbox on standard input; mails without a history are found by their dates alone.

A mail that was removed within the range is not counted; days are those of arrival, in UTC. The threads layout
counts people, as [identity] mailmap, equal addresses, and equal names at one domain join them (--explain shows it),
and keeps apart the [identity] bots; the seed layout, which is text or json, counts identities as written, replies too,
and lists for each series its newest version with the patches that arrived.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("range", metavar="FROM..TO", help="two commits or dates")
    parser.add_argument("target", metavar="TARGET", help="an archive")
    parser.add_argument("--format", choices=FORMATS, default="text", help="text unless said")
    parser.add_argument("--layout", choices=LAYOUTS, default="threads", help="threads unless said")
    parser.add_argument("--name", default="", help="what to call the list")
    parser.add_argument("--top", type=_number, default=15, metavar="N", help="15 unless said")
    parser.add_argument(
        "--no-patch-list", action="store_true", help="leave the seed's patch list empty"
    )
    parser.add_argument(
        "--explain", action="store_true", help="which identities were taken for one person"
    )
    parser.add_argument("-o", dest="output", metavar="FILE", help="write there")


def _number(words: str) -> int:
    if words.isascii() and words.isdigit() and 0 < int(words[:9]) < 1_000_000:
        return int(words[:9])
    raise argparse.ArgumentTypeError("a number from 1 on is wanted")


def run(
    arguments: argparse.Namespace, config: Config, write: Callable[[Iterable[str]], None]
) -> int:
    """Make the page and hand its lines to `write`, or put them into the file asked for.

    Returns the exit status. Raises PatchdeskError.
    """
    if arguments.layout == "seed" and arguments.format not in ("text", "json"):
        _say(f"--layout seed is text or json, not {arguments.format}.")
        return 2
    from core.digest.build import DigestOptions
    from core.digest.page import PageFormat, open_archive, read_digest, reduce_options, write_page
    from core.digest.people import Bots
    from core.digest.range import RangeError, split_range

    form = PageFormat(
        format=arguments.format,
        layout=arguments.layout,
        top=arguments.top,
        patch_list=not arguments.no_patch_list,
        explain=arguments.explain,
    )
    try:
        split_range(arguments.range)  # before anything is opened
    except RangeError as error:
        _say(f"{error.message} {error.hint}")
        return 2
    target, name = arguments.target, arguments.name
    if target in config.lists and not Path(target).exists():
        from core.sync.follow import followed_target

        name, target = name or target, followed_target(target, config.lists[target])
    options = DigestOptions(name=name, mailmap=_mailmap(config), bots=Bots(config.bots))
    stdin = sys.stdin.buffer.read() if target == "-" else None
    archive = open_archive(target, stdin=stdin)
    try:
        digest = read_digest(
            archive, arguments.range, now=datetime.now(UTC), options=reduce_options(form, options)
        )
    finally:
        archive.close()
    for note in digest.notes:
        _say(note)
    if form.explain and form.layout == "seed":
        _say("The seed's layout counts identities as they are written: none were joined.")
    if arguments.output in (None, "-"):
        write(write_page(digest, form))
    else:
        page = "".join(f"{line}\n" for line in write_page(digest, form))
        replace_file(Path(arguments.output), page.encode("utf-8", "backslashreplace"))
    return 0


def _mailmap(config: Config) -> Mailmap | None:
    """Return the user's mailmap; a mistake in the configuration is said, and stops nothing."""
    from core.digest.people import read_mailmap

    try:
        return read_mailmap(config.mailmap)
    except ConfigError as error:
        _say(f"{error.message} {error.hint}")
        return None


def _say(words: str) -> None:
    sys.stderr.write(shown(f"patchdesk digest: {words}".rstrip()) + "\n")
