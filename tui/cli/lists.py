"""The commands about followed lists: `follow`, `unfollow`, `lists`, `sync`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from core.text import shown, shown_line
from tui.cli.console import (
    ProgressLine,
    interruptible,
    load_config_and_warn,
    print_error,
    print_lines,
    reading_progress,
)
from tui.cli.mail import check_lists
from tui.cli.parser import Command

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event

    from core.config import Config, FollowedList
    from core.index.index import ListStats
    from core.sync.list_folder import SyncDepth, SyncError, SyncResult

_sync_error: Final = partial(print_error, command="sync")

_REVIEW_SECONDS: Final = 2.0
"""Time of a sync for counting reviews; the screen counts in the background, and the next sync goes on."""
_FOLLOW_DETAILS: Final = """\
TARGET is one of:
  the URL of a list on lore.kernel.org or any public-inbox, such as https://lore.kernel.org/kvm/:
  its git epochs are mirrored, or with --no-clone its messages are fetched by search;
  a public-inbox folder (v2, v1, or one bare epoch), a maildir or an mbox on this machine.
Nothing is fetched yet: “patchdesk sync” does that.
"""
_SYNC_DETAILS: Final = """\
The first sync fetches the newest epoch of a list, or without a clone about its newest 3,000 messages; those older
than 14 days count as read and start outside the inbox (inbox_since changes that). --all fetches the whole history,
--since messages since a date: 2025-05-01, 3.months.ago.
An interrupted sync resumes where it left off.
"""
_NO_LISTS: Final = "You follow no list yet.", "“patchdesk follow NAME TARGET” follows one."
_INTERRUPTED: Final = 130


# ------------------------------------------------------------------- follow


def _add_follow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="a name for the list (default: the last part of TARGET)",
    )
    parser.add_argument("target", metavar="TARGET", help="where its mail is, see below")
    parser.add_argument("--no-clone", action="store_true", help="fetch by search, do not clone")


def _add_unfollow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a followed list")
    parser.add_argument("--delete-clone", action="store_true", help="also remove its clone")


def follow(arguments: argparse.Namespace) -> int:
    """Record that a list is followed. Raises PatchdeskError."""
    from core.errors import TargetError
    from core.sync.follow import SyncMethod, follow, name_from_target, sync_method_of
    from core.system.paths import config_file

    name = arguments.name or name_from_target(arguments.target)
    if not name:
        raise TargetError(
            f"No name follows from {arguments.target}.", "“patchdesk follow NAME TARGET” gives one."
        )
    followed = follow(name, arguments.target, config_file(), clone=not arguments.no_clone)
    if arguments.no_clone and sync_method_of(followed) is SyncMethod.DISK:
        print_error("--no-clone has no effect on a list on disk.", command="follow")
    print_lines(
        [shown(f"Following {name}: {followed.target}. “patchdesk sync {name}” fetches messages.")]
    )
    return 0


def unfollow(arguments: argparse.Namespace) -> int:
    """Stop following a list and remove it from the index. Raises PatchdeskError and Cancelled."""
    from core.sync.follow import unfollow_and_delete
    from core.sync.list_folder import DataDirs
    from core.system.paths import config_file

    with interruptible() as (progress, stop):
        left = unfollow_and_delete(
            arguments.name,
            DataDirs.default(),
            config_file(),
            delete_clone=arguments.delete_clone,
            stop=stop,
            report=progress.report,
        )
    removed = f"; removed {_count(left.mails, 'message')} from the index" if left.mails else ""
    print_lines([shown(f"No longer following {arguments.name}{removed}.")])
    if left.clone is not None:
        print_error(
            f"Its clone stays in {left.clone}.", "--delete-clone removes it.", command="unfollow"
        )
    return 0


# ------------------------------------------------------------------- lists


def _add_lists(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def lists(arguments: argparse.Namespace) -> int:
    """Print the followed lists. Raises PatchdeskError."""
    config = load_config_and_warn()
    infos = {info.name: info for info in _infos()}
    if not config.lists:
        print_error(*_NO_LISTS, command="lists")
    records = [
        _list_record(name, followed, infos.get(name)) for name, followed in config.lists.items()
    ]
    if arguments.json:
        from core.json_records import to_line

        print_lines(to_line(record) for record in records)
    else:
        from core.sync.list_folder import DataDirs, load_sync_errors

        errors = load_sync_errors(DataDirs.default(), config.lists)
        print_lines(_list_line(record, errors.get(record["name"])) for record in records)
    return 0


def _infos() -> list[ListStats]:
    from core.desk.export import open_for_commands
    from core.sync.list_folder import DataDirs

    indexed = open_for_commands(DataDirs.default().index, report=reading_progress())
    if indexed is None:
        return []
    try:
        return indexed.index.rows.lists()
    finally:
        indexed.close()


def _list_record(name: str, followed: FollowedList, info: ListStats | None) -> dict[str, Any]:
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


def _places(info: ListStats) -> list[dict[str, Any]]:
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


def _list_line(record: Mapping[str, Any], error: SyncError | None) -> str:
    """Return a list as one line of text, with the error of its last sync."""
    if record["synced"] is None and not record["messages"]:
        state = "not synced yet"
    else:
        synced = record["synced"]
        when = "not complete yet" if synced is None else f"{synced[:16].replace('T', ' ')} UTC"
        state = (
            f"{_count(record['messages'], 'message')}, {record['series']:,} series,"
            f" {record['unread']:,} unread; synced {when}"
        )
    if error is not None:
        state += f"; sync failed {error.time:%Y-%m-%d %H:%M} UTC: {error.message}"
    return shown_line(f"{record['name']}  {state}  {record['target']}")


# ------------------------------------------------------------------- sync


def _add_sync(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="followed lists (default: all)")
    parser.add_argument("--all", action="store_true", help="fetch the whole history")
    parser.add_argument("--since", metavar="DATE", help="fetch messages since DATE")


def sync(arguments: argparse.Namespace) -> int:
    """Fetch new messages. Returns the exit status; raises PatchdeskError."""
    config = load_config_and_warn()
    depth = _sync_depth(arguments)
    if depth is None:
        return 2
    wanted = {name: config.lists[name] for name in check_lists(arguments.names, config)}
    if not wanted:
        _sync_error(*_NO_LISTS)
        return 0
    from core.desk.arrived_replies import settle_arrived_replies
    from core.search.maintenance import refresh_after_sync
    from core.sync.hook import AfterSync
    from core.sync.landed import refresh_landed
    from core.sync.list_folder import DataDirs

    status = 0
    path = DataDirs.default().index
    with interruptible() as (progress, stop), AfterSync(config, path):
        for result in _results(wanted, config, depth, progress, stop):
            progress.clear()
            if _print_result(result):
                status = 1
        for draft in settle_arrived_replies(path):
            print_lines([shown(f"reply {draft.id} was sent: a list has it")])
        if stop.is_set():
            return _INTERRUPTED
        faults = refresh_after_sync(path, config, stop=stop, report=progress.report)
        faults += refresh_landed(path, config, stop=stop, report=progress.report)
        for fault in faults:
            progress.clear()
            _sync_error(fault)
        _count_reviews(path, progress, stop)
    return status


def _count_reviews(path: Path, progress: ProgressLine, stop: Event) -> None:
    """Count the reviews of what came last: nobody waits long for them. Raises PatchdeskError and Cancelled."""
    from core.desk.review_counts import fill_review_counts_of

    fill_review_counts_of(path, stop=stop, report=progress.report, most_seconds=_REVIEW_SECONDS)
    progress.clear()


def _results(
    wanted: Mapping[str, FollowedList],
    config: Config,
    depth: SyncDepth,
    progress: ProgressLine,
    stop: Event,
) -> Iterator[SyncResult]:
    from core.config import fetch_options
    from core.sync.list_folder import DataDirs
    from core.sync.sync import sync
    from core.system.paths import cache_dir

    options = fetch_options(config, cache_dir())
    return sync(
        wanted, DataDirs.default(), depth, options=options, stop=stop, report=progress.report
    )


def _print_result(result: SyncResult) -> bool:
    """Print the result of one list's sync; return whether it failed."""
    for note in result.notes:
        _sync_error(f"{result.name}: {note}")
    if result.error is not None:
        _sync_error(f"{result.name}: {result.error.message}", result.error.hint)
    if result.error is None or result.added or result.removed:
        print_lines([shown(_result_line(result))])
    return result.error is not None


