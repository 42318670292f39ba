"""Trying and applying against git and b4, and landed patches against the mails that name their commits.

PATCHDESK_APPLY names pairs of a repository and the archive of its list, with `:` between all of them. PATCHDESK_LARGE
names a large repository. PATCHDESK_VERSIONS is the number of versions of each pair (default 200).
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Final

from core.apply.bases import BaseFinder, PreImage, pre_images
from core.apply.repository import Repository
from core.apply.trial import try_version
from core.apply.values import Base, BaseSource, PatchSource, Trial
from core.landed.commit_index import CommitIndex
from core.landed.matching import landed_patches
from core.landed.sent_patches import sent_patches, series_notices
from core.landed.values import Tree, TreeCommit
from core.mail.message import parse_mail, parse_message
from core.model import Message, MessageId, Series, Version
from core.series.grouping import group_messages
from core.sources.mbox import to_mboxrd
from tests.bench.apply_b4 import b4_base, b4_mbox
from tests.bench.corpus import mails_of

_NEWEST: Final = 16_000
"""Mails of each archive that are looked at."""
_TRIALS: Final = 200
_KILLS: Final = 50
_B4_MBOXES: Final = 60
"""Versions that `b4 am` makes an mbox of, which takes it seconds each."""


@dataclass
class Project:
    """A repository, and the series of its list."""

    path: Path
    series: list[Series]
    raws: Mapping[MessageId, bytes]
    versions: list[tuple[Series, Version]] = field(default_factory=list)
    """Complete versions whose files the repository knows."""

    def raw(self, message: Message) -> bytes:
        """Return a mail's bytes."""
        return self.raws[message.message_id]

    def sources(self, version: Version) -> list[PatchSource]:
        """Return the patches of a version, as they came."""
        return [
            PatchSource(
                number=one.number,
                message_id=one.message.message_id,
                title=one.message.subject.title,
                raw=self.raw(one.message),
            )
            for one in version.patches
        ]


def run(folder: Path) -> Iterator[str]:
    """Yield a line for each figure."""
    named = [Path(one) for one in os.environ.get("PATCHDESK_APPLY", "").split(":") if one]
    if not named:
        yield "apply: PATCHDESK_APPLY names no repository and archive"
    count = int(os.environ.get("PATCHDESK_VERSIONS", "200"))
    suites = os.environ.get("PATCHDESK_FIGURES", "trees untouched bases landed large").split()
    for repo, archive in zip(named[::2], named[1::2], strict=True):
        project = read_project(repo, archive, count)
        name = repo.parent.name if repo.name == "repo" else repo.name
        yield f"apply: {name}: {len(project.series):,} series, {len(project.versions)} versions tried"
        if "landed" in suites:
            yield from landed(project, folder / f"{name}.sqlite3")
        clone = clone_of(project.path, folder / name)
        if "untouched" in suites:
            yield from untouched(project, clone, folder)
        if "trees" in suites:
            yield from trees(project, clone)
        if "bases" in suites:
            yield from bases(project, clone)
    if "large" in suites and (large := os.environ.get("PATCHDESK_LARGE")):
        yield from large_repository(Path(large), folder)


def read_project(repo: Path, archive: Path, count: int) -> Project:
    """Return the newest series of an archive, and the versions that are of a repository."""
    raws: dict[MessageId, bytes] = {}
    messages = []
    for mail in mails_of(archive)[-_NEWEST:]:
        message = parse_message(mail.raw, mail.key)
        raws[message.message_id] = mail.raw
        messages.append(message)
    series = [one for one in group_messages(messages) if isinstance(one, Series)]
    project = Project(repo, series, raws)
    known = Repository(repo)
    for one in sorted(series, key=lambda each: each.date, reverse=True):
        for version in one.versions:
            if len(project.versions) < count and version.complete and version.patches:
                images = images_of(project, version)
                blobs = "\n".join(image.blob for image in images).encode()
                found = known.git("cat-file", "--batch-check", given=blobs).text.split("\n")
                if images and sum(" blob " in line for line in found) == len(images):
                    project.versions.append((one, version))
    return project


