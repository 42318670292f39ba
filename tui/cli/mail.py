"""The commands `series` and `show`: the series of a source or the index, and single messages, printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.text import shown, shown_lines
from tui.cli.console import (
    load_config_and_warn,
    print_error,
    print_lines,
    read_stdin,
    reading_progress,
)
from tui.cli.parser import TARGETS, Command, add_message

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.export import IndexedMail, MailOpener
    from core.desk.target_desk import TargetDesk
    from core.model import Message, MessageId, Series, TargetListing, Thread

_series_error: Final = partial(print_error, command="series")
_show_error: Final = partial(print_error, command="show")


# ------------------------------------------------------------------- series


def _add_series(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", nargs="?", help="default: the index")
    parser.add_argument("--list", metavar="NAME", help="one list of the index")
    parser.add_argument(
        "--all", action="store_true", help="include threads that are not patch series"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def series(arguments: argparse.Namespace) -> int:
    """Print the series of a target or of the index. Returns the exit status; raises PatchdeskError."""
    config = load_config_and_warn()
    if arguments.target is not None and arguments.list:
        _series_error("--list is for the index: leave out TARGET.")
        return 2
    if arguments.target is not None and _is_only_indexed(arguments.target, config):
        arguments.list, arguments.target = arguments.target, None
    if arguments.target is None:
        _print_items(arguments, _indexed_items(arguments, config))
        return 0
    desk, listing = read_listing(arguments.target, config)
    desk.close()
    _print_items(arguments, listing.items)
    return 0


def _is_only_indexed(target: str, config: Config) -> bool:
    """Return whether a target is a followed list without a copy on disk: only the index has it."""
    from core.sync.follow import SyncMethod, sync_method_of

    followed = config.lists.get(target)
    there = followed is not None and sync_method_of(followed) is SyncMethod.WINDOWS
    return there and not Path(target).exists()


def _print_items(arguments: argparse.Namespace, items: Iterable[Series | Thread]) -> None:
    from core.json_records import series_record, thread_record, to_line
    from core.model import Series

    wanted = (item for item in items if arguments.all or isinstance(item, Series))
    if arguments.json:
        print_lines(
            to_line(series_record(item) if isinstance(item, Series) else thread_record(item))
            for item in wanted
        )
    else:
        print_lines(line for item in wanted for line in outline(item))


def _indexed_items(arguments: argparse.Namespace, config: Config) -> Iterator[Series | Thread]:
    wanted = check_lists([arguments.list] if arguments.list else [], config)
    indexed = open_index()
    if indexed is None:
        _series_error("Nothing was synced yet.", "“patchdesk sync” fetches messages.")
        return
    try:
        yield from indexed.items(wanted, threads=arguments.all)
    finally:
        indexed.close()


# ------------------------------------------------------------------- show


def _add_show(parser: argparse.ArgumentParser) -> None:
    add_message(parser, "its Message-ID")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object")
    form.add_argument("--raw", action="store_true", help="the original bytes")
    form.add_argument("--mbox", action="store_true", help="the patches of its version, for git am")
    parser.add_argument(
        "--partial", action="store_true", help="with --mbox: allow an incomplete series"
    )
    parser.add_argument(
        "--trailers",
        choices=("fresh", "all", "none"),
        help="with --mbox: add the trailers that replies gave (default: none)",
    )
    parser.add_argument(
        "--with-replies", action="store_true", help="with --mbox: the whole thread, unmodified"
    )


def show(arguments: argparse.Namespace) -> int:
    """Print one message, or the patches of its version. Returns the exit status; raises PatchdeskError."""
    config = load_config_and_warn()
    if not arguments.mbox and (arguments.partial or arguments.trailers or arguments.with_replies):
        _show_error("--partial, --trailers and --with-replies go with --mbox.")
        return 2
    if arguments.with_replies and arguments.trailers not in (None, "none"):
        _show_error("--with-replies and --trailers exclude each other.")
        return 2
    with open_message(arguments.id, arguments.target, config) as found:
        _print_message(arguments, found.opener, found.listing, found.message, found.lists)
    return 0


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message that a command was asked for by its id, and where it was found."""

    opener: MailOpener
    """Opens it, and the others of its series."""
    listing: TargetListing
    """Holds its series or thread."""
    message: Message
    lists: Sequence[str] | None
    """The lists it came through; None where only its own headers tell."""


@contextmanager
def open_message(name: str, target: str | None, config: Config) -> Iterator[FoundMessage]:
    """Find a message by its id: in a target, else in the index, else on the server. Raises PatchdeskError."""
    from core.desk.export import find_message
    from core.sources.message_url import named_message_id

    wanted = named_message_id(name)
    if target is None and (indexed := _index_with(wanted)) is not None:
        try:
            message = indexed.message(wanted)
            if message is not None:
                yield FoundMessage(
                    indexed, indexed.listing(wanted), message, indexed.lists_of(wanted)
                )
                return
        finally:
            indexed.close()
    desk, listing = read_listing(target or name, config)
    try:
        message = find_message(listing, wanted)
        if message is None:
            raise PatchdeskError(
                f"There is no message {wanted} in {listing.name}.",
                "patchdesk series TARGET --all --json lists its ids.",
            )
        # The lists that a message in a file names say nothing about where that file is from.
        yield FoundMessage(desk, listing, message, None if desk.is_list else ())
    finally:
        desk.close()


def _index_with(wanted: MessageId) -> IndexedMail | None:
    """Return the index, where it is there and holds a message; the caller closes it."""
    try:
        indexed = open_index()
    except PatchdeskError as error:  # the message can be fetched all the same
        print_error(error.message, error.hint)
        return None
    if indexed is None:
        return None
    try:
        if indexed.message(wanted) is not None:
            return indexed
    except BaseException:
        indexed.close()
        raise
    indexed.close()
    return None


