"""A linked worktree that this program makes for `git am`, and takes away again; it is never the user's checkout."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from core.apply.repository import QUIET, GitOutput, Repository, first_line
from core.errors import PatchdeskError

DEADLINE: Final = 900.0
"""Seconds for a call that may run the user's hooks or check out all files."""
_SETTINGS: Final = (
    "gc.auto=0", "maintenance.auto=false", "core.autocrlf=false", "core.fsmonitor=false",
)  # fmt: skip
PREFIX: Final = "worktree-"
"""Begins the folders of the cache that hold one each."""


class Worktree:
    """One worktree of a repository, by its folder."""

    def __init__(self, repository: Repository, path: Path) -> None:
        self._repository = repository
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether its folder is there."""
        return (self.path / ".git").exists()

    @property
    def head(self) -> str:
        """The commit that it stands at."""
        return self._repository.git("rev-parse", "HEAD", folder=self.path).text

    def add(self, commit: str) -> None:
        """Make it, at a commit and on no branch. Raises PatchdeskError and Cancelled."""
        done = self._repository.git(
            "worktree", "add", "--quiet", "--detach", str(self.path), commit,
            settings=QUIET, deadline=DEADLINE,
        )  # fmt: skip
        if done.status:
            raise PatchdeskError(f"git worktree failed: {first_line(done.error)}.")

    def switch(self, branch: str) -> None:
        """Stand on a branch that points at the present commit."""
        self._repository.git("checkout", "--quiet", branch, folder=self.path)

    def am(self, *options: str, mbox: bytes = b"") -> GitOutput:
        """Run `git am`, with the user's hooks, signing and options. Raises PatchdeskError and Cancelled."""
        return self._repository.git(
            "am", *options, given=mbox, folder=self.path, settings=_SETTINGS, deadline=DEADLINE
        )

    def commits_since(self, base: str) -> tuple[str, ...]:
        """Return the commits above a base, oldest first. Raises PatchdeskError."""
        return tuple(
            self._repository.answer("rev-list", "--reverse", f"{base}..{self.head}").split()
        )

    def stopped_at(self) -> int | None:
        """Return the place, from 1, of the patch at which `git am` stopped; None where it is not under way."""
        state = self._repository.git("rev-parse", "--git-path", "rebase-apply", folder=self.path)
        folder = self.path / state.text
        if state.status or not folder.is_dir():
            return None
        try:
            return int((folder / "next").read_text().strip())
        except (OSError, ValueError):
            return 1

    def unmerged(self) -> tuple[str, ...]:
        """Return the files with a conflict that is not resolved."""
        done = self._repository.git(
            "diff", "--name-only", "-z", "--diff-filter=U", folder=self.path
        )
        return tuple(name for name in done.out.decode("utf-8", "replace").split("\0") if name)

    def remove(self) -> None:
        """Take it away with all that is in it, and what a killed git left of it; other worktrees stay as they are."""
        removal: Sequence[str] = ("worktree", "remove", "--force", "--force", str(self.path))
        # The task may be cancelled, which must not leave half a worktree.
        repository = Repository(self._repository.path)
        repository.git(*removal)
        shutil.rmtree(self.path, ignore_errors=True)
        repository.git(*removal)  # what is registered without a folder
        if self.path.parent.name.startswith(PREFIX):
            shutil.rmtree(self.path.parent, ignore_errors=True)