def images_of(project: Project, version: Version) -> tuple[PreImage, ...]:
    """Return the files of a version as it found them."""
    sources = project.sources(version)
    return pre_images(sources, [parse_mail(one.raw).body.diff for one in sources])


def clone_of(repo: Path, folder: Path) -> Path:
    """Return a clone of a repository, with a work tree."""
    subprocess.run(["git", "clone", "--quiet", "--shared", repo, folder], check=True)
    for name, value in (("user.name", "T"), ("user.email", "t@example.org"), ("gc.auto", "0")):
        subprocess.run(["git", "-C", folder, "config", name, value], check=True)
    return folder


def try_one(
    project: Project, repository: Repository, version: Version, base: str = ""
) -> Trial | None:
    """Return the trial of a version, on the bases that are found for it or on one."""
    finder = BaseFinder(repository, images_of(project, version), version.date)
    sources = project.sources(version)
    return try_version(
        repository, sources, finder.bases(base, "", "", [one.raw for one in sources])
    )


# ------------------------------------------------------------------- trees


def trees(project: Project, clone: Path) -> Iterator[str]:
    """Yield how many trees of the index are those of `git am -3`, and of `git am` on the mbox of `b4 am`."""
    repository = Repository(clone)
    said: Counter[str] = Counter()
    unlike: list[str] = []
    boxes = 0
    for _, version in project.versions:
        trial = try_one(project, repository, version)
        if trial is None:
            continue
        raws = [one.raw for one in project.sources(version)]
        theirs = am_tree(clone, trial.base.commit, to_mboxrd(raws), "--patch-format=mboxrd")
        said["applies" if trial.applies else "does not apply"] += 1
        if (trial.tree or None) != theirs:
            said["unlike"] += 1
            unlike.append(f"{version.patches[0].message.message_id}: {trial.tree[:12]} {theirs}")
        if trial.applies and boxes < _B4_MBOXES:
            boxes += 1
            if (box := b4_mbox(raws, clone)) is None:
                said["refused by b4"] += 1
            elif am_tree(clone, trial.base.commit, box) != trial.tree:
                said["unlike b4 am"] += 1
                unlike.append(f"b4: {version.patches[0].message.message_id}")
    yield f"apply: trees unlike git am -3: {said['unlike']} of {said.total() - said['unlike']} ({dict(said)}; {boxes} by b4 am)"
    yield from (f"  {one}" for one in unlike[:10])


def am_tree(clone: Path, base: str, mbox: bytes, *options: str) -> str | None:
    """Return the tree that `git am -3` makes of an mbox; None where it does not apply."""

    def git(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", "-C", clone, *words], input=given, capture_output=True, check=False
        )

    git("checkout", "--quiet", "--force", "--detach", base)
    if git("am", "-3", "--quiet", "--keep-non-patch", *options, given=mbox).returncode:
        git("am", "--abort")
        return None
    return git("rev-parse", "HEAD^{tree}").stdout.decode().strip()


# ------------------------------------------------------------------- untouched