def _print_message(
    arguments: argparse.Namespace,
    opener: MailOpener,
    listing: TargetListing,
    message: Message,
    lists: Sequence[str] | None,
) -> None:
    from core.desk.export import message_record
    from core.desk.mbox_export import version_as_mbox
    from core.json_records import to_line

    if arguments.raw:
        sys.stdout.buffer.write(opener.raw(message))
    elif arguments.mbox:
        mbox = version_as_mbox(
            opener,
            listing,
            message.message_id,
            partial=arguments.partial,
            trailers=arguments.trailers or "none",
            with_replies=arguments.with_replies,
        )
        sys.stdout.buffer.write(mbox)
    elif arguments.json:
        print_lines([to_line(message_record(opener, message, lists))])
    else:
        print_lines(readable(opener, message, _changed(opener, listing, message)))


# ------------------------------------------------------------------- sources


def open_target(
    target: str,
    config: Config,
    stdin: bytes | None = None,
    *,
    name: str = "",
    apart: bool = False,
    fresh: bool = False,
) -> TargetDesk:
    """Open a target; `apart` reads it in a child process, `fresh` past the caches. Raises PatchdeskError."""
    from core.desk.target_desk import open_target_desk
    from core.system.paths import cache_dir

    return open_target_desk(
        target,
        config=config,
        cache=cache_dir(),
        stdin=stdin,
        name=name,
        apart=apart,
        fresh=fresh,
    )


def read_listing(target: str, config: Config) -> tuple[TargetDesk, TargetListing]:
    """Open a target and read it to its end; the caller closes the desk."""
    from core.desk.export import read_all

    desk = open_target(target, config, read_stdin() if target == "-" else None)
    try:
        listing = read_all(desk)
    except BaseException:
        desk.close()
        raise
    if listing.note:
        print_error(listing.note)
    return desk, listing


def open_index() -> IndexedMail | None:
    """Open the index of the followed lists; None where nothing was synced yet. Raises PatchdeskError."""
    from core.desk.export import open_for_commands
    from core.sync.list_folder import DataDirs

    return open_for_commands(DataDirs.default().index, report=reading_progress())


def check_lists(names: Sequence[str], config: Config) -> list[str]:
    """Return the given names, or those of all followed lists. Raises PatchdeskError for one that is not followed."""
    for name in names:
        if name not in config.lists:
            known = ", ".join(config.lists)
            raise PatchdeskError(
                f"You follow no list called {name}.",
                f"You follow: {known}." if known else "“patchdesk follow NAME TARGET” follows one.",
            )
    return list(names or config.lists)


def _counted(replies: int) -> str:
    return "1 reply" if replies == 1 else f"{replies} replies"


def outline(item: Series | Thread) -> Sequence[str]:
    """Return a series or thread as lines of text, one for each version and patch."""
    from core.model import Thread

    day = f"{item.date:%Y-%m-%d}"
    if isinstance(item, Thread):
        return [
            f"{day}  " + shown(f"{item.subject}  ({item.author}, {_counted(len(item.replies))})")
        ]
    lines: list[str] = [
        f"{day}  " + shown(f"{item.subject}  ({item.author}, {_counted(item.replies)})")
    ]
    for version in item.versions:
        name = f"v{version.version}" + (f".{version.minor}" if version.minor else "")
        label = " ".join((*version.tags, name))
        lines.append("    " + shown(f"{label}  {len(version.patches)}/{version.total}"))
        lines += [
            "        " + shown(f"{patch.number}/{version.total} {patch.message.subject.title}")
            for patch in version.entries()
        ]
        lines += [f"        {number}/{version.total} is missing" for number in version.missing]
    return lines


def _changed(opener: MailOpener, listing: TargetListing, message: Message) -> str:
    """Return a patch's changes since the version before, "" where there is none or it cannot be read."""
    from core.desk.version_cache import shared_cache
    from core.desk.versions import VersionComparer, change_phrase
    from core.model import Series

    comparer = VersionComparer(opener, shared_cache())
    for item in listing.items:
        if isinstance(item, Series) and message.message_id in item.message_ids:
            try:
                return change_phrase(comparer, item, message.message_id)
            except PatchdeskError as error:  # the message itself is here
                _show_error(error.message, error.hint)
    return ""


def readable(opener: MailOpener, message: Message, changed: str = "") -> Sequence[str]:
    """Return a message as lines of text: the headers a reader needs, then the body; `changed` since its last version."""
    mail = opener.mail(message)
    message = mail.message
    headers = [
        f"From: {message.sender}",
        f"Date: {_date(message)}",
        f"Subject: {message.subject.text}",
        f"To: {', '.join(map(str, message.to))}",
        f"Cc: {', '.join(map(str, message.cc))}",
        f"Message-ID: <{message.message_id}>",
        *([f"Changed: {changed}"] if changed else []),
        *(f"Attachment: {part.name} ({part.content_type})" for part in mail.attachments),
        *(f"Truncated: {what}" for what in message.truncations),
    ]
    return [*(shown(line) for line in headers), "", *shown_lines(mail.text)]


def _date(message: Message) -> str:
    from core.mail.message import UNKNOWN_DATE

    unknown = message.date == UNKNOWN_DATE
    return "none, or unreadable" if unknown else f"{message.date:%a, %d %b %Y %H:%M:%S %z}"


COMMANDS: Final = (
    Command(
        "series", "list the series in a source (default: the index)", series, _add_series, TARGETS
    ),
    Command(
        "show", "print a message, or with --mbox the series that has it", show, _add_show, TARGETS
    ),
)
