"""A real public-inbox server on loopback, for mails that a test makes.

It is built as public-inbox-v2-format(5) has it: `public-inbox-init`, one commit for each mail by `git fast-import`,
`public-inbox-index`, and an extindex for `/all/`. All that it reads and writes lies in the folder it is given.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pytest

PROGRAMS = (
    "git",
    "public-inbox-init",
    "public-inbox-index",
    "public-inbox-extindex",
    "public-inbox-httpd",
)

LAUNCH = """
import ctypes, os, signal, sys
handle, parent, *command = sys.argv[1:]
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
if os.getppid() != int(parent):
    sys.exit(1)
os.dup2(int(handle), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(command[0], command)
"""
"""Hands over the socket as systemd does (sd_listen_fds(3)), and ties the daemon's life to its parent's."""


def need_public_inbox() -> None:
    """Skip where public-inbox is not installed; where everything should be, fail."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


class Server:
    """Inboxes by name, each a sequence of mails, served at `url`/NAME/ and together at `url`/all/.

    A context manager; the daemon also ends when the process that started it is killed.
    """

    def __init__(self, folder: Path, inboxes: Mapping[str, Sequence[bytes]]) -> None:
        self.folder = folder
        self._inboxes = inboxes
        self._environment = _environment(folder)
        self._listener: socket.socket | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self._arrived = 0
        self.url = ""

    def inbox(self, name: str) -> Path:
        """Return the v2 folder of an inbox."""
        return self.folder / name

    def __enter__(self) -> Server:
        self._build()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._listener is not None:
            self._listener.close()

    def start(self) -> None:
        """Start the daemon on the socket that is open already, so that nobody can come too early."""
        assert self._listener is not None
        self._listener.setblocking(False)
        logs = ("-1", str(self.folder / "out.log"), "-2", str(self.folder / "err.log"))
        handle = self._listener.fileno()
        self._daemon = subprocess.Popen(
            [
                sys.executable,
                "-c",
                LAUNCH,
                str(handle),
                str(os.getpid()),
                "public-inbox-httpd",
                "-W",
                "0",
                *logs,
            ],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            pass_fds=(handle,),
        )
        _wait_for(self.url)

    def stop(self) -> None:
        """End the daemon; its address refuses no connection while the socket is open, so close follows in `__exit__`."""
        if self._daemon is not None:
            self._daemon.terminate()
            self._daemon.wait()
            self._daemon = None

    def add(self, name: str, mails: Sequence[bytes], *, epoch: int = 0) -> None:
        """Let mails arrive in an inbox that is being served, in an epoch that need not exist yet."""
        self._import(name, mails, epoch)
        self._index(name)

    def remove(self, name: str, raw: bytes, *, epoch: int = 0) -> None:
        """Remove a mail, as `public-inbox-learn rm` does."""
        self._import(name, [raw], epoch, entry="d")
        self._index(name)

    def purge(self, name: str, raw: bytes) -> None:
        """Take a mail out of the history, which gives all commits after it new ids."""
        self._run("public-inbox-purge", str(self.inbox(name)), given=raw)
        self._index(name)

    def _import(self, name: str, mails: Sequence[bytes], epoch: int, *, entry: str = "m") -> None:
        path = self.inbox(name) / "git" / f"{epoch}.git"
        if not path.exists():
            self._run("git", "init", "-q", "--bare", str(path))
            (path / "config").write_text(
                "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[include]\n\tpath = ../../all.git/config\n"
            )
            alternates = self.inbox(name) / "all.git" / "objects" / "info" / "alternates"
            others = alternates.read_text()
            alternates.write_text(f"../../git/{epoch}.git/objects\n{others}")
        command = ["git", "-C", str(path), "fast-import", "--quiet", "--done"]
        tip = path / "refs" / "heads" / "master"
        packed = path / "packed-refs"
        begun = tip.exists() or (packed.exists() and "refs/heads/master" in packed.read_text())
        self._run(*command, given=_history(mails, self._arrived, entry=entry, goes_on=begun))
        self._arrived += len(mails)

    def _index(self, name: str) -> None:
        """Make pages and searches know what is new in an inbox."""
        self._run(
            "public-inbox-index", "--no-fsync", "-L", "full", "--jobs=0", str(self.inbox(name))
        )
        self._extindex()
        if self._daemon is not None:
            self._daemon.send_signal(signal.SIGHUP)  # else searches are up to 30 s late
            time.sleep(0.5)
            _wait_for(self.url)

    def _extindex(self) -> None:
        self._run(
            *("public-inbox-extindex", "--no-fsync", "-L", "full", "--jobs=0", "--all"),
            str(self.inbox("all")),
        )

    def _build(self) -> None:
        for name, mails in self._inboxes.items():
            path = self.inbox(name)
            address = f"{name}@lists.example.org"
            self._run(
                "public-inbox-init",
                "-V2",
                "-L",
                "full",
                "-j",
                "1",
                name,
                str(path),
                f"http://127.0.0.1/{name}",
                address,
            )
            self._import(name, mails, 0)
            self._run("public-inbox-index", "--no-fsync", "-L", "full", "--jobs=0", str(path))
        everything = str(self.inbox("all"))
        self._extindex()
        config = self._environment["PI_CONFIG"]
        for key, value in (
            ("extindex.all.topdir", everything),
            ("extindex.all.url", "http://127.0.0.1/all"),
        ):
            self._run("git", "config", "-f", config, key, value)

    def _run(self, *command: str, given: bytes = b"") -> None:
        done = subprocess.run(
            command,
            env=self._environment,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout.decode(errors='replace')}"


def _environment(folder: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir(parents=True)
    (home / "gitconfig").write_text(
        "[safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = master\n[gc]\n\tauto = 0\n"
    )
    return {
        "PATH": os.environ["PATH"],
        "TZ": "UTC",
        **dict.fromkeys(("HOME", "PI_DIR", "XDG_CACHE_HOME", "XDG_DATA_HOME"), str(home)),
        "PI_CONFIG": str(folder / "config"),
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def _history(mails: Sequence[bytes], before: int, *, entry: str, goes_on: bool) -> bytes:
    """Return the git fast-import stream of an epoch in which `mails` arrived one after the other, `before` earlier ones.

    `entry` is `d` where they were removed.
    """
    stream = bytearray()
    for number, raw in enumerate(mails, before):
        who = b"Archive <archive@lists.example.org> %d +0000" % (1_750_000_000 + number)
        stream += b"commit refs/heads/master\nauthor %s\ncommitter %s\ndata 5\nmail\n\n" % (
            who,
            who,
        )
        if goes_on and number == before:
            stream += b"from refs/heads/master^0\n"
        stream += b"deleteall\nM 100644 inline %s\ndata %d\n%s\n" % (
            entry.encode(),
            len(raw),
            raw,
        )
    return bytes(stream) + b"done\n"


def _wait_for(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(200):
        try:
            with opener.open(url, timeout=5):
                return
        except urllib.error.HTTPError as error:  # any answer will do
            error.close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("public-inbox-httpd does not answer")
