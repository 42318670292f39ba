"""What is installed, readable, writable and reachable, each with what to do where it is not."""

from __future__ import annotations

import importlib.metadata
import locale
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import chain, islice
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from core.errors import Cancelled, FetchError, PatchdeskError
from core.progress import byte_size
from core.sync.follow import SyncMethod, sync_method_of
from core.sync.list_folder import DataDirs

if TYPE_CHECKING:
    from core.config import Config
    from core.fetch.options import FetchOptions

_PACKAGES: Final = ("textual", "b4", "rapidfuzz", "numpy", "pygit2", "pygments", "tomlkit")
_MOST_FILES: Final = 1000
"""Files of a folder whose rights are looked at."""
_OLDEST_PYTHON: Final = (3, 11)
_OLDEST_GIT: Final = (2, 28)
_REACHABLE_IN: Final = 5.0
_CHILD_STARTS_IN: Final = 30.0
_ROOM_NEEDED: Final = 8 << 20
_ROOM_WANTED: Final = 256 << 20
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)\s*([<>=!~0-9.,\s]*)$")
_BOUND: Final = re.compile(r"(>=|<)\s*([0-9.]+)")


class Level(Enum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, as words, and what mends it."""

    level: Level
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class DoctorContext:
    """Where the program runs and what it was told."""

    config: Config
    config_file: Path
    log_file: Path
    home: DataDirs
    fetch: FetchOptions
    environment: Mapping[str, str]
    is_terminal: bool
    interface_problems: Sequence[str] = ()
    """What is wrong with the configured theme and keys."""


def run_checks(about: DoctorContext, *, stop: Event) -> Iterator[Check]:
    """Yield one check after the other; those that ask servers come last. Raises Cancelled soon after `stop` is set."""
    checks: Iterable[Iterator[Check]] = (
        _programs(),
        _configuration(about),
        _files(about),
        _index(about),
        _journal(about),
        _lists(about),
        _terminal(about),
        _child(about, stop),
        _servers(about, stop),
    )
    for group in checks:
        for check in group:
            if stop.is_set():
                raise Cancelled
            yield check


def _ok(what: str) -> Check:
    return Check(Level.OK, what)


def _warning(what: str, mend: str) -> Check:
    return Check(Level.WARNING, what, mend)


def _error(what: str, mend: str) -> Check:
    return Check(Level.ERROR, what, mend)


# ------------------------------------------------------------------- what is installed


def _programs() -> Iterator[Check]:
    version = platform.python_version()
    if sys.version_info[:2] >= _OLDEST_PYTHON:
        yield _ok(f"Python {version}")
    else:
        yield _error(f"Python {version} is too old", "Install Python 3.11 or later.")
    wanted = _requirements()
    for name in _PACKAGES:
        yield _package(name, wanted.get(name, ""))
    yield _git()


def _requirements() -> dict[str, str]:
    """Return the versions that the program's own metadata asks for, by package."""
    try:
        lines = importlib.metadata.requires("patchdesk") or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    found = [_REQUIREMENT.match(line.partition(";")[0].strip()) for line in lines]
    return {match[1].lower(): match[2] for match in found if match}


def _package(name: str, wanted: str) -> Check:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return _error(f"{name} is not installed", "Install patchdesk again.")
    number = _numbers(version)
    for sign, bound in _BOUND.findall(wanted):
        if (number >= _numbers(bound)) != (sign == ">="):
            return _error(f"{name} {version}, but {wanted} is wanted", "Install patchdesk again.")
    return _ok(f"{name} {version}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d{1,9}", version.partition("+")[0])[:4])


