"""The parent's side of `core.fetch.worker`: starts it, asks it, and keeps to the deadline.

b4 runs in a process of its own since crafted mails make it loop for ever with the interpreter locked, a blocked read
cannot be woken from another thread, and it calls `sys.exit` from library code. A process can be killed.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import site
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

from core.errors import Cancelled, ChildError, FetchError
from core.fetch.certificates import Certificates
from core.fetch.faults import fetch_error
from core.fetch.messages import Answer, Epochs, Fault, FetchRequest, Received
from core.progress import Progress, ProgressCallback
from core.system.child_process import ChildProcess
from core.system.paths import program_folder

POLL: Final = 0.05
"""Seconds until a set `stop` is seen, at most."""

_KEPT: Final = (
    # What a connection needs: proxies, names' language. Which certificates count is said with each question.
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
    # What Python needs to start.
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT"),
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """The limits of one request, and its description for errors."""

    deadline: float
    """Seconds."""
    size: int
    """Bytes."""
    server: str
    """The host."""
    asked: str
    """The thing requested: "message X"."""
    certificates: Certificates = field(default_factory=Certificates)

    def error(self, fault: Fault) -> FetchError:
        """Make the error for a fault."""
        return fetch_error(
            fault.kind,
            self.server,
            asked=self.asked,
            detail=fault.detail,
            status=fault.status,
            retry_after=fault.retry_after,
            limit=self.size,
            deadline=self.deadline,
            certificates=self.certificates.origin,
        )


@dataclass(frozen=True, slots=True)
class FetchResponse:
    """An answer: the bytes, and the address they came from in the end ("" from the cache)."""

    body: bytes = b""
    url: str = ""
    epochs: tuple[tuple[str, str, int], ...] = ()
    """Of a manifest, as `core.fetch.messages.Epochs` has them."""


class FetchClient:
    """One worker, started when it is first needed, and again after it had to be ended. Serves one call at a time."""

    def __init__(self, home: Path | None = None) -> None:
        """Let the worker live in the folder `home`, or in a temporary one."""
        self.home = home
        self._temporary: Path | None = None
        self._busy = threading.Lock()
        self._starting = threading.Lock()
        self._worker: ChildProcess | None = None
        self._closed = Event()

    @property
    def pid(self) -> int | None:
        """The worker's process id, None where none runs."""
        worker = self._worker
        return worker.pid if worker is not None and worker.runs() else None

    def is_busy(self) -> bool:
        """Tell whether somebody waits for an answer."""
        return self._busy.locked()

    def start(self) -> None:
        """Start the worker, so that it has imported b4 by the time it is asked. Returns at once."""
        self._started()

    def ask(
        self,
        request: FetchRequest,
        limits: RequestLimits,
        *,
        stop: Event,
        report: ProgressCallback,
    ) -> FetchResponse:
        """Ask one question, and wait for the whole answer.

        Raises FetchError; Cancelled soon after `stop` is set or `close` was called.
        """
        if not limits.certificates.is_readable:
            raise limits.error(Fault("certificates"))
        while not self._busy.acquire(timeout=POLL):
            if stop.is_set() or self._closed.is_set():
                raise Cancelled
        answered = False
        try:
            for _ in range(2):  # the system may have ended it while it waited for a question
                worker = self._started()
                try:
                    response = self._receive(worker, request, limits, stop, report)
                except ChildError:
                    if worker.is_late:
                        raise limits.error(Fault("deadline")) from None
                    worker.close()
                    continue
                answered = True
                if isinstance(response, Fault):
                    raise limits.error(response)
                return response
            raise limits.error(Fault("child"))
        finally:
            if not answered:
                self._end()  # it may be in the middle of an answer that nobody waits for
            self._busy.release()

    def close(self) -> None:
        """End the worker, also while it is asked. Any thread."""
        self._closed.set()
        self._end()
        # Whoever asks wakes up by that; its pipes are closed only when nobody reads them any more.
        if self._busy.acquire(timeout=1):
            with self._starting:
                self._forget()
                if self._temporary is not None:
                    shutil.rmtree(self._temporary, ignore_errors=True)
                    self._temporary = None
            self._busy.release()

    @staticmethod
    def _receive(
        worker: ChildProcess,
        request: FetchRequest,
        limits: RequestLimits,
        stop: Event,
        report: ProgressCallback,
    ) -> FetchResponse | Fault:
        """Read one answer. Raises ChildError and Cancelled."""
        doing = f"Fetching {limits.asked} from {limits.server}"
        report(Progress(doing))
        body = bytearray()
        response: FetchResponse | Fault = Fault("child")
        for value in worker.ask(request, stop=stop, report=report, deadline=limits.deadline):
            match value:
                case bytes():
                    body += value
                case Received(size):
                    report(Progress(f"{doing}, byte", size))
                case Answer(url):
                    response = FetchResponse(bytes(body), url)
                case Epochs():
                    response = FetchResponse(epochs=value.entries)
                case Fault():
                    response = value
        return response

    def _started(self) -> ChildProcess:
        with self._starting:
            if self._closed.is_set():
                raise Cancelled
            if self._worker is None or not self._worker.runs():
                self._forget()
                home = self._folder()
                self._worker = ChildProcess(
                    "core.fetch.worker",
                    doing="Fetching",
                    hint="Try again; the log has its last output.",
                    serves=True,
                    environment=environment(home),
                    folder=home / "empty",
                )
            return self._worker

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

    def _end(self) -> None:
        worker = self._worker
        if worker is not None:
            worker.close()

    def _forget(self) -> None:
        if self._worker is not None:
            self._worker.release()
        self._worker = None


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
    """Keep a process for the next request; end one that is busy or superfluous."""
    with _idle_lock:
        if not _idle and not process.is_busy():
            _idle.append(process)
            return
    process.close()


def prestart_worker(home: Path | None) -> None:
    """Start the process that fetches, so that the next source need not wait for it. Returns at once."""
    process = acquire_client(home)
    process.start()
    release_client(process)


@atexit.register
def close_idle_client() -> None:
    """End the process that was kept."""
    while _idle:
        _idle.pop().close()


def environment(home: Path) -> dict[str, str]:
    """Return the worker's whole environment."""
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
