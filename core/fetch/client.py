"""The parent's side of `b4_process`: starts it, asks it, and keeps to the deadline.

b4 runs in a process of its own since crafted mails make it loop for ever with the interpreter locked, a blocked read
cannot be woken from another thread, and it calls `sys.exit` from library code. A process can be killed.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import select
import shutil
import site
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import IO, Any, Final

from core.errors import Cancelled, FetchError
from core.fetch.faults import fetch_error
from core.progress import Progress, ProgressCallback
from core.system.paths import program_folder

POLL: Final = 0.05
"""Seconds until a set `stop` is seen, at most."""

_READ: Final = 1 << 20
_LINE_CAP: Final = 64 << 10
_KEPT: Final = (
    # What a connection needs: proxies, certificates, names' language.
    *(
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    ),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    # What Python needs to start.
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT"),
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What one question may take, and the words for it."""

    deadline: float
    """Seconds."""
    size: int
    """Bytes."""
    server: str
    """The host."""
    asked: str
    """What was asked for: "message X"."""


@dataclass(frozen=True, slots=True)
class FetchResponse:
    """An answer: the bytes, and the address they came from in the end ("" from the cache)."""

    body: bytes
    url: str


class FetchClient:
    """One child, started when it is first needed, and again after it had to be killed. Serves one call at a time."""

    def __init__(self, home: Path | None = None) -> None:
        """Let the child live in the folder `home`, or in a temporary one."""
        self.home = home
        self._temporary: Path | None = None
        self._busy = threading.Lock()
        self._starting = threading.Lock()
        self._child: _Child | None = None
        self._closed = Event()

    @property
    def pid(self) -> int | None:
        """The child's process id, None where none runs."""
        child = self._child
        return child.pid if child is not None and child.runs() else None

    def is_busy(self) -> bool:
        """Tell whether somebody waits for an answer."""
        return self._busy.locked()

    def warm(self) -> None:
        """Start the child, so that it has imported b4 by the time it is asked. Returns at once."""
        self._started()

    def ask(
        self,
        request: Mapping[str, object],
        limits: RequestLimits,
        *,
        stop: Event,
        report: ProgressCallback,
    ) -> FetchResponse:
        """Ask one question of the protocol in `b4_process`, and wait for the whole answer.

        Raises FetchError; Cancelled soon after `stop` is set or `close` was called.
        """
        call = _Request(limits, (stop, self._closed), report)
        while not self._busy.acquire(timeout=POLL):
            call.check()
        try:
            return self._ask(request, call)
        finally:
            if not call.answered:
                self._kill()  # it may be in the middle of an answer that nobody waits for
            self._busy.release()

    def close(self) -> None:
        """End the child, also while it is asked. Any thread."""
        self._closed.set()
        self._kill()
        # Whoever asks wakes up by that; its pipes are closed only when nobody reads them any more.
        if self._busy.acquire(timeout=1):
            with self._starting:
                self._forget()
                if self._temporary is not None:
                    shutil.rmtree(self._temporary, ignore_errors=True)
                    self._temporary = None
            self._busy.release()

    def _ask(self, request: Mapping[str, object], call: _Request) -> FetchResponse:
        line = json.dumps(request).encode() + b"\n"
        for _ in range(2):  # the system may have ended it while it waited for a question
            try:
                return call.ask(self._started(), line)
            except _EndedError:
                self._kill()
        raise call.error("child")

    def _started(self) -> _Child:
        with self._starting:
            if self._closed.is_set():
                raise Cancelled
            if self._child is None or not self._child.runs():
                self._forget()
                self._child = self._start()
            return self._child

    def _start(self) -> _Child:
        home = self._folder()
        # -P: a folder named `core` in the place where the program was started must not be imported.
        command = [sys.executable, "-P", "-m", "core.fetch.worker"]
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=home / "empty",
            env=environment(home),
            start_new_session=True,  # Ctrl-C and the terminal are not for it
        )
        return _Child(child)

    def _folder(self) -> Path:
        if self.home is not None:
            try:
                self.home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self.home.mkdir(mode=0o700, exist_ok=True)
                (self.home / "empty").mkdir(mode=0o700, exist_ok=True)
            except OSError as error:
                logger.info("%s cannot be used: %s", self.home, error)
            else:
                return self.home
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="patchdesk-"))
            (self._temporary / "empty").mkdir(mode=0o700)
        return self._temporary

    def _kill(self) -> None:
        child = self._child
        if child is not None:
            child.kill()

    def _forget(self) -> None:
        if self._child is not None:
            self._child.end()
        self._child = None


_idle_lock = threading.Lock()
_idle: list[FetchClient] = []