def _git() -> Check:
    try:
        done = subprocess.run(["git", "version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return _error(
            "git is not installed", "Install it: lists are cloned and patches applied by it."
        )
    words = done.stdout.decode("utf-8", "replace").split()
    version = words[2] if len(words) > 2 else "of an unknown version"
    if _numbers(version)[:2] < _OLDEST_GIT:
        return _warning(f"git {version} is old", "Install git 2.28 or later.")
    return _ok(f"git {version}")


def _child(about: DoctorContext, stop: Event) -> Iterator[Check]:
    """See whether the process that fetches starts: it imports b4 and what that needs."""
    from core.fetch.client import RequestLimits, acquire_client, release_client
    from core.fetch.messages import FetchRequest
    from core.fetch.options import LORE

    process = acquire_client(about.fetch.home)
    question = FetchRequest(operation="forget", base=LORE, max_size=1)
    limits = RequestLimits(_CHILD_STARTS_IN, 1, "the process that fetches", "nothing")
    try:
        process.ask(question, limits, stop=stop, report=lambda _: None)
    except (FetchError, OSError):
        yield _error(
            "the process that fetches does not start",
            f"Run “{sys.executable} -P -c 'import b4'” to see why; install patchdesk again.",
        )
    else:
        yield _ok("the process that fetches starts, and has b4")
    finally:
        release_client(process)


# ------------------------------------------------------------------- files


def _configuration(about: DoctorContext) -> Iterator[Check]:
    for problem in about.interface_problems:
        yield _warning(f"{about.config_file}: {problem}", "Mend that line of the file.")
    if about.config.problems:
        for problem in about.config.problems:
            yield _warning(problem, "Mend that line; “patchdesk config” says what is in force.")
    elif about.config_file.exists():
        yield _ok(f"{about.config_file}")
    else:
        yield _ok(f"{about.config_file} is not there: the defaults hold")


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
            yield _warning(f"{path} can be read by others", f"chmod {right} {path}")


def _folder(folder: Path) -> Check:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return _error(
            f"{folder} cannot be written",
            f"Make {there} a folder that is yours, or set its XDG variable.",
        )
    if there == folder and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return _warning(f"{folder} can be read by others", f"chmod 700 {folder}")
    free = shutil.disk_usage(there).free
    if free < _ROOM_NEEDED:
        return _error(
            f"the disk of {folder} is full: {byte_size(free)} are left",
            "Free some space: nothing can be synced or recorded.",
        )
    if free < _ROOM_WANTED:
        return _warning(
            f"the disk of {folder} has {byte_size(free)} left", "Free some space before you sync."
        )
    return _ok(f"{folder} can be written")


def _texts(about: DoctorContext) -> Iterator[Check]:
    """Say how far the texts of mails are indexed, where the user wants that."""
    from core.search.maintenance import body_index_progress

    if not about.config.index_bodies:
        return
    done, of = body_index_progress(about.home.index, about.home.cache)
    if done < of:
        yield _warning(
            f"the texts of {done:,} of {of:,} mails are indexed",
            f"Sync: the others take about {max(1, (of - done) // 2000):,} s.",
        )
    else:
        yield _ok(f"the texts of {done:,} mails are indexed, for b:")


def _index(about: DoctorContext) -> Iterator[Check]:
    from core.index.database import asides, pending_asides, problems

    path = about.home.index
    waiting = pending_asides(path)
    for aside in asides(path):
        size = f"{aside.stat().st_size >> 20:,} MiB"
        if aside.name in waiting:
            hint = "Sync: it takes the messages over, and removes the file."
        else:
            hint = f"Remove {aside}: nothing is left to take over."
        yield _warning(f"{aside.name} was set aside ({size})", hint)
    if not path.exists():
        yield _ok("the index is not there yet: the first sync makes it")
        return
    found = problems(path)
    for problem in found:
        use = "Use the newer patchdesk, or move" if "newer" in problem else "Move"
        yield _error(
            f"the index {problem}",
            f"{use} {path} away and sync: it is rebuilt. Triage is in a journal of its own.",
        )
    if not found:
        yield _ok(f"the index is whole ({byte_size(path.stat().st_size)})")
        yield from _texts(about)
        yield from _strays(about)


def _journal(about: DoctorContext) -> Iterator[Check]:
    """Say whether what was decided can be read."""
    from core.triage.journal import FILE, Journal, JournalError

    journal = Journal(about.home.data / FILE)
    try:
        counts = [(len(batch.events), batch.passed) for batch in journal.batches()]
    except JournalError as error:
        yield _error(error.message.rstrip("."), error.hint)
        return
    events, passed = sum(count for count, _ in counts), sum(count for _, count in counts)
    if passed:
        yield _warning(
            f"{passed:,} of {events + passed:,} lines of the triage journal are no events",
            f"They do no harm. {journal.path} is plain text: look at them, and take them out.",
        )
    elif journal.size():
        yield _ok(f"the triage journal is whole ({events:,} event{'' if events == 1 else 's'})")
    else:
        yield _ok("the triage journal is not there yet: the first decision makes it")


def _strays(about: DoctorContext) -> Iterator[Check]:
    """Find lists that the index has and nobody follows."""
    from core.desk.export import open_for_commands

    try:
        indexed = open_for_commands(about.home.index)
    except PatchdeskError as error:
        yield _error(error.message, error.hint)
        return
    if indexed is None:
        return
    try:
        for info in indexed.index.lists():
            if info.name not in about.config.lists:
                yield _warning(
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
            yield _warning(f"{name} has no clone yet", f"“patchdesk sync {name}” makes it.")
        else:
            yield _ok(f"{name} is asked for by search")
        if clone is not None:
            for partial in sorted(clone.glob("git/*.partial")):
                yield _warning(
                    f"{partial} is what an interrupted sync has left",
                    f"“patchdesk sync {name}” clones it again.",
                )


def _readable(name: str, target: str) -> Check:
    """See whether a list's mail can be opened, down to the newest mail of each epoch."""
    from core.sources.target import open_target

    try:
        source = open_target(target)
    except PatchdeskError as error:
        mend = f"{error.hint} “patchdesk sync {name}” clones an epoch whose folder was removed."
        return _error(f"{name}: {error.message}", mend)
    try:
        next(iter(source.mails(stop=Event(), report=lambda _: None)), None)
    except PatchdeskError as error:
        return _error(f"{name}: {error.message}", error.hint)
    finally:
        source.close()
    return _ok(f"{name} can be read from {target}")


# ------------------------------------------------------------------- terminal and servers


def _terminal(about: DoctorContext) -> Iterator[Check]:
    environment = about.environment
    term = environment.get("TERM", "")
    if not about.is_terminal:
        yield _ok("this is no terminal: the reader needs one, the other commands do not")
    elif term in ("", "dumb"):
        yield _warning(
            f"TERM is “{term}”", "Set it to what your terminal is, such as xterm-256color."
        )
    elif environment.get("COLORTERM") in ("truecolor", "24bit") or "direct" in term:
        yield _ok(f"terminal {term}, all colours")
    elif "256color" in term:
        yield _ok(f"terminal {term}, 256 colours")
    else:
        yield _warning(
            f"terminal {term} may have few colours",
            'Set TERM to its 256-colour kind, or theme = "ansi" in [display].',
        )
    encoding = locale.getpreferredencoding(False)
    if encoding.lower().replace("-", "") == "utf8":
        yield _ok(f"locale in {encoding}")
    else:
        yield _warning(
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
            yield _warning(error.message, error.hint)
        else:
            yield _ok(f"{host} answers")
        finally:
            server.close()
