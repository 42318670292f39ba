"""A repository that would run programs of its own: none runs when patches are tried or looked for in its trees."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

import pytest

from core.apply.bases import BaseFinder, pre_images
from core.apply.repository import Repository
from core.apply.trial import try_version
from core.landed.commit_index import CommitIndex
from core.landed.patch_ids import mail_patch_ids
from core.landed.values import Tree
from core.mail.message import parse_mail
from core.model import MessageId
from tests.core.apply.kit import commit, git, patches, repository, text

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
    script = tmp_path / "evil.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >>{marker}\ncat\n')
    script.chmod(0o755)
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
        path.write_text(script.read_text())
        path.chmod(0o755)
    for name in _SETTINGS:
        git(folder, "config", name, str(script))
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
    assert not marker.exists(), marker.read_text()


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
