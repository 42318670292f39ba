"""The commands about followed lists: `follow`, `unfollow`, `lists`, `sync`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING, Any, Final

from core.text import shown, shown_line
from tui.cli.console import Meter
from tui.cli.mail import check_lists

if TYPE_CHECKING:
    from core.config import Config, FollowedList
    from core.index.index import ListInfo
    from core.sync.list_folder import SyncDepth, SyncResult

    Write = Callable[[Iterable[str]], None]

FOLLOW_HELP: Final = """\
TARGET is one of:
  the address of a list on lore.kernel.org or any public-inbox, such as https://lore.kernel.org/kvm/:
  its git epochs are mirrored, or with --no-clone its mails are asked for by search;
  a public-inbox folder (v2, v1, or one bare epoch), a maildir or an mbox on this machine.
Nothing is fetched yet: “patchdesk sync” does that.
"""
SYNC_HELP: Final = """\
The first sync brings a list's newest epoch, without a clone its newest 3,000 mails or little more; what is older than
14 days counts as read. --all brings all there is, --since what arrived since a date: 2025-05-01, 3.months.ago.
Interrupted, the next sync goes on where this one stopped.
"""
_INTERRUPTED: Final = 130


def add_follow(parser: argparse.ArgumentParser) -> None:
    """Declare the words of `follow`."""
    parser.add_argument("name", metavar="NAME", help="what to call the list")
    parser.add_argument("target", metavar="TARGET", help="where its mail is")
    parser.add_argument(
        "--no-clone", action="store_true", help="ask the server by search instead of cloning"
    )


def add_unfollow(parser: argparse.ArgumentParser) -> None:
    """Declare the words of `unfollow`."""
    parser.add_argument("name", metavar="NAME", help="a followed list")
    parser.add_argument("--delete-clone", action="store_true", help="what sync has cloned, too")


def add_sync(parser: argparse.ArgumentParser) -> None:
    """Declare the words of `sync`."""
    parser.add_argument("names", metavar="NAME", nargs="*", help="followed lists; all unless said")
    parser.add_argument("--all", action="store_true", help="back to the list's beginning")
    parser.add_argument("--since", metavar="DATE", help="back to a date")


def follow(arguments: argparse.Namespace, write: Write) -> int:
    """Record that a list is followed. Raises PatchdeskError."""
    from core.sync.follow import SyncMethod, follow, sync_method_of
    from core.system.paths import config_file

    name = arguments.name
    followed = follow(name, arguments.target, config_file(), clone=not arguments.no_clone)
    if arguments.no_clone and sync_method_of(followed) is SyncMethod.DISK:
        _say("follow", "--no-clone says nothing of a list on disk, which is read where it is.")
    write(
        [shown(f"{name} is followed: {followed.target}. “patchdesk sync {name}” brings its mail.")]
    )
    return 0


def unfollow(arguments: argparse.Namespace, write: Write) -> int:
    """Follow a list no more. Raises PatchdeskError and Cancelled."""
    from core.sync.follow import unfollow_and_delete
    from core.sync.list_folder import DataDirs
    from core.system.paths import config_file

    with interruptible() as (meter, stop):
        left = unfollow_and_delete(
            arguments.name,
            DataDirs.default(),
            config_file(),
            delete_clone=arguments.delete_clone,
            stop=stop,
            report=meter.report,
        )
    mails = f"; its {left.mails:,} mails are out of the index" if left.mails else ""
    write([shown(f"{arguments.name} is followed no more{mails}.")])
    if left.clone is not None:
        _say("unfollow", f"Its clone stays in {left.clone}; --delete-clone removes that, too.")
    return 0


def lists(arguments: argparse.Namespace, config: Config, write: Write) -> int:
    """Print the lists that are followed. Raises PatchdeskError."""
    infos = {info.name: info for info in _infos()}
    if not config.lists:
        _say("lists", "You follow no list yet. “patchdesk follow NAME TARGET” records one.")
    records = [
        _list_record(name, followed, infos.get(name)) for name, followed in config.lists.items()
    ]
    if arguments.json:
        from core.json_records import to_line

        write(to_line(record) for record in records)
    else:
        write(_list_line(record) for record in records)
    return 0


def sync(arguments: argparse.Namespace, config: Config, write: Write) -> int:
    """Bring in new mail. Returns the exit status; raises PatchdeskError."""
    wish = _wish(arguments)
    if wish is None:
        return 2
    wanted = {name: config.lists[name] for name in check_lists(arguments.names, config)}
    if not wanted:
        _say("sync", "You follow no list yet. “patchdesk follow NAME TARGET” records one.")
        return 0
    from core.search.maintenance import refresh_after_sync
    from core.sync.list_folder import DataDirs

    status = 0
    with interruptible() as (meter, stop):
        for result in _results(wanted, config, wish, meter, stop):
            meter.clear()
            for note in result.notes:
                _say("sync", f"{result.name}: {note}")
            if result.error is not None:
                _say("sync", f"{result.name}: {result.error.message} {result.error.hint}")
                status = 1
            if result.error is None or result.added or result.removed:
                write([shown(_result_line(result))])
        if stop.is_set():
            return _INTERRUPTED
        for fault in refresh_after_sync(
            DataDirs.default().index, config, stop=stop, report=meter.report
        ):
            meter.clear()
            _say("sync", fault)
    return status


def _results(
    wanted: Mapping[str, FollowedList], config: Config, wish: SyncDepth, meter: Meter, stop: Event
) -> Iterator[SyncResult]:
    from core.config import fetch_options
    from core.sync.list_folder import DataDirs
    from core.sync.sync import sync
    from core.system.paths import cache_dir

    options = fetch_options(config, cache_dir())
    return sync(wanted, DataDirs.default(), wish, options=options, stop=stop, report=meter.report)


def _wish(arguments: argparse.Namespace) -> SyncDepth | None:
    """Return how far back mail is wanted; None, said, where the words cannot be read."""
    from core.sync.list_folder import SyncDepth

    if arguments.since is None:
        return SyncDepth(everything=arguments.all)
    if arguments.all:
        _say("sync", "--all and --since do not go together.")
        return None
    from core.digest.range import read_moment

    moment = read_moment(arguments.since, datetime.now(UTC))
    if moment is None or moment.time < 0:
        _say("sync", f"‘{arguments.since}’ is no date. Write 2025-05-01, yesterday, 3.months.ago.")
        return None
    return SyncDepth(since=moment.time)


def _result_line(result: SyncResult) -> str:
    """Return what came of one list's sync, as words for a person."""
    parts = []
    if result.added:
        parts.append(f"{_count(result.added, 'mail')} came")
    if result.removed:
        parts.append(f"{_count(result.removed, 'mail')} removed")
    if result.series:
        parts.append(f"{result.series:,} series and threads new or changed")
    if result.stopped:
        parts.append("interrupted, the next sync goes on from here")
    return f"{result.name}: {'; '.join(parts) or 'nothing new'}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _infos() -> list[ListInfo]:
    from core.desk.indexed import open_for_commands
    from core.sync.list_folder import DataDirs

    indexed = open_for_commands(DataDirs.default().index)
    if indexed is None:
        return []
    try:
        return indexed.index.lists()
    finally:
        indexed.close()


