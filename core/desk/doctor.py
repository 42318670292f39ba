"""The checks of `patchdesk doctor`: installation, files, index, journal, lists, terminal and servers, each with a fix."""

from __future__ import annotations

import locale
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from core.desk.check import Check
from core.desk.installation import fetch_process, programs
from core.desk.send_check import sending
from core.errors import Cancelled, FetchError, PatchdeskError
from core.progress import byte_size
from core.sync.follow import SyncMethod, sync_method_of
from core.sync.list_folder import DataDirs

if TYPE_CHECKING:
    from core.config import Config
    from core.fetch.options import FetchOptions

_MOST_FILES: Final = 1000
"""Files per folder whose permissions are checked."""
_REACHABLE_IN: Final = 5.0
"""Seconds within which a server must answer."""
_ROOM_NEEDED: Final = 8 << 20
_ROOM_WANTED: Final = 256 << 20
"""Free bytes on a disk below which the doctor reports an error, and a warning."""


@dataclass(frozen=True, slots=True)
class DoctorContext:
    """The configuration, the files and the terminal that are checked."""

    config: Config
    config_file: Path
    log_file: Path
    home: DataDirs
    fetch: FetchOptions
    environment: Mapping[str, str]
    is_terminal: bool
    interface_problems: Sequence[str] = ()
    """Problems of the configured theme and keys, a sentence each."""


def run_checks(about: DoctorContext, *, stop: Event) -> Iterator[Check]:
    """Yield one check after the other; those that ask servers come last. Raises Cancelled soon after `stop` is set."""
    checks: Iterable[Iterator[Check]] = (
        programs(),
        _configuration(about),
        _files(about),
        _index(about),
        _journal(about),
        _lists(about),
        sending(about.config, about.environment),
        _terminal(about),
        fetch_process(about.fetch, stop),
        _servers(about, stop),
    )
    for group in checks:
        for check in group:
            if stop.is_set():
                raise Cancelled
            yield check


# ------------------------------------------------------------------- files


def _configuration(about: DoctorContext) -> Iterator[Check]:
    for problem in about.interface_problems:
        yield Check.warning(f"{about.config_file}: {problem}", "Fix that line of the file.")
    if about.config.problems:
        for problem in about.config.problems:
            yield Check.warning(
                problem, "Fix that line; “patchdesk config” prints the effective values."
            )
    elif about.config_file.exists():
        yield Check.ok(f"{about.config_file}")
    else:
        yield Check.ok(f"{about.config_file} does not exist: all values are defaults")


def _files(about: DoctorContext) -> Iterator[Check]:
    folders = (about.config_file.parent, about.home.data, about.home.cache, about.log_file.parent)
    for folder in folders:
        yield _folder(folder)
    kept = (islice(sorted(folder.glob("*")), _MOST_FILES) for folder in folders)
    for path in chain.from_iterable(kept):
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if stat.S_IMODE(mode) & 0o077:
            right = "700" if stat.S_ISDIR(mode) else "600"
            yield Check.warning(f"{path} can be read by others", f"chmod {right} {path}")


def _folder(folder: Path) -> Check:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Check.error(
            f"{folder} cannot be written",
            f"Make {there} a folder that is yours, or set its XDG variable.",
        )
    if there == folder and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return Check.warning(f"{folder} can be read by others", f"chmod 700 {folder}")
    free = shutil.disk_usage(there).free
    if free < _ROOM_NEEDED:
        return Check.error(
            f"the disk of {folder} is full: {byte_size(free)} are left",
            "Free some space: nothing can be synced or recorded.",
        )
    if free < _ROOM_WANTED:
        return Check.warning(
            f"the disk of {folder} has {byte_size(free)} left", "Free some space before you sync."
        )
    return Check.ok(f"{folder} can be written")


def _bodies(about: DoctorContext) -> Iterator[Check]:
    """Report how many bodies are indexed, where the configuration asks for bodies."""
    from core.search.maintenance import body_index_progress

    if not about.config.index_bodies:
        return
    done, of = body_index_progress(about.home.index, about.home.cache)
    if done < of:
        yield Check.warning(
            f"the texts of {done:,} of {of:,} mails are indexed",
            f"Sync: the others take about {max(1, (of - done) // 2000):,} s.",
        )
    else:
        yield Check.ok(f"the texts of {done:,} mails are indexed, for b:")


def _index(about: DoctorContext) -> Iterator[Check]:
    from core.index.database import asides, pending_asides, problems

    path = about.home.index
    waiting = pending_asides(path)
    for aside in asides(path):
        size = f"{aside.stat().st_size >> 20:,} MiB"
        if aside.name in waiting:
            hint = "Run “patchdesk sync”: it imports the messages and removes the file."
        else:
            hint = f"Remove {aside}: it holds nothing that is still needed."
        yield Check.warning(f"{aside.name} was set aside ({size})", hint)
    if not path.exists():
        yield Check.ok("no index yet: the first sync creates it")
        return
    found = problems(path)
    for problem in found:
        use = "Use the newer patchdesk, or move" if "newer" in problem else "Move"
        yield Check.error(
            f"the index {problem}",
            f"{use} {path} away and sync: it is rebuilt. Triage is in a journal of its own.",
        )
    if not found:
        yield Check.ok(f"the index is intact ({byte_size(path.stat().st_size)})")
        yield from _bodies(about)
        yield from _unfollowed(about)


