"""Interdiffs against git's own: both versions applied, the old patch picked onto the new one's parent, trees compared."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from core.diff.parse import read_diff
from core.mail.message import parse_message
from core.sources.mbox import to_mboxrd
from core.versions.compare import compare_patches
from core.versions.comparison import Comparison, pair_interdiffs
from core.versions.content import NO_NEWLINE, PatchContent
from core.versions.formats.text import interdiff_lines
from core.versions.interdiff import interdiff
from tests.bench.versions import OraclePair, contents, table_row

_BASE = re.compile(rb"^base-commit: ([0-9a-f]{40})", re.MULTILINE)
_BLOB = re.compile(rb"^index ([0-9a-f]{7,40})\.\.[0-9a-f]+", re.MULTILINE)
_CANDIDATES = 80
"""Commits before a posting that are tried as its base."""

Lines = Counter[tuple[str, str]]


def interdiffs(pairs: Sequence[OraclePair], repository: Path, folder: Path) -> Iterator[str]:
    """Yield how many interdiffs are those of git, which are not, and how many rows range-diff and we print."""
    tree = Tree(repository, folder / "liburing")
    exact, total, conflicts, applied = 0, 0, 0, 0
    git_rows = our_rows = 0
    unlike: list[str] = []
    for pair in pairs:
        tips = [tree.apply(side) for side in (pair.old, pair.new)]
        if tips[0] is None or tips[1] is None:
            continue
        applied += 1
        (old_base, *old_commits), (new_base, *new_commits) = tips[0], tips[1]
        old, new = contents(pair.old), contents(pair.new)
        for change in compare_patches(old, new):
            if not change.old or not change.new:
                continue
            left, right = old[change.old.number - 1], new[change.new.number - 1]
            theirs = tree.interdiff(old_commits[left.number - 1], new_commits[right.number - 1])
            if theirs is None:
                conflicts += 1
                continue
            ours = changed_lines(left, right)
            total += 1
            exact += ours == theirs
            if ours != theirs:
                unlike.append(
                    f"{left.number}→{right.number} of {pair.name}: ours has "
                    f"{(ours - theirs).total()} more, {(theirs - ours).total()} fewer"
                )
        our_rows += shown_rows(old, new, {(a, b) for a, sign, b in pair.pairs if sign == "!"})
        git_rows += tree.range_diff((old_base, old_commits[-1]), (new_base, new_commits[-1]))
    yield table_row(
        f"interdiffs of {applied} version pairs that apply to liburing",
        f"{exact} of {total} exact",
        f"{100 * exact / max(1, total):.1f} % (goal 98 %); {conflicts} conflict in git",
    )
    yield from (table_row(f"  {line}") for line in unlike)
    yield table_row(
        "rows printed, against range-diff's",
        f"{our_rows} of {git_rows}",
        f"{100 * our_rows / max(1, git_rows):.0f} % (goal 75 %)",
    )


def changed_lines(old: PatchContent, new: PatchContent) -> Lines:
    """Return the signed lines of our interdiff, less those that moved within a file."""
    found: Lines = Counter()
    for file in interdiff(old, new):
        for at, row in enumerate(file.rows):
            if row.effect and at not in file.moved and row.text != NO_NEWLINE:
                found["+" if row.effect > 0 else "-", row.text] += 1
    return found


def shown_rows(
    old: Sequence[PatchContent],
    new: Sequence[PatchContent],
    pairs: Collection[tuple[object, object]],
) -> int:
    """Return how many rows `patchdesk versions` prints of the pairs that range-diff prints, file names included."""
    comparison = Comparison(pairs=compare_patches(old, new))
    count = 0
    for one in pair_interdiffs(comparison, old, new):
        change = one.pair
        if not change.old or not change.new or (change.old.number, change.new.number) not in pairs:
            continue
        parts = [*one.files, *([one.message] if "message" in change.change else [])]
        lines = [len(list(interdiff_lines(part, one, "v1", "v2"))) for part in parts]
        tags = change.tags
        count += sum(number + 1 for number in lines if number)
        count += len(tags.new) + len(tags.dropped) + 2 * len(tags.changed)
    return count


class Tree:
    """A clone in which versions are applied."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self._folder = folder
        subprocess.run(["git", "clone", "--quiet", "--shared", repository, folder], check=True)
        for name, value in (("user.name", "T"), ("user.email", "t@example.org")):
            self._git("config", name, value)
        self._head = self._git("rev-parse", "HEAD").decode().strip()

    def _git(self, *words: str, stdin: bytes | None = None, check: bool = True) -> bytes:
        return subprocess.run(
            ["git", *words], cwd=self._folder, input=stdin, capture_output=True, check=check
        ).stdout

    def _fails(self, *words: str, stdin: bytes | None = None) -> bool:
        done = subprocess.run(
            ["git", *words], cwd=self._folder, input=stdin, capture_output=True, check=False
        )
        return done.returncode != 0

    def apply(self, raws: Sequence[bytes]) -> list[str] | None:
        """Return the base and the commit of each patch, or None where they do not apply."""
        base = self._base(raws)
        if base is None:
            return None
        self._git("checkout", "--quiet", "--force", "--detach", base)
        mbox = to_mboxrd(raws)
        if self._fails(
            "am", "-3", "--quiet", "--keep-non-patch", "--patch-format=mboxrd", stdin=mbox
        ):
            self._git("am", "--abort", check=False)
            return None
        found = self._git("rev-list", "--reverse", f"{base}..HEAD").decode().split()
        return [base, *found] if len(found) == len(raws) else None

    def _base(self, raws: Sequence[bytes]) -> str | None:
        """Return the commit that most of the files' old contents are in."""
        for raw in raws:
            if (match := _BASE.search(raw)) and not self._fails(
                "cat-file", "-e", match[1].decode()
            ):
                return match[1].decode()
        date = parse_message(raws[0]).date.isoformat()
        commits = (
            self._git("rev-list", f"--max-count={_CANDIDATES}", f"--before={date}", self._head)
            .decode()
            .split()
        )
        blobs = {match[:7] for raw in raws for match in _BLOB.findall(raw)}
        best: tuple[int, str] | None = None
        for commit in commits:
            there = {
                line.split()[2][:7] for line in self._git("ls-tree", "-r", commit).splitlines()
            }
            score = len(blobs & there)
            if best is None or score > best[0]:
                best = score, commit
        return best[1] if best else None

    def interdiff(self, old: str, new: str) -> Lines | None:
        """Return the signed lines between the old commit on the new one's parent and the new one; None for a conflict."""
        self._git("checkout", "--quiet", "--force", "--detach", f"{new}^")
        if self._fails("cherry-pick", "--allow-empty", "--keep-redundant-commits", old):
            self._git("cherry-pick", "--abort", check=False)
            return None
        text = self._git("diff", "-M", "HEAD", new).decode("utf-8", "replace")
        found: Lines = Counter()
        for file in read_diff(text).files:
            came = Counter(
                line.text for hunk in file.hunks for line in hunk.lines() if line.kind == "+"
            )
            went = Counter(
                line.text for hunk in file.hunks for line in hunk.lines() if line.kind == "-"
            )
            for text, count in (came - went).items():
                found["+", text] += count
            for text, count in (went - came).items():
                found["-", text] += count
        return found

    def range_diff(self, old: tuple[str, str], new: tuple[str, str]) -> int:
        """Return how many rows `git range-diff` prints below the headings of its pairs."""
        lines = self._git(
            "range-diff", "--no-color", f"{old[0]}..{old[1]}", f"{new[0]}..{new[1]}"
        ).splitlines()
        return sum(line.startswith(b"    ") for line in lines)