def untouched(project: Project, clone: Path, folder: Path) -> Iterator[str]:
    """Yield whether trials, ended ones and killed ones, leave the repository as it was."""
    before = state_of(clone)
    repository = Repository(clone)
    began = time.process_time()
    versions = [version for _, version in project.versions] * (
        _TRIALS // max(1, len(project.versions)) + 1
    )
    for version in versions[:_TRIALS]:
        try_one(project, repository, version)
    spent = time.process_time() - began
    yield f"apply: untouched by {_TRIALS} trials: {state_of(clone) == before} ({spent:.1f} s CPU here)"
    mbox = folder / "killed.mbox"
    longest = max(project.versions, key=lambda one: len(one[1].patches))[1]
    mbox.write_bytes(to_mboxrd(one.raw for one in project.sources(longest)))
    cache = folder / "killed-cache"
    words = [sys.executable, "-m", "tests.bench.apply_killed", str(clone), str(mbox)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    whole = 60.0
    for _ in range(3):
        start = time.monotonic()
        subprocess.run(words, env=environment, check=True, capture_output=True)
        whole = min(whole, time.monotonic() - start)
    randomly = random.Random(7)
    killed = runs = 0
    while killed < _KILLS and runs < 5 * _KILLS:
        runs += 1
        process = subprocess.Popen(
            words, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
        )
        try:
            process.wait(randomly.uniform(0.2, 0.95) * whole)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    yield f"apply: untouched by {runs} runs of which {killed} were killed: {state_of(clone) == before}"


def state_of(clone: Path) -> str:
    """Return a digest of the refs, status, objects and check of a repository."""
    digest = hashlib.sha256()
    for words in (
        ("for-each-ref",),
        ("status", "--porcelain=v2", "--branch"),
        ("count-objects", "-v"),
        ("fsck", "--connectivity-only"),
        ("worktree", "list"),
    ):
        done = subprocess.run(["git", "-C", clone, *words], capture_output=True, check=False)
        digest.update(done.stdout + done.stderr)
    return digest.hexdigest()


# ------------------------------------------------------------------- bases


def bases(project: Project, clone: Path) -> Iterator[str]:
    """Yield how our bases compare with those that `b4 am --guess-base` finds: by the files that match, by what applies."""
    repository = Repository(clone)
    said: Counter[str] = Counter()
    worse: list[str] = []
    ours_cpu = theirs_cpu = 0.0
    for _, version in project.versions:
        images = images_of(project, version)
        finder = BaseFinder(repository, images, version.date)
        start = children_cpu()
        trial = try_one(project, repository, version)
        ours_cpu += children_cpu() - start
        start = children_cpu()
        theirs = b4_base([one.raw for one in project.sources(version)], clone)
        theirs_cpu += children_cpu() - start
        mine = finder.matched(trial.base.commit) if trial is not None else -1
        other = finder.matched(theirs) if theirs else -1
        said["more files" if mine > other else "fewer files" if mine < other else "the same"] += 1
        on_theirs = try_one(project, repository, version, theirs) if theirs else None
        ours_applies = trial is not None and trial.applies
        theirs_applies = on_theirs is not None and on_theirs.applies
        said["applies on ours"] += ours_applies
        said["applies on b4's"] += theirs_applies
        said["applies on b4's alone"] += theirs_applies and not ours_applies
        if mine < other or (theirs_applies and not ours_applies):
            ours = f"{trial.base.commit[:12]} ({trial.base.source.value})" if trial else "none"
            worse.append(
                f"{version.patches[0].message.message_id}: {ours} {mine}, {ours_applies}; b4"
                f" {str(theirs)[:12]} {other} of {len(images)}, {theirs_applies}"
            )
    yield f"apply: bases of {len(project.versions)} versions against b4 --guess-base: {dict(said)}; {ours_cpu:.0f} s CPU, b4 {theirs_cpu:.0f}"
    yield from (f"  worse: {one}" for one in worse)


def children_cpu() -> float:
    """Return the seconds of CPU that this process and its children have used."""
    found = os.times()
    return found.user + found.system + found.children_user + found.children_system


# ------------------------------------------------------------------- landed


def landed(project: Project, path: Path) -> Iterator[str]:
    """Yield how many patches are found in the commits that "applied" mails name, the mails themselves not looked at."""
    commits = CommitIndex(path)
    start = children_cpu()
    tree = Tree(name="tree", repo=str(project.path), ref="HEAD")
    count = commits.update(tree, None, stop=Event(), report=lambda _: None)
    yield f"apply: {count:,} commits indexed in {children_cpu() - start:.1f} s CPU"
    start = children_cpu()
    commits.update(tree, None, stop=Event(), report=lambda _: None)
    yield f"apply: again, with nothing new, {children_cpu() - start:.2f} s CPU"
    said: Counter[str] = Counter()
    wrong: list[str] = []
    repository = Repository(project.path)
    for series in project.series:
        for version in series.versions:
            alone = replace(series, versions=(version,))
            if not series_notices(alone, project.raw):
                continue
            for patch, notices in sent_patches(repository, [alone], project.raw, {}):
                named = [each for one in notices for each in commits.by_id(one.commit)]
                if named:
                    said["named"] += 1
                    found = landed_patches(patch, commits)
                    result = _verdict(found[0].commit if found else "", named, repository)
                    said[result] += 1
                    if result in ("wrong", "not found"):
                        wrong.append(
                            f"{result}: {patch.message_id} {named[0].id[:12]} {patch.title}"
                        )
    part = 100 * (said["named"] - said["not found"]) / max(1, said["named"])
    yield f"apply: landed by link, patch-id or title: {part:.1f} % of {said['named']} named by mails ({dict(said)})"
    yield from (f"  {one}" for one in wrong[:20])
    commits.close()


def _verdict(commit: str, named: Sequence[TreeCommit], repository: Repository) -> str:
    if not commit:
        return "not found"
    if any(one.id == commit for one in named):
        return "right"
    # The same change that came in twice, by a rebase or a cherry-pick, is the same patch.
    ids = repository.git("show", "-s", "--format=%ae %s", commit, named[0].id).text.split("\n")
    return "the same change" if len(set(ids)) == 1 else "wrong"


# ------------------------------------------------------------------- large repositories


def topic_of(repository: Repository, count: int) -> tuple[str, str]:
    """Return the base and tip of `count` commits of a merged branch that follow each other."""
    for merge in repository.answer("rev-list", "--merges", "--max-count=4000", "HEAD").split():
        done = repository.git("rev-list", "--parents", f"{merge}^1..{merge}^2")
        line = [one.split() for one in done.text.split("\n")[:count]]
        if len(line) == count and all(
            len(one) == 2 and (at + 1 == count or one[1] == line[at + 1][0])
            for at, one in enumerate(line)
        ):
            return line[-1][1], line[0][0]
    raise LookupError("no branch is long enough")


def large_repository(repo: Path, folder: Path) -> Iterator[str]:
    """Yield the time of a trial of 20 patches, and of an index of 50,000 commits."""
    git = ["git", "-C", str(repo)]
    repository = Repository(repo)
    base, tip = topic_of(repository, 20)
    mbox = subprocess.run(
        [*git, "format-patch", "--stdout", f"{base}..{tip}"], capture_output=True, check=True
    ).stdout
    raws = [b"From " + part for part in mbox.removeprefix(b"From ").split(b"\nFrom ")]
    sources = [
        PatchSource(number=at, message_id=MessageId(f"{at}@x"), raw=raw.partition(b"\n")[2] + b"\n")
        for at, raw in enumerate(raws, 1)
    ]
    one = Base(commit=base, source=BaseSource.GIVEN)
    files = len(repository.answer("ls-tree", "-r", "--name-only", tip).split("\n"))
    figures = []
    for _ in range(3):
        wall, cpu = time.monotonic(), children_cpu()
        trial = try_version(repository, sources, iter([one]))
        figures.append((time.monotonic() - wall, children_cpu() - cpu))
    best = min(figures)
    fits = trial.applied if trial is not None else 0
    yield f"apply: {len(sources)} patches in {files:,} files ({fits} apply): {best[0]:.2f} s, {best[1]:.2f} s CPU (asked: < 1 s)"
    index = CommitIndex(folder / "large.sqlite3")
    wall, cpu = time.monotonic(), children_cpu()
    tree = Tree(name="large", repo=str(repo), ref="HEAD~200")
    count = index.update(tree, None, stop=Event(), report=lambda _: None)
    yield f"apply: {count:,} commits indexed in {time.monotonic() - wall:.0f} s, {children_cpu() - cpu:.0f} s CPU (asked: 50,000 in 600 s)"
    wall, cpu = time.monotonic(), children_cpu()
    with index._database as database:  # the same tree, moved on
        database.execute("UPDATE tree SET ref = 'HEAD'")
    count = index.update(
        Tree(name="large", repo=str(repo), ref="HEAD"), None, stop=Event(), report=lambda _: None
    )
    yield f"apply: {count:,} more in {time.monotonic() - wall:.1f} s, {children_cpu() - cpu:.1f} s CPU (asked: 5 s)"
    index.close()