def _sync_depth(arguments: argparse.Namespace) -> SyncDepth | None:
    """Return how far back to fetch; None, after printing why, where the arguments are wrong."""
    from core.sync.list_folder import SyncDepth

    if arguments.since is None:
        return SyncDepth(everything=arguments.all)
    if arguments.all:
        _sync_error("--all and --since exclude each other.")
        return None
    from core.approxidate import read_past

    moment = read_past(arguments.since, datetime.now(UTC))
    if moment is None or moment.timestamp() < 0:
        _sync_error(
            f"‘{arguments.since}’ is not a date.", "Write 2025-05-01, yesterday, 3.months.ago."
        )
        return None
    return SyncDepth(since=int(moment.timestamp()))


def _result_line(result: SyncResult) -> str:
    parts = []
    if result.added:
        parts.append(_count(result.added, "new message"))
    if result.removed:
        parts.append(f"{_count(result.removed, 'message')} removed")
    if result.series:
        parts.append(f"{result.series:,} series and threads new or changed")
    if result.stopped:
        parts.append("interrupted, the next sync resumes here")
    return f"{result.name}: {'; '.join(parts) or 'nothing new'}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


COMMANDS: Final = (
    Command("follow", "follow a list", follow, _add_follow, _FOLLOW_DETAILS),
    Command("unfollow", "stop following a list", unfollow, _add_unfollow),
    Command("lists", "print the followed lists", lists, _add_lists),
    Command("sync", "fetch new messages", sync, _add_sync, _SYNC_DETAILS),
)
