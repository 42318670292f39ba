"""Other programs: a command of the user's with mail on its standard input, an editor, a browser.

Text from a mail is never part of a command: it goes to standard input or into a file whose name is ours, and a
browser gets an address in which whatever a mail chose is percent-encoded, as one argument of a list.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread, current_thread, main_thread
from typing import IO, Final

from core.errors import Cancelled, PatchdeskError

MOST_OUTPUT: Final = 1 << 20
"""Bytes of a command's output that are kept; one that writes more is ended."""

LORE: Final = "https://lore.kernel.org/r"
"""The web address below which any Message-ID can be read."""

_EDITORS: Final = ("sensible-editor", "vi", "nano")
_GIT_SECONDS: Final = 5
_TICK: Final = 0.1
"""Seconds between two looks whether a command is to be ended."""


@dataclass(frozen=True, slots=True)
class Output:
    """The output of a command: standard output and standard error."""

    text: str
    status: int
    """Its exit status, negative where a signal ended it."""
    capped: bool
    """It wrote more than is kept, and was ended."""


def pipe_to_command(command: str, data: bytes, *, stop: Event) -> Output:
    """Run the user's command line in a shell, with `data` on its standard input. Blocks; `stop` ends it.

    Raises PatchdeskError where there is no shell, and Cancelled.
    """
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that what it starts ends with it
        )
    except (OSError, ValueError) as error:
        raise PatchdeskError(f"The command cannot be started: {error}.") from error
    if process.stdin is None or process.stdout is None:
        raise AssertionError("pipes were asked for")
    chunks: list[bytes] = []
    workers = [
        Thread(target=_feed, args=(process.stdin, data), daemon=True),
        Thread(target=_drain, args=(process.stdout, chunks), daemon=True),
    ]
    for worker in workers:
        worker.start()
    drained = workers[1]
    while drained.is_alive() and not stop.is_set() and sum(map(len, chunks)) <= MOST_OUTPUT:
        drained.join(_TICK)
    capped = sum(map(len, chunks)) > MOST_OUTPUT
    if stop.is_set() or capped:
        _end(process)
    while process.poll() is None:
        if stop.wait(_TICK):
            _end(process)
    drained.join()
    process.stdout.close()
    if stop.is_set():
        raise Cancelled
    text = b"".join(chunks)[:MOST_OUTPUT].decode("utf-8", "replace")
    return Output(text, process.returncode, capped)


def _feed(stdin: IO[bytes], data: bytes) -> None:
    with suppress(OSError), stdin:  # it may not want all of it
        stdin.write(data)


def _drain(stdout: IO[bytes], chunks: list[bytes]) -> None:
    size = 0
    with suppress(OSError, ValueError):
        while size <= MOST_OUTPUT and (chunk := os.read(stdout.fileno(), 1 << 16)):
            chunks.append(chunk)
            size += len(chunk)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def editor_command(path: Path, environment: Mapping[str, str]) -> list[str]:
    """Return the command that opens a file in the editor that git would take, run by a shell as git does.

    The order is git's: $GIT_EDITOR, core.editor of the user's configuration, $VISUAL, $EDITOR, vi. Raises PatchdeskError where there
    is none.
    """
    editor = _git_editor(environment)
    if not editor:
        raise PatchdeskError("There is no editor.", "Set $EDITOR, or git's core.editor.")
    return ["/bin/sh", "-c", f'{editor} "$@"', editor, str(path)]


def _git_editor(environment: Mapping[str, str]) -> str:
    """Return the output of `git var GIT_EDITOR` outside of any repository; without git, the editor of the variables."""
    try:
        done = subprocess.run(
            ["git", "var", "GIT_EDITOR"],
            capture_output=True,
            cwd=os.sep,
            env=dict(environment),
            timeout=_GIT_SECONDS,
            check=False,
        )
        editor = done.stdout.decode("utf-8", "surrogateescape").strip()
    except (OSError, subprocess.SubprocessError):
        editor = ""
    named = editor or environment.get("VISUAL") or environment.get("EDITOR") or ""
    # git names vi whether it is there or not.
    if named and (named != "vi" or shutil.which("vi")):
        return named
    return next((found for one in _EDITORS if (found := shutil.which(one))), "")


@contextmanager
def editor(data: bytes, name: str, environment: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the command that opens a read-only copy of `data`, called `name`, in the user's editor.

    The copy is there as long as the context is. Raises PatchdeskError where there is no editor.
    """
    with tempfile.TemporaryDirectory(prefix="patchdesk-") as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        path.chmod(0o400)
        yield editor_command(path, environment)


def run_in_terminal(command: list[str], folder: Path | None = None, *, wait: bool = False) -> int:
    """Run a program that has the terminal to itself, and return its exit status. Raises PatchdeskError.

    `folder` is where it runs; with `wait` its output stays until Enter is pressed.

    C-c and C-\\ are its alone. Keys typed meanwhile that it does not read are dropped.
    """
    try:
        with _interrupts_left_to_the_child():
            status = subprocess.run(command, check=False, cwd=folder).returncode
            if wait:
                discard_typeahead()
                sys.stdout.write("\nEnter goes back to patchdesk.\n")
                sys.stdout.flush()
                sys.stdin.readline()
            return status
    except OSError as error:
        raise PatchdeskError(f"{command[0]} cannot be started: {error}.") from error
    finally:
        discard_typeahead()


@contextmanager
def _interrupts_left_to_the_child() -> Iterator[None]:
    """Ignore SIGINT and SIGQUIT, as git does while an editor runs; in a child a handler is reset to the default."""
    if current_thread() is not main_thread():
        yield
        return
    before = {
        number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def discard_typeahead() -> None:
    """Drop typed keys that were not read yet: keys meant for another program must not run commands here."""
    with suppress(OSError, termios.error):  # standard input is no terminal
        termios.tcflush(0, termios.TCIFLUSH)
