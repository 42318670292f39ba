"""A repository that would run programs of its own, and patches that would write elsewhere, at each call of git."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

from core.apply.bases import BaseFinder, pre_images
from core.apply.branch import BranchMaker
from core.apply.records import ApplyRecord, ApplyRecords, ApplyState
from core.apply.repository import Repository
from core.apply.trial import try_version
from core.apply.values import AppliedBranch, Base, BaseSource, Fit, PatchSource
from core.desk.landed_change import landed_change
from core.errors import PatchdeskError
from core.landed.commit_index import CommitIndex
from core.landed.patch_ids import mail_patch_ids
from core.landed.values import Tree
from core.mail.message import parse_mail
from core.model import MessageId, Patch
from core.sync.landed import fetch_tree
from tests.core.apply.kit import commit, git, patches, repository, snapshot, text

_HOOKS = (
    "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "commit-msg", "post-checkout",
    "post-index-change", "reference-transaction", "pre-auto-gc", "post-merge", "fsmonitor-watchman",
)  # fmt: skip
_SETTINGS = (
    "core.fsmonitor", "core.pager", "pager.log", "core.editor", "core.sshCommand", "diff.external",
    "diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process",
    "merge.evil.driver", "gpg.program", "gpg.ssh.program", "credential.helper", "trailer.x.command", "core.askPass",
)  # fmt: skip


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "it-ran"


@pytest.fixture
def evil(tmp_path: Path, marker: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository whose every hook and setting touches the marker."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = repository(tmp_path / "repo")
    script = f'#!/bin/sh\nbasename "$0" >>{marker}\ncat\n'
    programs = tmp_path / "programs"
    programs.mkdir()
    git(folder, "checkout", "-q", "-b", "work")
    lines = (folder / "a.txt").read_text()
    commit(folder, {"a.txt": lines.replace("line 3\n", "line three\n")}, "a: write three")
    git(folder, "checkout", "-q", "main")
    # Three ways to merge are needed, or no merge driver would be asked.
    attributes = "* diff=evil filter=evil merge=evil\n"
    commit(folder, {"a.txt": lines.replace("line 6\n", "line sechs\n")}, "a: another line")
    commit(folder, {".gitattributes": attributes}, "attributes")
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "attributes").write_text(attributes)
    for hook in _HOOKS:
        path = folder / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)
    for name in _SETTINGS:
        path = programs / name
        path.write_text(script)
        path.chmod(0o755)
        git(folder, "config", name, str(path))
    git(folder, "config", "log.showSignature", "true")
    git(folder, "config", "commit.gpgSign", "true")
    marker.unlink(missing_ok=True)
    return folder


def test_a_trial_runs_nothing_of_the_repository(evil: Path, marker: Path) -> None:
    sources = patches(evil, "main...work", "--no-ext-diff", "--no-textconv", "--right-only")
    marker.unlink(missing_ok=True)
    mails = [parse_mail(one.raw) for one in sources]
    opened = Repository(evil)
    finder = BaseFinder(
        opened, pre_images(sources, [mail.body.diff for mail in mails]), mails[0].message.date
    )
    trial = try_version(opened, sources, finder.bases("main", "", "", [sources[0].raw]))
    assert trial is not None
    assert trial.applied == 1
    list(finder.bases("", "", "", [sources[0].raw]))
    assert not marker.exists(), marker.read_text()


def test_an_index_of_commits_runs_nothing_of_the_repository(
    evil: Path, marker: Path, tmp_path: Path
) -> None:
    index = CommitIndex(tmp_path / "trees.sqlite3")
    tree = Tree(name="next", repo=str(evil), ref="main")
    assert index.update(tree, None, stop=Event(), report=lambda _: None) == 3
    index.close()
    diff = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    assert mail_patch_ids(Repository(evil), {MessageId("a@x"): diff})
    mail = parse_mail(b"From: A <a@x>\nSubject: [PATCH] a\n\n---\n\n" + diff)
    opener = SimpleNamespace(mail=lambda message: mail)
    change = landed_change(
        Repository(evil),
        opener,
        Patch(number=1, message=mail.message),
        text(evil, "rev-parse", "work"),
    )
    assert ">+line three" in change
    assert not marker.exists(), marker.read_text()


def applied(evil: Path, sources: Sequence[PatchSource], *, fast: bool) -> AppliedBranch:
    record = ApplyRecord(
        id="", state=ApplyState.APPLYING, series="s@x", version=1, subject="s", repo=str(evil),
        base="", branch=f"new-{fast}", worktree="", keep_worktree=False,
    )  # fmt: skip
    base = Base(commit=text(evil, "rev-parse", "main"), source=BaseSource.GIVEN)
    maker = BranchMaker(Repository(evil), ApplyRecords(evil.parent / "applied.json"))
    return maker.apply(sources, base, record, fast=fast)


def ran(marker: Path) -> set[str]:
    """Return the programs that have run since the last time."""
    found = set(marker.read_text().split()) if marker.exists() else set()
    marker.unlink(missing_ok=True)
    return found


def test_applying_runs_the_users_hooks_and_nothing_more(evil: Path, marker: Path) -> None:
    sources = [
        replace(one, trailers=("Acked-by: A <a@x>",))
        for one in patches(evil, "main...work", "--no-ext-diff", "--no-textconv", "--right-only")
    ]
    ran(marker)
    assert applied(evil, sources, fast=True).branch
    assert ran(marker) == set()
    message = text(evil, "log", "-1", "--no-show-signature", "--format=%B", "new-True")
    assert message.split("\n")[-1] == "Acked-by: A <a@x>"
    git(evil, "config", "commit.gpgSign", "false")
    git(evil, "config", "merge.evil.driver", "git merge-file %A %O %B")
    git(evil, "config", "--unset", "filter.evil.process")  # it speaks no protocol
    ran(marker)
    assert applied(evil, sources, fast=False).branch
    found = ran(marker) - {"reference-transaction", "post-index-change"}
    assert found >= {"applypatch-msg", "pre-applypatch", "post-applypatch"}  # git am's own
    assert found - {one for one in found if one.startswith("filter.")} == {
        "applypatch-msg", "pre-applypatch", "post-applypatch",
    }  # fmt: skip


def test_a_fetch_of_a_tree_runs_nothing(evil: Path, marker: Path, tmp_path: Path) -> None:
    git(evil, "remote", "add", "origin", str(repository(tmp_path / "upstream")))
    tree = Tree(name="next", repo=str(evil), ref="origin/main", fetch=True)
    ran(marker)
    fetch_tree(tree, Event(), lambda _: None)
    assert ran(marker) == set()
    assert text(evil, "rev-parse", "origin/main")
    git(evil, "remote", "set-url", "origin", f"ext::sh -c touch% {marker}")
    ran(marker)
    with pytest.raises(PatchdeskError, match="cannot be fetched"):
        fetch_tree(tree, Event(), lambda _: None)
    assert ran(marker) == set()


def test_patches_that_would_write_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    folder = repository(tmp_path / "repo")
    before = snapshot(folder)
    link = f"new file mode 120000\n--- /dev/null\n+++ b/out\n@@ -0,0 +1 @@\n+{tmp_path}\n\\ No newline\n"
    for name in ("../evil", ".git/hooks/post-checkout", ".GIT/config", "out/evil"):
        new = f"diff --git a/{name} b/{name}\nnew file mode 100755\n--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+x\n"
        diff = f"diff --git a/out b/out\n{link}{new}" if name.startswith("out") else new
        raw = f"From: A <a@x>\nSubject: [PATCH] a\nDate: Thu, 1 Jan 2026 12:00:00 +0000\n\n---\n\n{diff}"
        source = PatchSource(number=1, message_id=MessageId("a@x"), title="a", raw=raw.encode())
        with pytest.raises(PatchdeskError):
            applied(folder, [source], fast=True)
        kept = applied(folder, [source], fast=False)
        assert (kept.branch, kept.patches[0].fit) == ("", Fit.CONFLICT)
        records = ApplyRecords(tmp_path / "applied.json")
        BranchMaker(Repository(folder), records).resume(records.all()[-1], "abort", kept.base)
        after = snapshot(folder)
        assert (after["refs"], after["status"]) == (before["refs"], before["status"])
        assert not (folder / ".git" / "hooks" / "post-checkout").exists()
        assert {one.name for one in tmp_path.iterdir()} == {
            "repo",
            "cache",
            "applied.json",
            "applied.lock",
        }


def test_a_trial_in_a_repository_of_sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    stale = tmp_path / "cache" / "patchdesk" / "apply" / "try-killed"
    stale.mkdir(parents=True)
    os.utime(stale, (0, 0))
    folder = repository(tmp_path / "repo")
    base = text(folder, "rev-parse", "HEAD")
    commit(folder, {"new.txt": "1\n"}, "a: first")
    opened = Repository(folder)
    finder = BaseFinder(opened, (), None)
    trial = try_version(opened, patches(folder, "-1"), finder.bases(base, "", "", []))
    assert trial is not None
    assert trial.tree == text(folder, "rev-parse", "HEAD^{tree}")
    assert not stale.exists()
