"""The program on a terminal of its own, and the bytes it writes there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shlex
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class Terminal:
    """The far side of a program's terminal."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self.master = master
        self.process = process
        self.output = b""

    def read(self, seconds: float) -> None:
        """Take in what comes within some time."""
        poll = select.poll()  # select() knows no descriptor above 1023
        poll.register(self.master, select.POLLIN)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not poll.poll(left * 1000):
                return
            try:
                chunk = os.read(self.master, 65536)
            except OSError:  # the program has closed it
                return
            self.output += chunk

    def modes(self) -> list[object]:
        """Return the modes of the terminal, as its own side has them."""
        return termios.tcgetattr(self.master)

    def rest(self, seconds: float = 0.1) -> None:
        """Take in what comes until nothing has come for some time."""
        before = -1
        while before != len(self.output):
            before = len(self.output)
            self.read(seconds)

    def see(self, text: str, *, since: int = 0) -> None:
        """Wait until a text has been written, ignoring control sequences within it."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if text in self.text(since):
                return
            if self.process.poll() is not None:
                break
            self.read(0.2)
        raise AssertionError(f"{text!r} never came; the end of what did: {self.output[-3000:]!r}")

    def text(self, since: int = 0) -> str:
        """Return the text written since then, without control sequences."""
        text = re.sub(rb"\x1b\[[0-9;?>$<]*[a-zA-Z]", b"", self.output[since:])
        return text.decode("utf-8", "replace")

    def press(self, keys: str) -> int:
        """Type keys; return how much had been written before."""
        before = len(self.output)
        os.write(self.master, keys.encode())
        return before

    def quit(self) -> None:
        """Leave the program; it must end by itself and well."""
        self.press("Q")
        end = time.monotonic() + 15
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        assert self.process.poll() == 0, self.output[-2000:]


@contextmanager
def running(
    arguments: list[str],
    home: Path,
    stdin: bytes | None = None,
    *,
    size: tuple[int, int] = (24, 100),
    before: str = "",
    environment: Mapping[str, str] | None = None,
    shell: bool = False,
) -> Iterator[Terminal]:
    """Start the program on a terminal of its own, with so many lines and columns; its standard input may be a pipe.

    `before` is Python that its process runs first. In a `shell` it is a job of bash.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    env = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "NO_COLOR")
    } | {
        "HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        **(environment or {}),
    }
    code = (  # the terminal becomes the one that /dev/tty names
        "import fcntl, os, sys, termios; fcntl.ioctl(1, termios.TIOCSCTTY, 0);"
        f"exec({before!r}); from tui.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, *arguments]
    if shell:
        main = "import sys; from tui.cli.main import main; sys.exit(main(sys.argv[1:]))"
        line = shlex.join([sys.executable, "-c", main, *arguments])
        rc = home / "bashrc"
        rc.write_text(f"PS1='$ '\nset -m\nhistory -s true\n{line}\n")
        take = "import fcntl, os, sys, termios; fcntl.ioctl(1, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
        command = [sys.executable, "-c", take, "bash", "--noediting", "--rcfile", str(rc), "-i"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE if stdin is not None else slave,
        stdout=slave,
        stderr=slave,
        env=env,
        start_new_session=True,
    )
    os.close(slave)
    try:
        if stdin is not None:
            assert process.stdin is not None
            process.stdin.write(stdin)
            process.stdin.close()
        yield Terminal(master, process)
    finally:
        process.kill()
        process.wait()
        os.close(master)
