"""Running git for mirrors: no configuration but ours, no questions, progress read, an end at any moment.

Nothing is ever checked out, so that the paths and identities that servers send act on nothing.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from functools import lru_cache
from threading import Event
from typing import Final
from urllib.parse import urlsplit

from core import __version__
from core.errors import Cancelled, FetchError, PatchdeskError
from core.fetch.certificates import Certificates
from core.fetch.faults import fetch_error
from core.progress import Progress, ProgressCallback

_POLL: Final = 0.1
_SYSTEMS_CERTIFICATES: Final = Certificates()
_PATIENCE: Final = 2.0
"""Seconds that git has to clean up once it is told to end."""

_KEPT: Final = 4000
"""Bytes kept of the end of git's output."""

_ANSWER_CAP: Final = 1 << 20

_ENVIRONMENT: Final = (
    *("PATH", "LD_LIBRARY_PATH", "TMPDIR"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
)
_SETTINGS: Final = (
    "protocol.allow=never",
    "protocol.http.allow=always",
    "protocol.https.allow=always",
    "http.followRedirects=false",  # who follows them counts them, and gives up no safe connection
    "core.hooksPath=/dev/null",
    "core.fsmonitor=",
    "credential.helper=",
    "core.askPass=true",
    # What people call themselves in mails is more than fsck allows an author; see above.
    "transfer.fsckObjects=false",
    # A server may think for long before it sends, but it says that it does.
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
    # Small packs are joined now and then, in this process, and a whole epoch's pack is left alone.
    "gc.autoDetach=false",
    "maintenance.autoDetach=false",
    "gc.bigPackThreshold=50m",
)
_PROGRESS: Final = re.compile(
    rb"(?:remote: )?([A-Z][a-z]+ [a-z]+):\s{1,9}\d{1,3}% \((\d{1,12})/(\d{1,12})\)"
)
_FAULTS: Final = (
    (re.compile(r"\bproxy\b", re.IGNORECASE), "proxy"),
    (re.compile(r"Could not resolve host"), "dns"),
    (re.compile(r"Connection refused|Failed to connect|Couldn't connect"), "refused"),
    (re.compile(r"SSL|certificate|TLS|gnutls", re.IGNORECASE), "tls"),
    (re.compile(r"timed out|too slow"), "timeout"),
    (re.compile(r"not valid: is this a git repository"), "page"),
    (
        re.compile(r"RPC failed|early EOF|unexpected disconnect|Empty reply|hung up|reset by peer"),
        "broken-off",
    ),
)
_STATUS: Final = re.compile(r"returned error: (\d{3})")
_QUOTED: Final = re.compile(r"'[^'\n]*'")
_NOT_FOUND: Final = "repository '' not found"
_PASSWORD: Final = re.compile(r"could not read (?:Username|Password)|Authentication failed")


class GitError(PatchdeskError):
    """Git failed, and no server is to blame."""


def run_git(
    arguments: Sequence[str],
    *,
    url: str = "",
    doing: str = "",
    deadline: float | None = None,
    inherit: tuple[int, ...] = (),
    certificates: Certificates = _SYSTEMS_CERTIFICATES,
    stop: Event,
    report: ProgressCallback,
) -> str:
    """Run git, and return its output. `url` is the server it asks, `doing` the text of its progress.

    It keeps the handles `inherit` open, and checks servers with `certificates`. Raises FetchError, GitError, and Cancelled soon after `stop` is set; then git has ended.
    """
    settings = [*_SETTINGS, f"http.userAgent=patchdesk/{__version__} git/{_git_version()}"]
    command = ["git", *(word for setting in settings for word in ("-c", setting)), *arguments]
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=os.sep,
            env=environment(certificates),
            start_new_session=True,  # Ctrl-C and the terminal are not for it
            umask=0o077,
            pass_fds=inherit,
        )
    except OSError as error:
        raise GitError(
            f"git cannot be run: {error.strerror}.", "Install it: it clones lists."
        ) from error
    with child:
        try:
            said, printed = _watch(child, doing, deadline, stop, report)
        except _EndedError as error:
            _end(child)
            raise fetch_error(
                str(error), urlsplit(url).netloc, limit=_ANSWER_CAP, deadline=deadline or 0.0
            ) from None
        except BaseException:
            _end(child)
            raise
    if child.returncode:
        raise _fault(said, url, certificates)
    return printed


