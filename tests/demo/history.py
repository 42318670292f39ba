"""The demo's commits, made by git with nothing of the user's configuration, clock or zone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from tests.demo.people import Person
from tests.demo.tree import Tree

CONFIG: Final = {
    "core.abbrev": "12",
    "core.attributesFile": os.devnull,
    # Stored, not deflated: every zlib then writes the same binary patch.
    "core.compression": "0",
    "diff.algorithm": "myers",
    "diff.indentHeuristic": "true",
    "diff.renames": "true",
    "i18n.commitEncoding": "UTF-8",
    "user.name": "nobody",
    "user.email": "nobody@example.org",
    "am.threeWay": "false",
}


def git(repo: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """Run git in `repo` and return what it prints. Raises CalledProcessError."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "HOME": str(repo),
        "LC_ALL": "C",
        "TZ": "UTC",
    }
    settings = [word for key, value in CONFIG.items() for word in ("-c", f"{key}={value}")]
    command = ["git", "-C", str(repo), *settings, *arguments]
    return subprocess.run(command, input=stdin, env=env, check=True, stdout=subprocess.PIPE).stdout


class History:
    """Collects commits, and hands them to git all at once."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self._stream: list[bytes] = []
        self._marks = 0
        self._trees: dict[int, Tree] = {}
        self._ids: list[str] = []

    def commit(
        self, parent: int | None, tree: Tree, author: Person, when: datetime, message: str, ref: str
    ) -> int:
        """Record a commit on top of `parent` and return its mark."""
        self._marks += 1
        text = message.encode()
        who = f"{author} {int(when.timestamp())} {_zone(author.zone)}"
        lines = [f"commit {ref}", f"mark :{self._marks}", f"author {who}", f"committer {who}"]
        out = ["\n".join([*lines, f"data {len(text)}", ""]).encode() + text + b"\n"]
        if parent is not None:
            out.append(b"from :%d\n" % parent)
        before = {} if parent is None else self._trees[parent]
        out += [f"D {path}\n".encode() for path in sorted(before.keys() - tree.keys())]
        for path, (mode, content) in sorted(tree.items()):
            if before.get(path) != (mode, content):
                out.append(
                    f"M {mode} inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
                )
        self._stream += out
        self._trees[self._marks] = tree
        return self._marks

    def write(self) -> None:
        """Make the repository and everything recorded in it."""
        self.repo.mkdir(parents=True, exist_ok=True)
        git(self.repo, "init", "--quiet", "--object-format=sha1", "--initial-branch=main")
        marks = self.repo / ".git" / "demo-marks"
        stream = b"".join(self._stream)
        git(self.repo, "fast-import", "--quiet", "--force", f"--export-marks={marks}", stdin=stream)
        pairs = (line[1:].split() for line in marks.read_text("ascii").splitlines())
        self._ids = [commit for _, commit in sorted((int(mark), commit) for mark, commit in pairs)]

    def id(self, mark: int) -> str:
        """Return the commit's object id, after `write`."""
        return self._ids[mark - 1]

    def tree(self, mark: int) -> Tree:
        """Return the tree of a commit."""
        return self._trees[mark]

    def diffs(self, base: int, tip: int) -> Iterator[str]:
        """Yield for each commit what `git format-patch` puts below its message: diffstat and diff."""
        span = f"{self.id(base)}..{self.id(tip)}"
        options = ("--reverse", "-p", "--stat=72", "--summary", "-M", "--binary", "--abbrev=12")
        out = git(self.repo, "log", "--format=%x01", *options, span).decode()
        for part in out.split("\x01\n")[1:]:
            diff = part.lstrip("\n").removeprefix("---\n").rstrip("\n") + "\n"
            # An empty line ends a binary patch.
            yield diff + "\n" * ("GIT binary patch" in diff.rpartition("diff --git ")[2])

    def summary(self, base: int, tip: int) -> str:
        """Return the diffstat of a whole series, as a cover letter has it."""
        span = f"{self.id(base)}..{self.id(tip)}"
        return git(self.repo, "diff", "--stat=72", "--summary", "-M", span).decode().rstrip("\n")


def _zone(minutes: int) -> str:
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
