"""git in a repository that the user named: bounded, cancellable, without hooks unless they are wanted.

git reads that repository's configuration, as it does for the user; this program never does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import IO, Final

from core.errors import Cancelled, PatchdeskError

DEADLINE: Final = 60.0
"""Seconds for one call of git."""
MAX_OUTPUT: Final = 64 << 20
"""Bytes of an answer that are read."""
_POLL: Final = 0.02

QUIET: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.autocrlf=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "commit.gpgSign=false",
)
"""Settings of a call that must leave no trace and run nothing of the repository's."""

_REDIRECTING: Final = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CEILING_DIRECTORIES", "GIT_CONFIG",
    "GIT_EXTERNAL_DIFF", "GIT_PREFIX",
)  # fmt: skip
"""Variables that would send git to another repository than the named one."""


@dataclass(frozen=True, slots=True)
class GitOutput:
    """The exit status and output of a git command."""

    status: int
    out: bytes
    error: str

    @property
    def text(self) -> str:
        """The answer as text, without the line end after it."""
        return self.out.decode("utf-8", "replace").rstrip("\n")


class GitProgram:
    """git, run in one folder, which need be no repository."""

    def __init__(self, path: Path, stop: Event | None = None) -> None:
        """`stop` ends the call that is under way, which then raises Cancelled."""
        self.path = path
        self._stop = stop or Event()

    def git(
        self,
        *arguments: str,
        given: bytes | None = None,
        environment: Mapping[str, str] | None = None,
        settings: Sequence[str] = QUIET,
        folder: Path | None = None,
        deadline: float = DEADLINE,
    ) -> GitOutput:
        """Run git and return its output, also after a failure.

        Raises PatchdeskError where it cannot be started, runs past the deadline or says too much, and Cancelled.
        """
        command = ["git", *(word for one in settings for word in ("-c", one)), *arguments]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
            process = self._start(command, given, environment, folder or self.path, (out, error))
            try:
                self._wait(process, command, deadline)
            except BaseException:
                _kill(process)
                raise
            if out.seek(0, os.SEEK_END) > MAX_OUTPUT:
                raise PatchdeskError(f"git {arguments[0]} printed too much.")
            out.seek(0)
            error.seek(0)
            said = error.read(1 << 16).decode("utf-8", "replace").strip()
            return GitOutput(process.returncode, out.read(), said)

    def _start(
        self,
        command: Sequence[str],
        given: bytes | None,
        environment: Mapping[str, str] | None,
        folder: Path,
        files: tuple[IO[bytes], IO[bytes]],
    ) -> subprocess.Popen[bytes]:
        with tempfile.TemporaryFile() as source:
            source.write(given or b"")
            source.seek(0)
            try:
                return subprocess.Popen(
                    command,
                    stdin=source,
                    stdout=files[0],
                    stderr=files[1],
                    cwd=folder,
                    env={**git_environment(), **(environment or {})},
                    start_new_session=True,
                )
            except OSError as error:
                raise PatchdeskError(f"git cannot be run in {folder}: {error.strerror}.") from error

    def _wait(
        self, process: subprocess.Popen[bytes], command: Sequence[str], deadline: float
    ) -> None:
        end = time.monotonic() + deadline
        while True:
            if self._stop.is_set():
                raise Cancelled
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL)
                return
            if time.monotonic() > end:
                name = next(
                    one for one in command[1:] if not one.startswith("-") and "=" not in one
                )
                raise PatchdeskError(f"git {name} did not end within {deadline:.0f} s.")


class Repository(GitProgram):
    """A repository of the user's."""

    def __init__(self, path: Path, stop: Event | None = None) -> None:
        """Raises PatchdeskError where `path` is no repository."""
        super().__init__(path, stop)
        found = self.git(
            "rev-parse", "--absolute-git-dir", "--git-common-dir", "--git-path", "objects"
        )
        if found.status:
            raise PatchdeskError(
                f"{path} is not a usable git repository: {first_line(found.error)}.",
                "Name one in [apply] repo, or with --repo.",
            )
        git_dir, common, objects = found.text.split("\n")
        self.git_dir = Path(git_dir)
        self.common_dir = (path / common).resolve()
        self.objects = (path / objects).resolve()

    def answer(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """Return the answer of a call that must succeed. Raises PatchdeskError."""
        done = self.git(*arguments, environment=environment)
        if done.status:
            raise PatchdeskError(f"git {arguments[0]} failed: {first_line(done.error)}.")
        return done.text

    def commit(self, revision: str) -> str | None:
        """Return the id of the commit that a revision names; None where there is none."""
        if revision.startswith("-") or not revision:
            return None
        done = self.git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
        return done.text if done.status == 0 and done.text else None


def git_environment() -> dict[str, str]:
    """Return the user's environment without variables that redirect git; git then asks nobody and fetches nothing."""
    kept = {name: value for name, value in os.environ.items() if name not in _REDIRECTING}
    return {
        **kept,
        "LC_ALL": "C",  # its sentences are read
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",  # no window asks for a password either
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_EDITOR": "true",
        "GIT_PAGER": "cat",
    }


def first_line(said: str) -> str:
    """Return the first line of what git says on failure, without its prefix."""
    for line in said.splitlines():
        if line.strip():
            return line.strip().removeprefix("fatal: ").removeprefix("error: ").rstrip(".")
    return "it says nothing"


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