def environment(certificates: Certificates) -> dict[str, str]:
    """Return git's whole environment: without the user's configuration and without prompts."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return {
        **kept,
        **certificates.environment,
        "LC_ALL": "C",  # its words are read
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
        "GIT_CEILING_DIRECTORIES": os.sep,
        "GIT_OPTIONAL_LOCKS": "0",
    }


@lru_cache(maxsize=1)
def _git_version() -> str:
    try:
        done = subprocess.run(["git", "version"], capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    words = done.stdout.decode("ascii", "replace").split()
    return words[2] if len(words) > 2 else "unknown"


def _watch(
    child: subprocess.Popen[bytes],
    doing: str,
    deadline: float | None,
    stop: Event,
    report: ProgressCallback,
) -> tuple[str, str]:
    """Read git's output to its end; return its last complaints and its standard output."""
    if child.stdout is None or child.stderr is None:
        raise ValueError("started without pipes")
    ends_at = None if deadline is None else time.monotonic() + deadline
    poll = select.poll()
    answers, errors = child.stdout.fileno(), child.stderr.fileno()
    streams = {answers: bytearray(), errors: bytearray()}
    for handle in streams:
        poll.register(handle, select.POLLIN)
    pending = set(streams)
    while pending:
        for handle, _ in poll.poll(_POLL * 1000):
            chunk = os.read(handle, 1 << 16)
            if not chunk:
                poll.unregister(handle)
                pending.discard(handle)
            streams[handle] += chunk
            if handle == errors:
                _report(chunk, doing, report)
                del streams[handle][:-_KEPT]
        if stop.is_set():
            raise Cancelled
        if len(streams[answers]) > _ANSWER_CAP:
            raise _EndedError("too-large")
        if ends_at is not None and time.monotonic() > ends_at:
            raise _EndedError("deadline")
    child.wait()
    said, printed = streams[errors], streams[answers]
    return said.decode("utf-8", "replace"), printed.decode("utf-8", "replace")


class _EndedError(Exception):
    """Git was to be ended, for one of the kinds of fault."""


def _report(chunk: bytes, doing: str, report: ProgressCallback) -> None:
    """Pass on the last that git says of how far it is."""
    if doing and (found := _PROGRESS.findall(chunk)):
        phase, done, total = found[-1]
        report(Progress(f"{doing}: {phase.decode().lower()}", int(done), int(total)))


def _end(child: subprocess.Popen[bytes]) -> None:
    """End git and its children; given the time, it removes incomplete files."""
    for how, seconds in ((signal.SIGTERM, _PATIENCE), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, how)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def _fault(said: str, url: str, certificates: Certificates) -> PatchdeskError:
    """Put git's complaint into words for a person."""
    host = urlsplit(url).netloc
    if "No space left on device" in said:
        return GitError("No space is left for the clone.", "Free some space, and sync again.")
    plain = _QUOTED.sub("''", said)
    if url:
        if status := _STATUS.search(plain):
            return fetch_error("status", host, asked=url, status=int(status[1]))
        if _NOT_FOUND in plain:
            return fetch_error("status", host, asked=url, status=404)
        if _PASSWORD.search(plain):
            return fetch_error("status", host, asked=url, status=401)
        for pattern, kind in _FAULTS:
            if pattern.search(plain):
                return fetch_error(kind, host, detail=_last(said), certificates=certificates.origin)
        return FetchError(f"git could not fetch {url}: {_last(said)}.", "Check the address.")
    return GitError(
        f"git failed: {_last(said)}.", "Try again; “patchdesk doctor” checks the clones."
    )


def _last(said: str) -> str:
    """Return the line that says why."""
    lines = [line.strip() for line in said.replace("\r", "\n").splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:"))]
    line = (fatal or lines or ["it did not say why"])[-1]
    return line.partition(": ")[2].rstrip(".")[:300] if fatal else line.rstrip(".")[:300]
