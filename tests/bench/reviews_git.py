"""The fate of commented lines, and stale trailers, against git: both versions applied to liburing, lines blamed."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from core.comments.evidence import next_version
from core.coverage.trailer_states import is_other_code
from core.diff.parse import DiffFile, read_diff
from core.mail.message import parse_mail
from core.series.review_comments import PatchLine
from core.versions.compare import compare_patches
from core.versions.comparison import Comparison, PairInterdiff, pair_interdiffs
from tests.bench.versions import OraclePair, contents
from tests.bench.versions_git import Tree

_BLAMED: Final = re.compile(r"([0-9a-f]{40}) ([0-9]+) [0-9]+")


class BlamingTree(Tree):
    """A clone that says which lines of one version are in the next."""

    def picked(self, old: str, new: str) -> str | None:
        """Return a commit of the old patch on the parent of the new one; None for a conflict."""
        self._git("checkout", "--quiet", "--force", "--detach", f"{new}^")
        if self._fails("cherry-pick", "--allow-empty", "--keep-redundant-commits", old):
            self._git("cherry-pick", "--abort", check=False)
            return None
        return self._git("rev-parse", "HEAD").decode().strip()

    def diff(self, old: str, new: str) -> Sequence[DiffFile]:
        """Return the files of a diff."""
        text = self._git("diff", "-M", old, new).decode("utf-8", "replace")
        return tuple(read_diff(text).files)

    def kept_lines(self, old: str, new: str, path: str) -> frozenset[int] | None:
        """Return the lines of a file that the new tree still has, moved ones too; None where the file is gone."""
        child = self._git("commit-tree", f"{new}^{{tree}}", "-p", old, "-m", "next").decode().strip()  # fmt: skip
        if self._fails("cat-file", "-e", f"{child}:{path}"):
            return None
        text = self._git("blame", "-M", "--porcelain", f"{old}..{child}", "--", path)
        lines = text.decode("utf-8", "replace").split("\n")
        found = (match for line in lines if (match := _BLAMED.match(line)))
        return frozenset(int(match[2]) for match in found if match[1] == old)

    def patch_id(self, commit: str) -> str:
        """Return git's id of a commit's diff."""
        shown = self._git("diff-tree", "-p", commit)
        done = subprocess.run(
            ["git", "patch-id", "--stable"], input=shown, capture_output=True, check=True
        )
        return done.stdout.decode().split(" ")[0]


def fates(pairs: Sequence[OraclePair], repository: Path, folder: Path) -> Iterator[str]:
    """Yield on how many lines of patches git agrees that they changed or not, and how many equal patches make tags stale."""
    tree = BlamingTree(repository, folder / "liburing-reviews")
    said: Counter[str] = Counter()
    unlike: list[str] = []
    for pair in pairs:
        tips = [tree.apply(side) for side in (pair.old, pair.new)]
        if tips[0] is None or tips[1] is None:
            continue
        said["version pairs"] += 1
        old, new = contents(pair.old), contents(pair.new)
        comparison = Comparison(pairs=compare_patches(old, new))
        for one in pair_interdiffs(comparison, old, new):
            if one.pair.old is None or one.pair.new is None:
                continue
            commits = tips[0][one.pair.old.number], tips[1][one.pair.new.number]
            if tree.patch_id(commits[0]) == tree.patch_id(commits[1]):
                said["equal patch ids"] += 1
                if is_other_code(one.pair.change):
                    said["stale though equal"] += 1
                    unlike.append(f"  equal in git, stale here: {one.pair.new}")
            elif (picked := tree.picked(*commits)) is None:
                said["conflicts"] += 1
            else:
                raw = pair.old[one.pair.old.number - 1]
                unlike += _judged(tree, raw, one, (picked, commits[1]), said)
    lines = said["same"] + said["other"]
    yield (
        f"reviews: lines that git blames as we do: {said['same']:,} of {lines:,}, "
        f"{100 * said['same'] / max(1, lines):.2f} %   asked: >= 97 %"
    )
    yield (
        f"reviews: patches with equal patch-ids: {said['equal patch ids']}, of these stale: "
        f"{said['stale though equal']}   asked: 0 ({dict(said)})"
    )
    yield from unlike[:40]


def _judged(
    tree: BlamingTree,
    raw: bytes,
    one: PairInterdiff,
    commits: tuple[str, str],
    said: Counter[str],
) -> Iterator[str]:
    """Count the signed lines of a patch on which git agrees, and yield the others."""
    mail = parse_mail(raw)
    files = tuple(read_diff(mail.body.diff).files)
    theirs = {file.path: file for file in tree.diff(f"{commits[0]}^", commits[0])}
    came = {
        file.path: {line.text for hunk in file.hunks for line in hunk.lines() if line.kind == "+"}
        for file in tree.diff(*commits)
    }
    for file in files:
        fate = _git_fate(tree, file, theirs.get(file.path), commits, came)
        for line, text, is_changed in fate:
            found = next_version(2, PatchLine("diff", line), (), mail, files, one)
            is_same = (found.rows_away == 0) == is_changed
            said["same" if is_same else "other"] += 1
            if not is_same:
                what = "changed" if is_changed else "kept"
                yield f"  git: {what}: {text!r} of {file.path} in {mail.message.message_id}"


def _git_fate(
    tree: BlamingTree,
    file: DiffFile,
    picked: DiffFile | None,
    commits: tuple[str, str],
    came: Mapping[str, set[str]],
) -> Iterator[tuple[int, str, bool]]:
    """Yield (line of the diff, text, whether it changed) of the added and removed lines of a file."""
    ours, theirs = _signed(file), _signed(picked) if picked is not None else []
    if [one[:2] for one in ours] != [one[:2] for one in theirs]:
        return  # the pick merged it with other changes
    kept = tree.kept_lines(*commits, file.path)
    if kept is None:
        return
    for (sign, text, line, _), (_, _, _, number) in zip(ours, theirs, strict=True):
        is_changed = number not in kept if sign == "+" else text in came.get(file.path, ())
        yield line, text, is_changed


def _signed(file: DiffFile) -> list[tuple[str, str, int, int]]:
    """Return (sign, text, line of the diff, line of the new file) of a file's signed rows."""
    found = []
    for hunk in file.hunks:
        at = hunk.start + 1
        for line in hunk.lines():
            if line.kind in {"+", "-"}:
                found.append((line.kind, line.text, at, line.new or 0))
            at += 1
    return found
