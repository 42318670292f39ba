"""Trials of a version: patches that apply, those that do not and why; nothing is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from core.apply.bases import BaseFinder, pre_images
from core.apply.repository import Repository
from core.apply.trial import try_version
from core.apply.values import Base, BaseSource, Fit, PatchSource, Trial
from core.errors import Cancelled, PatchdeskError
from tests.core.apply.kit import _WHO, commit, git, patches, repository, snapshot, text


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def series(folder: Path, *options: str) -> list[PatchSource]:
    """Make two commits on a branch, return them as patches, and go back."""
    git(folder, "switch", "-q", "-c", "work")
    changed = (folder / "a.txt").read_text().replace("line 3\n", "line three\n")
    commit(folder, {"a.txt": changed}, "a: write three")
    commit(folder, {"dir/b.txt": "one\ntwo\nthree\nfour\n", "c.txt": "new\n"}, "b: add four")
    found = patches(folder, "main..work", *options)
    git(folder, "switch", "-q", "main")
    return found


def run(folder: Path, wanted: list[PatchSource], given: str = "main") -> Trial:
    opened = Repository(folder)
    bases = BaseFinder(opened, (), None).bases(given, "", "", ())
    trial = try_version(opened, wanted, bases)
    assert trial is not None
    return trial


def test_what_fits_makes_the_tree_that_git_am_makes(folder: Path) -> None:
    wanted = series(folder)
    before = snapshot(folder)
    trial = run(folder, wanted)
    assert trial.applies
    assert [one.fit for one in trial.patches] == [Fit.APPLIED, Fit.APPLIED]
    assert trial.tree == text(folder, "rev-parse", "work^{tree}")
    assert snapshot(folder) == before
    assert list((folder.parent / "cache" / "patchdesk" / "apply").iterdir()) == []


def test_a_patch_that_moved_is_merged(folder: Path) -> None:
    wanted = series(folder)
    commit(folder, {"a.txt": "first\n" + (folder / "a.txt").read_text()}, "move all down")
    trial = run(folder, wanted)
    assert trial.applies


def test_a_conflict_names_file_and_hunks(folder: Path) -> None:
    wanted = series(folder)
    changed = (folder / "a.txt").read_text().replace("line 3\n", "line drei\n")
    commit(folder, {"a.txt": changed}, "another three")
    before = snapshot(folder)
    trial = run(folder, wanted)
    assert not trial.applies
    assert [one.fit for one in trial.patches] == [Fit.CONFLICT, Fit.SKIPPED]
    (file,) = trial.patches[0].files
    assert (file.path, file.hunks, file.failing) == ("a.txt", 1, 1)
    assert snapshot(folder) == before


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    wanted = series(folder)
    git(folder, "rm", "-q", "a.txt")
    git(folder, "commit", "-q", "-m", "gone")
    trial = run(folder, wanted)
    assert [file.path for file in trial.patches[0].files] == ["a.txt"]


def test_a_missing_patch_stops_it(folder: Path) -> None:
    wanted = series(folder)
    missing = PatchSource(number=1, message_id=None)
    trial = run(folder, [missing, wanted[1]])
    assert [one.fit for one in trial.patches] == [Fit.MISSING, Fit.SKIPPED]


def test_the_base_that_takes_most_is_told(folder: Path) -> None:
    wanted = series(folder)
    old = text(folder, "rev-parse", "main")
    changed = (folder / "dir/b.txt").read_text().replace("three", "drei")
    commit(folder, {"dir/b.txt": changed}, "another three")
    opened = Repository(folder)
    bases = [
        Base(commit=text(folder, "rev-parse", "main"), source=BaseSource.TIP),
        Base(commit=old, source=BaseSource.DATE),
    ]
    trial = try_version(opened, wanted, iter(bases[:1]))
    assert trial is not None
    assert trial.applied == 1
    trial = try_version(opened, wanted, iter(bases))
    assert trial is not None
    assert trial.applies
    assert trial.base.commit == old


def test_the_base_commit_that_a_mail_names_comes_first(folder: Path) -> None:
    wanted = series(folder, "--base=main")
    old = text(folder, "rev-parse", "main")
    commit(folder, {"z.txt": "z\n"}, "later")
    finder = BaseFinder(Repository(folder), (), None)
    first = next(finder.bases("", "", "", [one.raw for one in wanted]))
    assert (first.commit, first.source) == (old, BaseSource.BASE_COMMIT)


def test_prerequisites_are_found_above_their_base(folder: Path) -> None:
    base = text(folder, "rev-parse", "main")
    git(folder, "switch", "-q", "-c", "work")
    commit(folder, {"p.txt": "p\n"}, "prerequisite")
    commit(folder, {"p.txt": "q\n"}, "the patch")
    wanted = patches(folder, "-1", f"--base={base}")
    git(folder, "switch", "-q", "main")
    git(folder, "branch", "-q", "taken", "work^")
    git(folder, "branch", "-q", "-D", "work")
    opened = Repository(folder)
    found = list(BaseFinder(opened, (), None).bases("", "", "", [one.raw for one in wanted]))
    assert [one.commit for one in found[:2]] == [text(folder, "rev-parse", "taken"), base]
    assert found[0].note == ""
    trial = try_version(opened, wanted, iter(found))
    assert trial is not None
    assert trial.applies


def test_a_prerequisite_that_is_not_there_is_told(folder: Path) -> None:
    base = text(folder, "rev-parse", "main")
    git(folder, "switch", "-q", "-c", "work")
    commit(folder, {"p.txt": "p\n"}, "prerequisite")
    commit(folder, {"p.txt": "q\n"}, "the patch")
    wanted = patches(folder, "-1", f"--base={base}")
    git(folder, "switch", "-q", "main")
    git(folder, "branch", "-q", "-D", "work")
    found = next(BaseFinder(Repository(folder), (), None).bases("", "", "", [wanted[0].raw]))
    assert "1 prerequisite" in found.note


def test_a_base_is_guessed_by_the_files_that_a_version_found(folder: Path) -> None:
    wanted = series(folder)
    old = text(folder, "rev-parse", "main")
    for number in range(3):
        commit(folder, {"a.txt": f"all new {number}\n"}, f"change {number}")
    texts = [one.raw.decode() for one in wanted]
    images = pre_images(wanted, texts)
    assert {image.path for image in images} == {"a.txt", "dir/b.txt"}
    opened = Repository(folder)
    found = list(BaseFinder(opened, images, datetime(2026, 1, 2, tzinfo=UTC)).bases("", "", "", ()))
    best = found[0]
    assert (best.commit, best.source, best.matched) == (old, BaseSource.BLOBS, (2, 2))


def test_a_base_on_an_older_branch_and_that_of_the_version_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(folder, "switch", "-q", "-c", "topic")
    old = commit(folder, {"a.txt": "line\n" * 9}, "topic: rewrite")
    commit(folder, {"a.txt": "line\n" * 8 + "end\n"}, "topic: end it")
    wanted = patches(folder, "-1")
    images = pre_images(wanted, [one.raw.decode() for one in wanted])
    git(folder, "reset", "-q", "--hard", old)
    git(folder, "switch", "-q", "main")
    monkeypatch.setitem(_WHO, "GIT_COMMITTER_DATE", "2027-01-01T12:00:00+0000")
    newer = commit(folder, {"a.txt": "line\n" * 9, "c.txt": "c\n"}, "newer")
    other = commit(folder, {"a.txt": "other\n"}, "other")
    git(
        folder, "update-ref", "--stdin",
        given=b"".join(b"create refs/heads/b%d %s\n" % (at, other.encode()) for at in range(20)),
    )  # fmt: skip
    finder = BaseFinder(Repository(folder), images, datetime(2026, 1, 2, tzinfo=UTC))
    assert next(finder.bases("", "", "", ())).commit == old
    for previous, first in ((newer, BaseSource.PREVIOUS), (other, BaseSource.BLOBS)):
        found = list(finder.bases("", "", [previous], ()))
        assert found[0].source is first
        assert BaseSource.PREVIOUS in {one.source for one in found}


def test_a_revision_is_no_option(folder: Path) -> None:
    opened = Repository(folder)
    assert opened.commit("--all") is None
    assert opened.commit("none") is None
    assert opened.commit("main") == text(folder, "rev-parse", "main")


def test_what_is_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(PatchdeskError, match="not a usable git repository"):
        Repository(tmp_path)
    with pytest.raises(PatchdeskError):
        Repository(tmp_path / "none")


def test_it_can_be_stopped(folder: Path) -> None:
    stop = Event()
    opened = Repository(folder, stop)
    stop.set()
    with pytest.raises(Cancelled):
        opened.git("cat-file", "--batch-check", "--batch-all-objects")


def test_a_repository_behind_a_colon_works(tmp_path: Path) -> None:
    folder = repository(tmp_path / "a:b")
    wanted = series(folder)
    assert run(folder, wanted).applies


def test_hooks_and_filters_of_the_repository_do_not_run(folder: Path, tmp_path: Path) -> None:
    wanted = series(folder)
    witness = tmp_path / "witness"
    hooks = folder / ".git" / "hooks"
    for name in ("applypatch-msg", "pre-applypatch", "post-index-change", "post-checkout"):
        hook = hooks / name
        hook.write_text(f"#!/bin/sh\ntouch {witness}\n")
        hook.chmod(0o755)
    git(folder, "config", "core.fsmonitor", f"touch {witness}; false")
    git(folder, "config", "filter.evil.smudge", f"touch {witness}; cat")
    git(folder, "config", "filter.evil.clean", f"touch {witness}; cat")
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "attributes").write_text("* filter=evil\n")
    assert run(folder, wanted).applies
    assert not witness.exists()


def test_a_patch_that_leaves_the_repository_is_refused(folder: Path, tmp_path: Path) -> None:
    (one, two) = series(folder)
    for evil in (b"../evil.txt", b".git/config"):
        raw = one.raw.replace(b"a/a.txt", b"a/" + evil).replace(b"b/a.txt", b"b/" + evil)
        trial = run(folder, [replace(one, raw=raw), two])
        assert trial.patches[0].fit is Fit.CONFLICT
    assert not (tmp_path / "evil.txt").exists()
