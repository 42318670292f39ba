"""A list's git epochs, mirrored from a public-inbox server (public-inbox-v2-format(5), public-inbox-clone(1)).

An epoch lies in `git/N.git` of the list's folder, as in the server's. It is cloned beside that and renamed once it is
whole; the newest comes first, those before it where they are wanted.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Final

from core.errors import FetchError, PatchdeskError
from core.progress import ProgressCallback
from core.sources.inbox_server import EPOCHS, Epoch, InboxServer
from core.sync.git_runner import run_git
from core.sync.list_folder import SyncDepth
from core.sync.rate_limit import RateLimiter
from core.system.paths import private_dir

_NO_MORE: Final = ("no commits selected", "error processing shallow info", "shallow info: 4")
_SENT_ON: Final = (301, 302, 303, 307, 308)
_BOUNDARIES: Final = 1000


class EpochMirror:
    """One list's epochs in a folder of its own. The caller keeps other writers out."""

    def __init__(
        self,
        name: str,
        folder: Path,
        server: InboxServer,
        rate_limiter: RateLimiter,
        *,
        deadline: float,
        lock: int,
        stop: Event,
        report: ProgressCallback,
    ) -> None:
        """Take the seconds that a server has to list its epochs (cloning is not limited), and the handle of the
        folder's lock, which git is to hold should it outlive this process.
        """
        self.name = name
        self.folder = folder
        self.epochs_not_cloned = 0
        """Older epochs that the server has and `bring` did not."""
        self._server = server
        self._rate_limiter = rate_limiter
        self._deadline = deadline
        self._lock = lock
        self._stop = stop
        self._report = report

    def update(self, wish: SyncDepth) -> Iterator[Epoch]:
        """Update the epochs, the newest first, and yield each that can be read again.

        Raises FetchError, GitError, PatchdeskError and Cancelled; epochs that were yielded before are kept.
        """
        private_dir(self.folder / "git")
        there = self._rate_limiter.call(self._epochs)
        here = self.numbers()
        self.epochs_not_cloned = 0
        newest = max(here, default=-1)
        enough = False
        for epoch in there:
            is_newest = epoch.number == there[0].number
            if epoch.number in here:
                if self._is_stale(epoch, wish, newest=is_newest or epoch.number == newest):
                    self._fetch(epoch, wish)
                    yield epoch
            elif (
                is_newest
                or epoch.number > newest > -1
                or (not enough and self._is_wanted(epoch, wish))
            ):
                self._clone(epoch, wish)
                yield epoch
            else:
                self.epochs_not_cloned += 1
            enough = enough or self.is_shallow(epoch.number)

    def numbers(self) -> set[int]:
        """Return the epochs that are here."""
        with suppress(OSError):
            names = [child.name for child in (self.folder / "git").iterdir()]
            return {
                int(name[:-4])
                for name in names
                if name.endswith(".git") and name[:-4].isascii() and name[:-4].isdigit()
            }
        return set()

    def path(self, number: int) -> Path:
        """Return where an epoch lies."""
        return self.folder / "git" / f"{number}.git"

    def is_shallow(self, number: int) -> bool:
        """Whether an epoch was cloned from a date on."""
        return (self.path(number) / "shallow").is_file()

    # ------------------------------------------------------------------- which epochs

    def _epochs(self) -> list[Epoch]:
        """Return the server's epochs, the newest first. Raises FetchError where the server has none."""
        try:
            there = self._server.epochs(stop=self._stop, report=self._report)
        except FetchError as error:
            if error.kind != "page" and error.status != 403:
                raise
            try:
                return self._probe_epochs()  # what keeps programs out of its pages may let git pass
            except FetchError as other:
                raise (error if other.status == 404 else other) from other
        return there or self._probe_epochs()

    def _probe_epochs(self) -> list[Epoch]:
        """Find out which epochs there are by asking for one after the other."""
        url = self._server.url
        last = max(self.numbers(), default=0)
        if not self._answers(f"{url}/git/{last}.git"):
            if last == 0 and self._answers(url):
                return [Epoch(0, url)]
            raise FetchError(
                f"There is no public-inbox to clone at {url}.",
                "Check the address; a list that can be searched only is followed with --no-clone.",
                status=404,
            )
        while last + 1 < EPOCHS and self._answers(f"{url}/git/{last + 1}.git"):
            last += 1
        return [Epoch(number, f"{url}/git/{number}.git") for number in range(last, -1, -1)]

    def _answers(self, url: str) -> bool:
        """Tell whether there is a repository with something in it at an address."""
        try:
            return bool(self._git("ls-remote", "--heads", "--", url, url=url, in_time=True).strip())
        except FetchError as error:
            if error.status in (404, 410):
                return False
            raise

    def _is_wanted(self, epoch: Epoch, wish: SyncDepth) -> bool:
        """Tell whether an epoch before those that are here is to be cloned."""
        if wish.everything:
            return True
        return wish.since is not None and not 0 < epoch.modified < wish.since

    def _is_stale(self, epoch: Epoch, wish: SyncDepth, *, newest: bool) -> bool:
        """Tell whether to fetch an epoch that is here; older ones change only where a mail was purged or edited."""
        if self._deepen_options(epoch, wish):
            return True
        # A server may be late in listing what came to the newest.
        return newest or bool(epoch.fingerprint and epoch.fingerprint != self._fingerprint(epoch))

    def _fingerprint(self, epoch: Epoch) -> str:
        refs = self._git_in(epoch, "for-each-ref", "--format=%(objectname) %(refname)")
        return hashlib.sha1(refs.encode(), usedforsecurity=False).hexdigest()

    # ------------------------------------------------------------------- cloning and fetching

    def _clone(self, epoch: Epoch, wish: SyncDepth) -> None:
        partial = self.folder / "git" / f"{epoch.number}.git.partial"
        since = [f"--shallow-since=@{wish.since}"] if wish.since and not wish.everything else []
        try:
            self._clone_into(partial, epoch, since)
        except FetchError as error:
            if not (since and any(words in error.message for words in _NO_MORE)):
                raise
            # Nothing in it is so new; its newest mail is where to go on from.
            self._clone_into(partial, epoch, ["--depth=1"])
        try:
            partial.rename(self.path(epoch.number))
        except OSError as error:
            raise PatchdeskError(
                f"{self.path(epoch.number)} cannot be made: {error.strerror}.",
                "Check free space and permissions.",
            ) from error

    def _clone_into(self, partial: Path, epoch: Epoch, how: list[str]) -> None:
        shutil.rmtree(partial, ignore_errors=True)  # what an end by force has left
        doing = f"Cloning {self.name}, epoch {epoch.number}"
        words = ("clone", "--mirror", "--progress", "--template=", *how, "--", epoch.url)
        self._git(*words, str(partial), url=epoch.url, doing=doing)
        if not self._git(f"--git-dir={partial}", "for-each-ref", "--count=1"):
            raise self._empty(epoch)

    def _fetch(self, epoch: Epoch, wish: SyncDepth) -> None:
        self._remove_stale_locks(epoch)
        words = ("fetch", "--progress", *self._deepen_options(epoch, wish), "--", epoch.url)
        doing = f"Fetching {self.name}, epoch {epoch.number}"
        self._git_in(epoch, *words, "+refs/*:refs/*", url=epoch.url, doing=doing)
        fetched = self.path(epoch.number) / "FETCH_HEAD"
        if not fetched.exists() or not fetched.stat().st_size:
            raise self._empty(epoch)

    def _empty(self, epoch: Epoch) -> FetchError:
        """Return the error for a repository without refs, for which git takes any web page."""
        return FetchError(
            f"{self._server.host} has nothing in epoch {epoch.number} of {self.name}, or shows git a web page.",
            "Open the list's address in a browser to see which. Try later.",
            kind="page",
        )

    def _remove_stale_locks(self, epoch: Epoch) -> None:
        """Remove the lock files of a killed git: the folder is locked, so no other runs."""
        path = self.path(epoch.number)
        for pattern in ("*.lock", "refs/**/*.lock", "objects/info/*.lock", "objects/pack/tmp_*"):
            for stale in path.glob(pattern):
                stale.unlink(missing_ok=True)

    def _deepen_options(self, epoch: Epoch, wish: SyncDepth) -> list[str]:
        """Return how to tell git that a shallow clone is to reach further back; nothing where it need not."""
        if not self.is_shallow(epoch.number):
            return []
        if wish.everything:
            return ["--unshallow"]
        if wish.since is None:
            return []
        boundary = (self.path(epoch.number) / "shallow").read_text("ascii").split()[:_BOUNDARIES]
        times = self._git_in(epoch, "rev-list", "--no-walk", "--timestamp", *boundary).split()[::2]
        # A date after the boundary would cut the clone off there.
        later = all(int(time) > wish.since for time in times)
        return [f"--shallow-since=@{wish.since}"] if later else []

    def _git_in(self, epoch: Epoch, *words: str, url: str = "", doing: str = "") -> str:
        return self._git(f"--git-dir={self.path(epoch.number)}", *words, url=url, doing=doing)

    def _git(self, *words: str, url: str = "", doing: str = "", in_time: bool = False) -> str:
        """Run git; where the server sends it on, along to there."""
        try:
            return self._git_at(*words, url=url, doing=doing, in_time=in_time)
        except FetchError as error:
            if error.status not in _SENT_ON:
                raise
        there = self._server.resolve_redirect(url, stop=self._stop, report=self._report)
        moved = [there if word == url else word for word in words]
        return self._git_at(*moved, url=there, doing=doing, in_time=in_time)

    def _git_at(self, *words: str, url: str, doing: str, in_time: bool) -> str:
        deadline = self._deadline if in_time else None
        return run_git(
            words,
            url=url,
            doing=doing,
            deadline=deadline,
            inherit=(self._lock,),
            certificates=self._server.certificates,
            stop=self._stop,
            report=self._report,
        )
