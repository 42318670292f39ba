"""Checks of the installation: Python, the packages and git, and the process that fetches."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from threading import Event
from typing import TYPE_CHECKING, Final

from core.desk.check import Check
from core.errors import FetchError

if TYPE_CHECKING:
    from core.fetch.options import FetchOptions

_PACKAGES: Final = ("textual", "b4", "rapidfuzz", "numpy", "pygit2", "pygments", "tomlkit")
_OLDEST_PYTHON: Final = (3, 11)
_OLDEST_GIT: Final = (2, 28)
_CHILD_STARTS_IN: Final = 30.0
"""Seconds within which the process that fetches must answer."""
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)\s*([<>=!~0-9.,\s]*)$")
_BOUND: Final = re.compile(r"(>=|<)\s*([0-9.]+)")


def programs() -> Iterator[Check]:
    """Check the versions of Python, of the packages and of git."""
    version = platform.python_version()
    if sys.version_info[:2] >= _OLDEST_PYTHON:
        yield Check.ok(f"Python {version}")
    else:
        yield Check.error(f"Python {version} is too old", "Install Python 3.11 or later.")
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
        return Check.error(f"{name} is not installed", "Install patchdesk again.")
    number = _numbers(version)
    for sign, bound in _BOUND.findall(wanted):
        if (number >= _numbers(bound)) != (sign == ">="):
            return Check.error(
                f"{name} {version}, but {wanted} is wanted", "Install patchdesk again."
            )
    return Check.ok(f"{name} {version}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d{1,9}", version.partition("+")[0])[:4])


def _git() -> Check:
    try:
        done = subprocess.run(["git", "version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return Check.error(
            "git is not installed", "Install it: it clones lists and applies patches."
        )
    words = done.stdout.decode("utf-8", "replace").split()
    version = words[2] if len(words) > 2 else "of an unknown version"
    if _numbers(version)[:2] < _OLDEST_GIT:
        return Check.warning(f"git {version} is old", "Install git 2.28 or later.")
    return Check.ok(f"git {version}")


def fetch_process(options: FetchOptions, stop: Event) -> Iterator[Check]:
    """Start the process that fetches, which imports b4 and its requirements."""
    from core.fetch.client import RequestLimits, acquire_client, release_client
    from core.fetch.messages import FetchRequest
    from core.fetch.options import LORE

    process = acquire_client(options.home)
    question = FetchRequest(operation="forget", base=LORE, max_size=1)
    limits = RequestLimits(_CHILD_STARTS_IN, 1, "the process that fetches", "nothing")
    try:
        process.ask(question, limits, stop=stop, report=lambda _: None)
    except (FetchError, OSError):
        yield Check.error(
            "the fetch process does not start",
            f"Run “{sys.executable} -P -c 'import b4'” to see why; install patchdesk again.",
        )
    else:
        yield Check.ok("the fetch process starts and has b4")
    finally:
        release_client(process)
