"""Child processes of the program: one protocol for all of them.

Work that burns CPU would hold up the screen's interpreter, and a stranger's data (a repository, a server's answer) can
block or crash its reader. So such work runs in a child, started as `python -P -m core.system.child_process MODULE …`,
which calls `MODULE.main(channel, *arguments)`.

Both sides write the messages of `core.system.child_messages`. From the child come the values of its work, `Progress`,
and for each request (or once, where it takes none) `Failed` or `Done` at the end; to a child that serves go `Request`s.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from threading import Event
from typing import IO, Any, BinaryIO, Final

from core.errors import Cancelled, ChildError, PatchdeskError
from core.progress import REPORT_EVERY, Progress, ProgressCallback
from core.system.child_messages import LENGTH, Done, Failed, Request, framed, unpacked
from core.system.paths import program_folder

log = logging.getLogger(__name__)

_POLL: Final = 0.05
"""Seconds until a set `stop` is seen, at most."""
_CHUNK: Final = 1 << 18
_PIPE: Final = 1 << 20
"""Bytes that a child may be ahead of its parent."""
_GRACE: Final = 10.0
"""Seconds after its deadline in which a child ends itself, should the parent be gone."""
_LARGEST_FRAME: Final = 1 << 30


class ChildProcess:
    """The parent's side of one child, which works ahead until its pipe is full. One thread at a time receives."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        doing: str,
        hint: str,
        serves: bool = False,
        patience: float | None = None,
        stops_within: float = 0,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        """Start `module`'s main in a child.

        `doing` names its work ("Reading the mails"), `hint` the advice where it fails. A child that `serves` waits for
        requests. `patience`: seconds without any message after which it is given up. `stops_within`: seconds that it
        may take to end after SIGTERM; where that is 0, it is killed. `environment` is its whole environment, `folder`
        its working folder; usually the parent's.
        """
        from core.system.log import log_target

        self._doing = doing
        self._hint = hint
        self._patience = patience
        self._stops_within = stops_within
        self._stops_at: float | None = None
        self.is_late = False
        """It did not answer in time, and was ended."""
        self._closed = Event()
        self._buffer = bytearray()
        self._process = subprocess.Popen(
            [*command(module), log_target(), str(patience or 0), *arguments],
            stdin=subprocess.PIPE if serves else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={
                **(os.environ if environment is None else environment),
                "PYTHONPATH": program_folder(),
            },
            start_new_session=True,  # Ctrl-C and the terminal are not for it
        )
        self.pid = self._process.pid
        # A busy parent keeps its child waiting less; the system may grant no more than it has.
        with contextlib.suppress(OSError, AttributeError):  # the latter where it is no Linux
            fcntl.fcntl(self._stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
        self._poll = select.poll()
        for stream in (self._stdout, self._stderr):
            os.set_blocking(stream.fileno(), False)
            self._poll.register(stream, select.POLLIN)

    def receive(
        self, *, stop: Event, report: ProgressCallback, deadline: float | None = None
    ) -> Generator[Any, None, None]:
        """Yield the child's messages until it is done; progress goes to `report`.

        `deadline`: seconds that it may take. Raises the child's PatchdeskError; ChildError where it ends early, fails
        unexpectedly or is too late; Cancelled soon after `stop` is set or `close` was called.
        """
        ends_at = None if deadline is None else time.monotonic() + deadline
        while True:
            value = self._next(stop, ends_at)
            if isinstance(value, Progress):
                report(value)
            elif isinstance(value, Failed):
                raise value.error
            elif isinstance(value, Done):
                return
            else:
                yield value

    def ask(
        self, value: object, *, stop: Event, report: ProgressCallback, deadline: float | None
    ) -> Generator[Any, None, None]:
        """Send a request to a child that serves, and yield its answers, as `receive` does."""
        self._buffer.clear()
        self.send(value, deadline)
        yield from self.receive(stop=stop, report=report, deadline=deadline)

    def send(self, value: object, deadline: float | None = None) -> None:
        """Send a request, or the answer to a child's own question. Raises ChildError."""
        if self._process.stdin is None:
            raise ValueError("the child takes no requests")
        try:
            self._process.stdin.write(framed(Request(value, deadline)))
            self._process.stdin.flush()
        except OSError:
            raise self._ended() from None

    def runs(self) -> bool:
        """Tell whether it can be asked."""
        return not self._closed.is_set() and self._process.poll() is None

    def terminate(self) -> None:
        """Ask the child to end, as SIGTERM does. Any thread; does not wait."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """End the child, also while it works. Any thread; does not wait."""
        self._closed.set()
        self._process.kill()

    def leave(self) -> None:
        """Listen to the child no more, and let it run. Any thread."""
        self._closed.set()

    def release(self) -> None:
        """End the child and close its pipes; not while another thread receives."""
        self._closed.set()
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._stdout, self._stderr):
            if stream is not None:
                with contextlib.suppress(OSError):  # a request that it did not take
                    stream.close()

    def wait(self, seconds: float) -> bool:
        """Wait until the child has ended, and tell whether it has."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.poll() is not None

    @property
    def _stdout(self) -> IO[bytes]:
        return _opened(self._process.stdout)

    @property
    def _stderr(self) -> IO[bytes]:
        return _opened(self._process.stderr)

    def _next(self, stop: Event, ends_at: float | None) -> object:
        """Wait for the next message."""
        silent_at = None if self._patience is None else time.monotonic() + self._patience
        while (value := self._takeframed()) is None:
            now = time.monotonic()
            if self._closed.is_set() or (stop.is_set() and not self._is_stopping(now)):
                raise Cancelled
            for limit in (ends_at, silent_at):
                if limit is not None and now >= limit:
                    raise self._too_late()
            if not self._read_more():
                if self._closed.is_set() or stop.is_set():
                    raise Cancelled
                raise self._ended()
        return value

    def _is_stopping(self, now: float) -> bool:
        """Ask a stopped child to end by itself, and tell whether it has time left for that."""
        if self._stops_at is None:
            self._stops_at = now + self._stops_within
            if self._stops_within:
                self.terminate()
        return now < self._stops_at

    def _takeframed(self) -> object | None:
        if len(self._buffer) < LENGTH.size:
            return None
        length = LENGTH.unpack_from(self._buffer)[0]
        end = LENGTH.size + length
        if length > _LARGEST_FRAME:
            raise self._ended()
        if len(self._buffer) < end:
            return None
        with memoryview(self._buffer) as view:
            value = unpacked(bytes(view[LENGTH.size : end]))
        del self._buffer[:end]
        return value  # type: ignore[no-any-return]

    def _read_more(self) -> bool:
        """Wait a moment for bytes; False at the end of the child's output."""
        ready = [handle for handle, _ in self._poll.poll(_POLL * 1000)]
        if self._stderr.fileno() in ready:
            self._log_errors()
        if self._stdout.fileno() not in ready:
            return True
        chunk = _available(self._stdout)
        self._buffer += chunk or b""
        return chunk != b""

    def _log_errors(self) -> None:
        """Log the standard error of the child and its libraries."""
        said = _available(self._stderr)
        if said == b"":
            with contextlib.suppress(KeyError):
                self._poll.unregister(self._stderr)
        for line in (said or b"").decode(errors="replace").splitlines():
            log.info("%s: %s", self._doing, line)

    def _ended(self) -> ChildError:
        self._process.kill()
        self._log_errors()
        status = self._process.wait()
        log.error("%s: the process ended early, with status %d", self._doing, status)
        return ChildError(f"{self._doing} failed: its process has ended.", self._hint)

    def _too_late(self) -> ChildError:
        self.is_late = True
        self.close()
        log.error("%s: the process was too late, and was ended", self._doing)
        return ChildError(
            f"{self._doing} took too long and was stopped.",
            "The cause may be a disk that does not answer or a file that blocks. " + self._hint,
        )


def command(module: str) -> list[str]:
    """Return the command that runs a module's main in a child; the log, the patience and its arguments follow."""
    # -P: a folder named `core` in the place where the program was started must not be imported.
    return [sys.executable, "-P", "-m", "core.system.child_process", module]


class Channel:
    """The child's side."""

    def __init__(self, out: BinaryIO, patience: float = 0) -> None:
        self._out = out
        self._patience = patience
        self._reported = Progress("")
        self._due = 0.0
        self._writing = threading.Lock()
        self._waiting: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._expect(patience)

    def send(self, value: object) -> None:
        """Send a value to the parent. Raises BrokenPipeError where the parent has closed the pipe."""
        frame = framed(value)
        if self._patience:
            self._expect(0)  # the parent may be slow to take it
        with self._writing:
            self._out.write(frame)
            self._out.flush()
        if self._patience:
            self._expect(self._patience)

    def report(self, progress: Progress) -> None:
        """Send how far the work is, not too often."""
        now = time.monotonic()
        if progress.doing != self._reported.doing or now >= self._due:
            self._reported, self._due = progress, now + REPORT_EVERY
            self.send(progress)

    def run(self, work: Callable[[], None]) -> None:
        """Do a piece of work, and send how it ended. Raises BrokenPipeError."""
        try:
            work()
        except Cancelled:
            self.send(Done())
        except PatchdeskError as error:
            self.send(Failed(error))
        except BrokenPipeError:
            raise
        except (Exception, SystemExit) as error:  # SystemExit: b4 exits from library code
            log.exception("unexpected error in a child process")
            message = f"An unexpected error in a process of the program: {type(error).__name__}."
            self.send(Failed(ChildError(message, "The log has the details.")))
        else:
            self.send(Done())

    def serve(self, handle: Callable[[Any], None]) -> None:
        """Answer requests one at a time; the end of standard input ends the process, whatever it does."""

        def read() -> None:
            while len(head := sys.stdin.buffer.read(LENGTH.size)) == LENGTH.size:
                frame = sys.stdin.buffer.read(LENGTH.unpack(head)[0])
                self._waiting.put(unpacked(frame))
            os._exit(0)

        threading.Thread(target=read, daemon=True).start()
        while True:
            self._expect(0)
            request = self._waiting.get()
            self._expect(self._patience if request.deadline is None else request.deadline)
            self.run(lambda value=request.value: handle(value))  # type: ignore[misc]

    def ask_back(self, value: object) -> Any:
        """Ask the parent something while a request is answered, and return its answer."""
        self.send(value)
        self._expect(0)
        answer = self._waiting.get().value
        self._expect(self._patience)
        return answer

    @staticmethod
    def _expect(seconds: float) -> None:
        """Have the system end this process a while after its deadline: it may be blocked, and the parent gone."""
        signal.setitimer(signal.ITIMER_REAL, seconds + _GRACE if seconds else 0)


def _opened(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("started without pipes")
    return stream


def _available(stream: IO[bytes]) -> bytes | None:
    try:
        return os.read(stream.fileno(), _CHUNK)
    except BlockingIOError:
        return None


def run_child(module: str, log_to: str, patience: str, *arguments: str) -> None:
    """Run a module's main: logging started, its failures logged and told. The child's own main."""
    import faulthandler
    from importlib import import_module

    from core.system.log import start_child_logging

    # What libraries print must not get between the messages.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.umask(0o077)
    faulthandler.enable()
    start_child_logging(log_to)
    channel = Channel(out, float(patience))
    with contextlib.suppress(BrokenPipeError):  # nobody wants to know any more
        channel.run(lambda: import_module(module).main(channel, *arguments))
        out.close()


if __name__ == "__main__":
    # Under its own name: what is sent is taken apart by that.
    from core.system import child_process

    child_process.run_child(*sys.argv[1:])
