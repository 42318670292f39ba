"""The web browser: which there is, whether it took the address, and whether it needs the terminal."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Final

from core.errors import PatchdeskError

WATCHED: Final = 2.0
"""Seconds after which a browser that still runs is taken to have opened the address."""

_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[!-~]*)?")
_GRAPHICAL: Final = ("xdg-open", "open", "wslview", "sensible-browser")
_OPENERS: Final = ("xdg-open", "open", "wslview")
_TEXT: Final = ("www-browser", "w3m", "lynx", "elinks", "links", "links2", "browsh")


@dataclass(frozen=True, slots=True)
class Browser:
    """A command that shows an address."""

    command: tuple[str, ...]
    needs_terminal: bool
    """It draws on the terminal, which is to be lent to it."""

    @property
    def name(self) -> str:
        """The name of its program."""
        return Path(self.command[0]).name


def open_browser(address: str, environment: Mapping[str, str]) -> Browser:
    """Open an http(s) address in the first browser that takes it; blocks for two seconds at most for each.

    One that needs the terminal is returned without being started. Raises PatchdeskError, with the address, where
    none works.
    """
    if _ADDRESS.fullmatch(address) is None:
        raise PatchdeskError("That is not a web address.")
    failed = []
    for browser in _browsers(address, environment):
        if browser.needs_terminal or _took(browser, environment):
            return browser
        failed.append(browser.name)
    problem = f"{' and '.join(failed)} failed." if failed else "There is no browser here."
    raise PatchdeskError(problem, f"The address is {address}")


def open_file(path: Path, environment: Mapping[str, str]) -> Browser:
    """Open a file of a harmless type in the program of the desktop for it; blocks for two seconds at most for each way.

    Raises PatchdeskError where there is none.
    """
    for program in _OPENERS:
        if shutil.which(program) is not None:
            viewer = Browser((program, str(path)), needs_terminal=False)
            if _took(viewer, environment):
                return viewer
    raise PatchdeskError("No program here opens it.", "Save it to a file.")


def _browsers(address: str, environment: Mapping[str, str]) -> Iterator[Browser]:
    """Yield those of $BROWSER, a list with `:` between commands in which %s is the address; else the system's."""
    named = environment.get("BROWSER", "")
    if not named:
        for program in (*_GRAPHICAL, *_TEXT):
            if shutil.which(program) is not None:
                yield Browser((program, address), program in _TEXT)
        return
    for one in named.split(os.pathsep):
        try:
            words = shlex.split(one)
        except ValueError:
            continue
        if words and shutil.which(words[0]) is not None:
            command = [word.replace("%s", address) for word in words]
            if command == words:
                command.append(address)
            yield Browser(tuple(command), Path(words[0]).name in _TEXT)


def _took(browser: Browser, environment: Mapping[str, str]) -> bool:
    """Start a browser and return whether it ended well, or runs on."""
    try:
        process = subprocess.Popen(
            browser.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        return process.wait(WATCHED) == 0
    except subprocess.TimeoutExpired:
        Thread(target=process.wait, daemon=True).start()  # or it would stay as a zombie
        return True
