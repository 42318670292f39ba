"""Try a version in a temporary index: nothing is written into the repository, no hook or filter runs.

The index and every new object lie in a folder of the cache, the repository's objects are its alternate. Per patch
`git mailinfo` splits the mail as `git am` does, and `git apply --cached -3` applies it.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from core.apply.mails import split_mail
from core.apply.repository import GitOutput, Repository
from core.apply.values import Base, ConflictingFile, Fit, PatchFit, PatchSource, Trial
from core.diff.parse import DiffFile, read_diff
from core.errors import PatchdeskError
from core.system.paths import cache_dir, private_dir

_MOST_HUNKS: Final = 40
"""Hunks of a file that are tried alone to tell which fail."""
_STALE: Final = 86_400.0
"""Seconds after which nobody is trying in a folder any more."""
_FAILED: Final = re.compile(
    r"error: (?:patch failed: (?P<failed>.+?):\d+|(?P<path>.+?): (?P<reason>[a-z].*))$"
)
_NO_DIFF: Final = ConflictingFile(path="", hunks=0, failing=0, reason="git finds no diff in it")
_UNMERGED: Final = re.compile(r"U (.+)$")


class TrialIndex:
    """A temporary index over a repository's objects, in a git directory of its own.

    The repository's configuration and attributes are not read there: a merge driver that they name would run.
    """

    def __init__(self, repository: Repository, folder: Path) -> None:
        self._repository = repository
        self._folder = folder
        for name in ("objects", "refs"):
            (folder / name).mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        if (form := repository.answer("rev-parse", "--show-object-format")) != "sha1":
            (folder / "config").write_text(
                f"[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tobjectFormat = {form}\n"
            )
        self.environment = {
            "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(str(repository.objects)),
            "GIT_DIR": str(folder),
        }

    def reset(self, commit: str) -> None:
        """Begin anew at a commit. Raises PatchdeskError."""
        (self._folder / "index").unlink(missing_ok=True)
        self._git("read-tree", commit, must=True)

    def apply(self, diff: bytes) -> tuple[ConflictingFile, ...]:
        """Apply a diff to the index; return the files that it does not fit, and leave the index as it was then."""
        kept = (self._folder / "index").read_bytes()
        done = self._git("apply", "--cached", "-3", "--whitespace=nowarn", "-", given=diff)
        if done.status == 0:
            return ()
        (self._folder / "index").write_bytes(kept)
        return self._conflicts(diff, done.error)

    def tree(self) -> str:
        """Return the id of the tree that the index holds. Raises PatchdeskError."""
        return self._git("write-tree", must=True).text

    def commit(self, message: bytes, parent: str, people: Mapping[str, str]) -> str:
        """Commit the tree that the index holds; `people` are the variables of author and committer. Raises PatchdeskError."""
        clean = self._git("stripspace", given=message, must=True).out
        self.environment |= people
        return self._git("commit-tree", self.tree(), "-p", parent, given=clean, must=True).text

    def pack(self, tip: str, base: str) -> bytes:
        """Return the new objects of the commits between two as a pack. Raises PatchdeskError."""
        wanted = f"{tip}\n^{base}\n".encode()
        return self._git("pack-objects", "--revs", "--stdout", "-q", given=wanted, must=True).out

    def _git(self, *arguments: str, given: bytes | None = None, must: bool = False) -> GitOutput:
        done = self._repository.git(
            *arguments, given=given, environment=self.environment, folder=self._folder
        )
        if must and done.status:
            raise PatchdeskError(f"git {arguments[0]} failed: {done.error[:300]}")
        return done

    def _conflicts(self, diff: bytes, said: str) -> tuple[ConflictingFile, ...]:
        """Return the files that git's sentences name, each with how many of its hunks fail alone."""
        reasons: dict[str, str] = {}
        for line in said.splitlines():
            if match := _UNMERGED.match(line):
                reasons.setdefault(match[1], "it conflicts")
            elif match := _FAILED.match(line):
                path = match["failed"] or match["path"]
                reasons[path] = match["reason"] or reasons.get(path, "it does not apply")
        text = diff.decode("utf-8", "surrogateescape")
        files = {file.path: file for file in read_diff(text).files}
        files |= {file.change.old_path: file for file in files.values() if file.change.old_path}
        found = [
            self._conflict(path, reason, files.get(path), text) for path, reason in reasons.items()
        ]
        if not found:
            reason = said.splitlines()[0].removeprefix("error: ") if said else "it does not apply"
            found = [ConflictingFile(path="", hunks=0, failing=0, reason=reason)]
        return tuple(found)

    def _conflict(
        self, path: str, reason: str, file: DiffFile | None, text: str
    ) -> ConflictingFile:
        if file is None or len(file.hunks) > _MOST_HUNKS:
            hunks = 0 if file is None else len(file.hunks)
            return ConflictingFile(path=path, hunks=hunks, failing=hunks, reason=reason)
        lines = text.split("\n")
        failing = 0
        for hunk in file.hunks:
            alone = "\n".join([*file.header, *lines[hunk.start : hunk.end], ""])
            given = alone.encode("utf-8", "surrogateescape")
            failing += self._git("apply", "--cached", "--check", "-", given=given).status != 0
        return ConflictingFile(
            path=path, hunks=len(file.hunks), failing=failing or len(file.hunks), reason=reason
        )


@contextmanager
def trial_index(repository: Repository) -> Iterator[TrialIndex]:
    """Make a temporary index in the cache, and take it away at the end."""
    parent = private_dir(cache_dir() / "apply")
    for left in parent.glob("try-*"):  # of a process that was killed
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE:
                shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="try-", dir=parent))
    try:
        yield TrialIndex(repository, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def try_version(
    repository: Repository, patches: Sequence[PatchSource], bases: Iterator[Base]
) -> Trial | None:
    """Try a version on one base after the other; return the first it applies to, else the one that took most.

    None where there is no base. Raises PatchdeskError and Cancelled.
    """
    best: Trial | None = None
    with trial_index(repository) as index:
        diffs = [split_mail(repository, one.raw).diff if one.raw else b"" for one in patches]
        tried: set[str] = set()
        for base in bases:
            if base.commit in tried:
                continue
            tried.add(base.commit)
            trial = _try_base(index, patches, diffs, base)
            if trial.applies:
                return trial
            if best is None or trial.applied > best.applied:
                best = trial
    return best


def _try_base(
    index: TrialIndex, patches: Sequence[PatchSource], diffs: Sequence[bytes], base: Base
) -> Trial:
    index.reset(base.commit)
    fits: list[PatchFit] = []
    for patch, diff in zip(patches, diffs, strict=True):
        files: tuple[ConflictingFile, ...] = ()
        if patch.message_id is None:
            fit = Fit.MISSING
        elif any(one.fit is not Fit.APPLIED for one in fits):
            fit = Fit.SKIPPED
        else:
            files = index.apply(diff) if diff.strip() else (_NO_DIFF,)
            fit = Fit.CONFLICT if files else Fit.APPLIED
        fits.append(
            PatchFit(
                number=patch.number,
                message_id=patch.message_id,
                title=patch.title,
                fit=fit,
                files=files,
            )
        )
    complete = all(one.fit is Fit.APPLIED for one in fits)
    return Trial(base=base, patches=tuple(fits), tree=index.tree() if complete else "")


def _quoted(path: str) -> str:
    """Return a path quoted for a colon-separated variable (git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES)."""
    if ":" not in path and not path.startswith('"'):
        return path
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