def _journal(about: DoctorContext) -> Iterator[Check]:
    """Read the whole triage journal."""
    from core.triage.journal import FILE, Journal, JournalError

    journal = Journal(about.home.data / FILE)
    try:
        counts = [(len(batch.events), batch.invalid_lines) for batch in journal.read_from()]
    except JournalError as error:
        yield Check.error(error.message.rstrip("."), error.hint)
        return
    events, passed = sum(count for count, _ in counts), sum(count for _, count in counts)
    if passed:
        yield Check.warning(
            f"{passed:,} of {events + passed:,} lines of the triage journal are no events",
            f"They do no harm. {journal.path} is plain text: look at them, and take them out.",
        )
    elif journal.size():
        yield Check.ok(
            f"the triage journal is intact ({events:,} event{'' if events == 1 else 's'})"
        )
    else:
        yield Check.ok("no triage journal yet: the first triage action creates it")


def _unfollowed(about: DoctorContext) -> Iterator[Check]:
    """Find lists in the index that are not followed."""
    from core.desk.export import open_for_commands

    try:
        indexed = open_for_commands(about.home.index)
    except PatchdeskError as error:
        yield Check.error(error.message, error.hint)
        return
    if indexed is None:
        return
    try:
        for info in indexed.index.rows.lists():
            if info.name not in about.config.lists:
                yield Check.warning(
                    f"the index holds {info.name}, which you do not follow",
                    f"“patchdesk unfollow {info.name}” takes it out.",
                )
    finally:
        indexed.close()


def _lists(about: DoctorContext) -> Iterator[Check]:
    for name, followed in about.config.lists.items():
        kind = sync_method_of(followed)
        clone = about.home.clone(name)
        if kind is SyncMethod.DISK:
            yield _readable(name, followed.target)
        elif kind is SyncMethod.EPOCHS and clone is not None:
            yield _readable(name, str(clone))
        elif kind is SyncMethod.EPOCHS:
            yield Check.warning(f"{name} has no clone yet", f"“patchdesk sync {name}” makes it.")
        else:
            yield Check.ok(f"{name} is fetched by search")
        if clone is not None:
            for partial in sorted(clone.glob("git/*.partial")):
                yield Check.warning(
                    f"{partial} is what an interrupted sync has left",
                    f"“patchdesk sync {name}” clones it again.",
                )


def _readable(name: str, target: str) -> Check:
    """Open a list's archive and read its newest message."""
    from core.sources.target import open_target

    try:
        source = open_target(target)
    except PatchdeskError as error:
        fix = f"{error.hint} “patchdesk sync {name}” clones an epoch whose folder was removed."
        return Check.error(f"{name}: {error.message}", fix)
    try:
        next(iter(source.mails(stop=Event(), report=lambda _: None)), None)
    except PatchdeskError as error:
        return Check.error(f"{name}: {error.message}", error.hint)
    finally:
        source.close()
    return Check.ok(f"{name} can be read from {target}")


# ------------------------------------------------------------------- terminal and servers


def _terminal(about: DoctorContext) -> Iterator[Check]:
    environment = about.environment
    term = environment.get("TERM", "")
    if not about.is_terminal:
        yield Check.ok("not a terminal (only the reader needs one)")
    elif term in ("", "dumb"):
        yield Check.warning(
            f"TERM is “{term}”", "Set it to what your terminal is, such as xterm-256color."
        )
    elif environment.get("COLORTERM") in ("truecolor", "24bit") or "direct" in term:
        yield Check.ok(f"terminal {term}, all colours")
    elif "256color" in term:
        yield Check.ok(f"terminal {term}, 256 colours")
    else:
        yield Check.warning(
            f"terminal {term} may have few colours",
            'Set TERM to its 256-colour kind, or theme = "ansi" in [display].',
        )
    encoding = locale.getpreferredencoding(False)
    if encoding.lower().replace("-", "") == "utf8":
        yield Check.ok(f"locale in {encoding}")
    else:
        yield Check.warning(
            f"the locale is in {encoding}", "Set LC_ALL to a UTF-8 one, such as C.UTF-8."
        )


def _servers(about: DoctorContext, stop: Event) -> Iterator[Check]:
    from core.sources.inbox_server import InboxServer

    wanted = [each.target for each in about.config.lists.values() if "://" in each.target]
    by_host = {urlsplit(url).netloc: url for url in (about.fetch.base, *wanted)}
    options = replace(about.fetch, deadline=_REACHABLE_IN)
    for host, url in by_host.items():
        server = InboxServer(url.rstrip("/"), options)
        try:
            server.epochs(stop=stop, report=lambda _: None)
        except FetchError as error:
            yield Check.warning(error.message, error.hint)
        else:
            yield Check.ok(f"{host} answers")
        finally:
            server.close()
