"""The commands that print mail: `series` and `show`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.text import shown, shown_lines

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.export import MailOpener
    from core.desk.indexed import IndexedMail
    from core.desk.target_desk import TargetDesk
    from core.model import Message, MessageId, Series, TargetListing, Thread

    OpenDesk = Callable[[str, Config, bytes | None], TargetDesk]


_STDIN_CAP: Final = 512 << 20


class MailCommands:
    """One call of a command: the configuration, and what opens targets and writes lines."""

    def __init__(
        self, config: Config, open_desk: OpenDesk, write: Callable[[Iterable[str]], None]
    ) -> None:
        self._config = config
        self._open_desk = open_desk
        self._write = write

    # ------------------------------------------------------------------- series

    def series(self, arguments: argparse.Namespace) -> int:
        """Print what a target, or the index, groups into. Returns the exit status; raises PatchdeskError."""
        if arguments.target is not None and arguments.list:
            _say("series", "--list is for what the index holds: leave out TARGET.")
            return 2
        if arguments.target is not None and self._is_only_indexed(arguments.target):
            arguments.list, arguments.target = arguments.target, None
        if arguments.target is None:
            self._print_items(arguments, self._indexed_items(arguments))
            return 0
        desk, listing = self._read(arguments.target)
        desk.close()
        self._print_items(arguments, listing.items)
        return 0

    def _is_only_indexed(self, target: str) -> bool:
        """Tell whether a target is a list that lies nowhere but in the index."""
        from core.sync.follow import SyncMethod, sync_method_of

        followed = self._config.lists.get(target)
        there = followed is not None and sync_method_of(followed) is SyncMethod.WINDOWS
        return there and not Path(target).exists()

    def _print_items(self, arguments: argparse.Namespace, items: Iterable[Series | Thread]) -> None:
        from core.json_records import series_record, thread_record, to_line
        from core.model import Series

        wanted = (item for item in items if arguments.all or isinstance(item, Series))
        if arguments.json:
            self._write(
                to_line(series_record(item) if isinstance(item, Series) else thread_record(item))
                for item in wanted
            )
        else:
            self._write(line for item in wanted for line in outline(item))

    def _indexed_items(self, arguments: argparse.Namespace) -> Iterator[Series | Thread]:
        wanted = check_lists([arguments.list] if arguments.list else [], self._config)
        indexed = self._indexed()
        if indexed is None:
            _say("series", "Nothing was synced yet. “patchdesk sync” brings mail in.")
            return
        try:
            yield from indexed.items(wanted, threads=arguments.all)
        finally:
            indexed.close()

    # ------------------------------------------------------------------- show

    def show(self, arguments: argparse.Namespace) -> int:
        """Print one mail, or the patches of its version. Returns the exit status; raises PatchdeskError."""
        from core.model import MessageId

        if arguments.partial and not arguments.mbox:
            _say("show", "--partial goes with --mbox.")
            return 2
        wanted = MessageId(arguments.id.strip().removeprefix("<").removesuffix(">"))
        if arguments.target is None and self._show_indexed(arguments, wanted):
            return 0
        from core.desk.export import find_message

        desk, listing = self._read(arguments.target or wanted)
        try:
            message = find_message(listing, wanted)
            if message is None:
                raise PatchdeskError(
                    f"There is no message {wanted} in {listing.name}.",
                    "patchdesk series TARGET --all --json lists the ids that are there.",
                )
            # The lists that a mail in a file names say nothing about where that file is from.
            self._print_mail(arguments, desk, listing, message, None if desk.is_list else ())
        finally:
            desk.close()
        return 0

    def _show_indexed(self, arguments: argparse.Namespace, wanted: MessageId) -> bool:
        """Print a mail that a followed list has; tell whether there was one."""
        try:
            indexed = self._indexed()
        except PatchdeskError as error:  # the mail can be fetched all the same
            _say("show", f"{error.message} {error.hint}")
            return False
        if indexed is None:
            return False
        try:
            message = indexed.message(wanted)
            if message is None:
                return False
            lists = indexed.lists_of(wanted)
            self._print_mail(arguments, indexed, indexed.listing(wanted), message, lists)
        finally:
            indexed.close()
        return True

    def _print_mail(
        self,
        arguments: argparse.Namespace,
        opener: MailOpener,
        listing: TargetListing,
        message: Message,
        lists: Sequence[str] | None = None,
    ) -> None:
        from core.desk.export import message_record, version_as_mbox
        from core.json_records import to_line

        if arguments.raw:
            sys.stdout.buffer.write(opener.raw(message))
        elif arguments.mbox:
            sys.stdout.buffer.write(
                version_as_mbox(opener, listing, message.message_id, partial=arguments.partial)
            )
        elif arguments.json:
            self._write([to_line(message_record(opener, message, lists))])
        else:
            self._write(readable(opener, message))

    # ------------------------------------------------------------------- where it comes from

    def _read(self, target: str) -> tuple[TargetDesk, TargetListing]:
        from core.desk.export import read_all

        stdin = read_stdin() if target == "-" else None
        desk = self._open_desk(target, self._config, stdin)
        try:
            listing = read_all(desk)
        except BaseException:
            desk.close()
            raise
        if listing.note:
            sys.stderr.write(shown(f"patchdesk: {listing.note}") + "\n")
        return desk, listing

    def _indexed(self) -> IndexedMail | None:
        from core.desk.indexed import open_for_commands
        from core.sync.list_folder import DataDirs

        return open_for_commands(DataDirs.default().index)


def read_stdin() -> bytes:
    """Return all of standard input. Raises PatchdeskError where that is too much to hold."""
    content = sys.stdin.buffer.read(_STDIN_CAP + 1)
    if len(content) > _STDIN_CAP:
        raise PatchdeskError(
            f"More than {_STDIN_CAP >> 20} MiB came on standard input.",
            "Save it to a file and open that.",
        )
    return content


def check_lists(names: Sequence[str], config: Config) -> list[str]:
    """Return the names of followed lists: those given, or all. Raises PatchdeskError for one that is not."""
    for name in names:
        if name not in config.lists:
            known = ", ".join(config.lists)
            raise PatchdeskError(
                f"You follow no list called {name}.",
                f"You follow: {known}." if known else "“patchdesk follow NAME TARGET” records one.",
            )
    return list(names or config.lists)


def _counted(replies: int) -> str:
    return "1 reply" if replies == 1 else f"{replies} replies"


def outline(item: Series | Thread) -> Sequence[str]:
    """Return a series or thread as lines for a person."""
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
        words = " ".join((*version.tags, name))
        lines.append("    " + shown(f"{words}  {len(version.patches)}/{version.total}"))
        lines += [
            "        " + shown(f"{patch.number}/{version.total} {patch.message.subject.title}")
            for patch in version.entries()
        ]
        lines += [f"        {number}/{version.total} is missing" for number in version.missing]
    return lines


def readable(opener: MailOpener, message: Message) -> Sequence[str]:
    """Return one mail as lines for a person."""
    mail = opener.mail(message)
    message = mail.message
    headers = [
        f"From: {message.sender}",
        f"Date: {_date(message)}",
        f"Subject: {message.subject.text}",
        f"To: {', '.join(map(str, message.to))}",
        f"Cc: {', '.join(map(str, message.cc))}",
        f"Message-ID: <{message.message_id}>",
        *(f"Attachment: {part.name} ({part.content_type})" for part in mail.attachments),
        *(f"Cut: {words}" for words in message.truncations),
    ]
    return [*(shown(line) for line in headers), "", *shown_lines(mail.text)]


def _date(message: Message) -> str:
    from core.mail.message import UNKNOWN_DATE

    unknown = message.date == UNKNOWN_DATE
    return "none that can be read" if unknown else f"{message.date:%a, %d %b %Y %H:%M:%S %z}"


def _say(command: str, words: str) -> None:
    sys.stderr.write(shown(f"patchdesk {command}: {words}".rstrip()) + "\n")