def _list_record(name: str, followed: FollowedList, info: ListInfo | None) -> dict[str, Any]:
    synced = None if info is None else info.synced
    return {
        "name": name,
        "target": followed.target,
        "messages": info.messages if info is not None else 0,
        "series": info.series if info is not None else 0,
        "unread": info.unread if info is not None else 0,
        "synced": None if synced is None else datetime.fromtimestamp(synced, UTC).isoformat(),
        "at": [] if info is None else _places(info),
    }


def _places(info: ListInfo) -> list[dict[str, Any]]:
    """Return the newest commit of each epoch that is in the index."""
    places = []
    for part, position in info.positions:
        try:
            read = json.loads(position)
        except ValueError:
            continue
        if part.isdigit() and isinstance(read, dict) and read.get("top"):
            places.append({"epoch": int(part), "commit": read["top"]})
    return places


def _list_line(record: Mapping[str, Any]) -> str:
    """Return a list as a line for a person."""
    if record["synced"] is None and not record["messages"]:
        state = "not synced yet"
    else:
        synced = record["synced"]
        when = "not to its end yet" if synced is None else f"{synced[:16].replace('T', ' ')} UTC"
        state = (
            f"{_count(record['messages'], 'mail')}, {record['series']:,} series,"
            f" {record['unread']:,} unread; synced {when}"
        )
    return shown_line(f"{record['name']}  {state}  {record['target']}")


@contextmanager
def interruptible() -> Iterator[tuple[Meter, Event]]:
    """Show progress, and let the first Ctrl-C end the job in good order; the second ends it at once."""
    stop = Event()
    meter = Meter(sys.stderr)

    def interrupted(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.default_int_handler)

    before = {}
    if current_thread() is main_thread():
        before = {
            number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)
        }
    try:
        yield meter, stop
    finally:
        meter.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(command: str, words: str) -> None:
    sys.stderr.write(shown(f"patchdesk {command}: {words}".rstrip()) + "\n")