def acquire_client(home: Path | None) -> FetchClient:
    """Return a process with that home: the one that was given back last, if it can be had, else one not started yet."""
    with _idle_lock:
        process = _idle.pop() if _idle else None
    if process is not None and process.home == home:
        return process
    if process is not None:
        process.close()
    return FetchClient(home)


def release_client(process: FetchClient) -> None:
    """Keep a process for the next who borrows one; one that is at work, or not needed, is ended."""
    with _idle_lock:
        if not _idle and not process.is_busy():
            _idle.append(process)
            return
    process.close()


def prestart_worker(home: Path | None) -> None:
    """Start the process that fetches, so that the next source need not wait for it. Returns at once."""
    process = acquire_client(home)
    process.warm()
    release_client(process)


@atexit.register
def close_idle_client() -> None:
    """End the process that was kept."""
    while _idle:
        _idle.pop().close()


class _EndedError(Exception):
    """The child has ended without an answer."""


class _Child:
    """A started process with its three pipes, none of which blocks when read."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise ValueError("started without pipes")
        self._process = process
        self.pid = process.pid
        self._killed = False
        self._stdin, self._stdout, self._stderr = stdin, stdout, stderr
        self._poll = select.poll()
        for stream in (stdout, stderr):
            os.set_blocking(stream.fileno(), False)
            self._poll.register(stream, select.POLLIN)

    def runs(self) -> bool:
        # A killed process counts as running for a moment.
        return not self._killed and self._process.poll() is None

    def send(self, line: bytes) -> None:
        self._stdin.write(line)
        self._stdin.flush()

    def receive(self) -> bytes | None:
        """Wait for at most `POLL` seconds; None where nothing has come, b"" where nothing will."""
        ready = [handle for handle, _ in self._poll.poll(POLL * 1000)]
        if self._stderr.fileno() in ready:
            for line in (_available(self._stderr) or b"").decode(errors="replace").splitlines():
                logger.info("b4: %s", line)
        return _available(self._stdout) if self._stdout.fileno() in ready else None

    def kill(self) -> None:
        self._killed = True
        self._process.kill()

    def end(self) -> None:
        """Kill it and let go of its pipes; nobody may be reading them."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):  # a question that it did not take
            self._stdin.close()
        self._stdout.close()
        self._stderr.close()


class _Request:
    """One question: how long it may take, and what has come of its answer."""

    def __init__(
        self, limits: RequestLimits, ends: tuple[Event, ...], report: ProgressCallback
    ) -> None:
        self.answered = False
        """The child has said its last word to it and can be asked again."""
        self._limits = limits
        self._ends_at = time.monotonic() + limits.deadline
        self._ends = ends
        self._report = report
        self._buffer = bytearray()

    def check(self) -> None:
        """Raise Cancelled or FetchError where the call is to end now."""
        if any(end.is_set() for end in self._ends):
            raise Cancelled
        if time.monotonic() >= self._ends_at:
            raise self.error("deadline")

    def error(self, kind: str, **known: Any) -> FetchError:
        """Make the error for a kind of fault, with what is `known` of it."""
        limits = self._limits
        return fetch_error(
            kind,
            limits.server,
            asked=limits.asked,
            limit=limits.size,
            deadline=limits.deadline,
            **known,
        )

    def ask(self, child: _Child, line: bytes) -> FetchResponse:
        """Ask the child and read its answer. Raises FetchError, Cancelled and _EndedError."""
        doing = f"Fetching {self._limits.asked} from {self._limits.server}"
        self._report(Progress(doing))
        self._buffer.clear()
        try:
            child.send(line)
        except OSError:
            raise _EndedError from None
        while "size" not in (fields := json.loads(self._line(child))):
            if "fault" in fields:
                self.answered = True
                raise self.error(fields.pop("fault"), **fields)
            self._report(Progress(f"{doing}, byte", fields["received"]))
        while len(self._buffer) < fields["size"]:
            self._more(child)
        self.answered = True
        return FetchResponse(bytes(self._buffer), fields["url"])

    def _line(self, child: _Child) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            self._more(child)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _more(self, child: _Child) -> None:
        self.check()
        chunk = child.receive()
        if chunk == b"":
            self.check()
            raise _EndedError
        self._buffer += chunk or b""


def _available(stream: IO[bytes]) -> bytes | None:
    try:
        return os.read(stream.fileno(), _READ)
    except BlockingIOError:
        return None


def environment(home: Path) -> dict[str, str]:
    """Return the child's whole environment."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    kept["PYTHONPATH"] = program_folder()
    if site.ENABLE_USER_SITE:
        kept["PYTHONUSERBASE"] = site.getuserbase()
    folders = (
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_CACHE_HOME",
        "XDG_STATE_HOME",
        "TMPDIR",
    )
    return {
        **kept,
        **dict.fromkeys(folders, str(home)),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        "GIT_TERMINAL_PROMPT": "0",
    }
