"""Applying for real: the branch, its trailers, conflicts, and taking it back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.apply.branch import TEMPLATE, BranchMaker, branch_name
from core.apply.records import ApplyRecord, ApplyRecords, ApplyState
from core.apply.repository import GitOutput, Repository
from core.apply.unfinished import Progress, unfinished
from core.apply.values import AppliedBranch, Base, BaseSource, Fit, PatchSource
from core.errors import Cancelled, PatchdeskError
from tests.core.apply.kit import commit, git, patches, repository, snapshot, text


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


@pytest.fixture
def records(tmp_path: Path) -> ApplyRecords:
    return ApplyRecords(tmp_path / "data" / "applied.json")


def series(folder: Path, body: str = "Body.") -> list[PatchSource]:
    git(folder, "switch", "-q", "-c", "work")
    changed = (folder / "a.txt").read_text().replace("line 3\n", "line three\n")
    commit(folder, {"a.txt": changed}, "a: write three", body)
    commit(folder, {"dir/b.txt": "one\ntwo\nthree\nfour\n"}, "b: add four", body)
    found = patches(folder, "main..work")
    git(folder, "switch", "-q", "main")
    return found


def record(folder: Path, branch: str = "pd/ann/test-v2", worktree: str = "") -> ApplyRecord:
    return ApplyRecord(
        id="",
        state=ApplyState.APPLYING,
        series="cover@example.org",
        version=2,
        subject="test",
        repo=str(folder),
        base="",
        branch=branch,
        worktree=worktree,
        keep_worktree=bool(worktree),
    )


def base_of(folder: Path, name: str = "main") -> Base:
    return Base(commit=text(folder, "rev-parse", name), source=BaseSource.GIVEN)


def apply(
    folder: Path,
    records: ApplyRecords,
    wanted: list[PatchSource],
    *,
    fast: bool = False,
    **options: str,
) -> AppliedBranch:
    maker = BranchMaker(Repository(folder), records)
    return maker.apply(wanted, base_of(folder), record(folder, **options), fast=fast)


def in_conflict(folder: Path, records: ApplyRecords) -> ApplyRecord:
    """Apply two patches of which the first conflicts, and return what is recorded."""
    wanted = series(folder)
    changed = (folder / "a.txt").read_text().replace("line 3\n", "line drei\n")
    commit(folder, {"a.txt": changed}, "another three")
    assert apply(folder, records, wanted).branch == ""
    return records.all()[-1]


def test_a_branch_with_the_trees_of_the_author(folder: Path, records: ApplyRecords) -> None:
    wanted = series(folder)
    before = snapshot(folder)
    done = apply(folder, records, wanted)
    assert done.branch == "pd/ann/test-v2"
    assert text(folder, "rev-parse", f"{done.branch}^{{tree}}") == text(
        folder, "rev-parse", "work^{tree}"
    )
    assert text(folder, "log", "-1", "--format=%an <%ae> %s", done.branch) == (
        "Ann Author <ann@example.org> b: add four"
    )
    assert [one.commit for one in done.patches] == list(done.commits)
    after = snapshot(folder)
    assert after["status"] == before["status"]
    assert done.branch.encode() in after["refs"]
    assert len(text(folder, "worktree", "list").split("\n")) == 1
    assert records.all()[-1].state is ApplyState.APPLIED


def test_trailers_stand_in_the_last_block_once(folder: Path, records: ApplyRecords) -> None:
    body = 'Body.\n\nFixes: 123456789abc ("x")\nSigned-off-by: Änn <ann@example.org>'
    reviewed = "Reviewed-by: Bob <bob@example.org>"
    wanted = [
        replace(one, trailers=(reviewed, reviewed, "Signed-off-by: Rex <rex@example.com>"))
        for one in series(folder, body)
    ]
    done = apply(folder, records, wanted)
    assert text(folder, "log", "-1", "--format=%B", done.branch).rstrip("\n") == (
        f"b: add four\n\n{body}\n{reviewed}\nSigned-off-by: Rex <rex@example.com>"
    )
    assert text(folder, "log", "-1", "--format=%an %ad", done.branch) == text(
        folder, "log", "-1", "--format=%an %ad", "work"
    )
    assert text(folder, "rev-parse", f"{done.branch}^{{tree}}") == text(
        folder, "rev-parse", "work^{tree}"
    )


def test_a_message_without_a_block_gets_one(folder: Path, records: ApplyRecords) -> None:
    wanted = [replace(one, trailers=("Acked-by: Bob <b@x>",)) for one in series(folder, "")]
    done = apply(folder, records, wanted)
    assert text(folder, "log", "-1", "--format=%B", done.branch).rstrip("\n") == (
        "b: add four\n\nAcked-by: Bob <b@x>"
    )


def test_a_worktree_that_was_asked_for_stays(
    folder: Path, records: ApplyRecords, tmp_path: Path
) -> None:
    done = apply(folder, records, series(folder), worktree=str(tmp_path / "here"))
    assert done.worktree == str(tmp_path / "here")
    assert text(tmp_path / "here", "branch", "--show-current") == done.branch
    BranchMaker(Repository(folder), records).undo(records.all()[-1])
    assert not (tmp_path / "here").exists()
    assert done.branch.encode() not in snapshot(folder)["refs"]


def test_a_conflict_keeps_its_worktree(folder: Path, records: ApplyRecords) -> None:
    wanted = series(folder)
    changed = (folder / "a.txt").read_text().replace("line 3\n", "line drei\n")
    commit(folder, {"a.txt": changed}, "another three")
    before = snapshot(folder)
    done = apply(folder, records, wanted)
    assert done.branch == ""
    assert [one.fit for one in done.patches] == [Fit.CONFLICT, Fit.SKIPPED]
    assert [file.path for file in done.patches[0].files] == ["a.txt"]
    kept = records.all()[-1]
    assert kept.state is ApplyState.CONFLICT
    assert Path(kept.worktree, ".git").exists()
    assert snapshot(folder)["status"] == before["status"]
    (Path(kept.worktree) / "a.txt").write_text(changed.replace("drei", "three"))
    git(Path(kept.worktree), "add", "a.txt")
    maker = BranchMaker(Repository(folder), records)
    resumed = maker.resume(kept, "continue", base_of(folder))
    assert resumed.branch == "pd/ann/test-v2"
    assert len(resumed.commits) == 2
    assert not Path(kept.worktree).exists()


@pytest.mark.parametrize(("action", "commits"), [("skip", 1), ("abort", 0)])
def test_a_conflict_is_skipped_or_aborted(
    folder: Path, records: ApplyRecords, action: str, commits: int
) -> None:
    kept = in_conflict(folder, records)
    maker = BranchMaker(Repository(folder), records)
    done = maker.resume(kept, action, base_of(folder))
    assert len(done.commits) == commits
    if action == "skip":
        assert [one.fit for one in done.patches] == [Fit.SKIPPED, Fit.APPLIED]
    assert not Path(kept.worktree).exists()
    assert not records.all()[-1].is_open
    with pytest.raises(PatchdeskError):
        maker.resume(records.all()[-1], "continue", base_of(folder))


def resolve(kept: ApplyRecord) -> None:
    (Path(kept.worktree) / "a.txt").write_text("resolved\n")
    git(Path(kept.worktree), "add", "a.txt")
    git(Path(kept.worktree), "am", "--continue")


@pytest.mark.parametrize(
    ("act", "progress", "action", "state"),
    [
        (lambda kept: None, Progress.CONFLICT, "abort", ApplyState.ABORTED),
        (resolve, Progress.RESOLVED, "continue", ApplyState.APPLIED),
        (
            lambda kept: git(Path(kept.worktree), "am", "--abort"),
            Progress.INTERRUPTED,
            "abort",
            ApplyState.ABORTED,
        ),
        (lambda kept: shutil.rmtree(kept.worktree), None, "", ApplyState.ABORTED),
    ],
)
def test_what_the_user_did_in_the_worktree_is_seen(
    folder: Path,
    records: ApplyRecords,
    act: Callable[[ApplyRecord], object],
    progress: Progress | None,
    action: str,
    state: ApplyState,
) -> None:
    kept = in_conflict(folder, records)
    act(kept)
    maker = BranchMaker(Repository(folder), records)
    found = list(unfinished(records))
    assert [one.progress for one in found] == ([progress] if progress else [])
    if progress is Progress.CONFLICT:
        assert (found[0].stopped_at, found[0].unmerged) == (1, ("a.txt",))
        with records.hold(kept):
            assert next(unfinished(records)).progress is Progress.RUNNING
            with pytest.raises(PatchdeskError, match="Another patchdesk"):
                maker.resume(kept, "abort", base_of(folder))
        assert not maker.resume(kept, "continue", base_of(folder)).branch  # nothing is resolved yet
    if progress is Progress.INTERRUPTED:
        with pytest.raises(PatchdeskError, match="No patch is applied"):
            maker.resume(kept, "continue", base_of(folder))
    if action:
        maker.resume(kept, action, base_of(folder))
    assert records.all()[-1].state is state
    assert list(unfinished(records)) == []
    assert not Path(kept.worktree).parent.exists()
    assert len(text(folder, "worktree", "list").split("\n")) == 1


@pytest.mark.parametrize("killed_at", ["worktree", "am"])
def test_what_is_stopped_or_killed_leaves_nothing(
    folder: Path, records: ApplyRecords, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    wanted = series(folder)
    before = snapshot(folder)
    gone = folder.parent / "elsewhere"
    git(folder, "worktree", "add", "-q", "--detach", str(gone))
    shutil.rmtree(gone)  # of the user's, on a disk that is not there now
    real = Repository.git

    def stopped(self: Repository, *arguments: str, **options: Any) -> GitOutput:
        done = real(self, *arguments, **options)
        if arguments[:2] != ("worktree", "remove") and arguments[0] == killed_at:
            raise Cancelled
        return done

    with monkeypatch.context() as patched:
        patched.setattr(Repository, "git", stopped)
        with pytest.raises(Cancelled):
            apply(folder, records, wanted)
    assert records.all()[-1].state is ApplyState.ABORTED
    # Killed outright, the record alone tells.
    records.update(replace(records.all()[-1], state=ApplyState.APPLYING))
    assert list(unfinished(records)) == []
    assert records.all()[-1].state is ApplyState.ABORTED
    assert str(gone) in text(folder, "worktree", "list")
    git(folder, "worktree", "prune")
    assert snapshot(folder)["refs"] == before["refs"]
    assert not list((folder.parent / "cache" / "patchdesk" / "apply").iterdir())


@pytest.mark.parametrize("body", ["  > Body.\n\n\n\nSigned-off-by: Änn <ann@example.org>", ""])
def test_fast_commits_are_those_of_git_am(folder: Path, records: ApplyRecords, body: str) -> None:
    wanted = [replace(one, trailers=("Acked-by: Bob <b@x>",)) for one in series(folder, body)]
    before = snapshot(folder)
    apply(folder, records, wanted)
    done = apply(folder, records, wanted, fast=True, branch="fast", worktree=str(folder / "w"))
    assert text(folder / "w", "branch", "--show-current") == "fast"
    facts = "--format=%T%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%B"
    assert text(folder, "log", facts, "fast") == text(folder, "log", facts, "pd/ann/test-v2")
    assert [one.commit for one in done.patches] == list(done.commits)
    maker = BranchMaker(Repository(folder), records)
    maker.undo(records.all()[-1])
    assert b"fast" not in snapshot(folder)["refs"]
    assert snapshot(folder)["status"] == before["status"]
    wrong = replace(wanted[1], raw=wanted[1].raw.replace(b" three\n", b" drei\n"))
    with pytest.raises(PatchdeskError, match="Patch 2 does not apply"):
        apply(folder, records, [wanted[0], wrong], fast=True, branch="fast")
    git(folder, "switch", "-q", "work")
    base = base_of(folder, "work")
    for fast in (True, False):
        with pytest.raises(PatchdeskError, match="has these patches already"):
            maker.apply(wanted, base, record(folder, branch="again"), fast=fast)
    assert list(unfinished(records)) == []


def test_undo_takes_back_what_stands_where_it_was_left(folder: Path, records: ApplyRecords) -> None:
    before = snapshot(folder)
    wanted = series(folder)
    git(folder, "branch", "-q", "-D", "work")
    apply(folder, records, wanted)
    maker = BranchMaker(Repository(folder), records)
    maker.undo(records.all()[-1])
    assert snapshot(folder)["refs"] == before["refs"]
    assert records.all()[-1].state is ApplyState.UNDONE
    with pytest.raises(PatchdeskError):
        maker.undo(records.all()[-1])


def test_a_branch_that_moved_is_left_alone(folder: Path, records: ApplyRecords) -> None:
    apply(folder, records, series(folder))
    git(folder, "branch", "-q", "-f", "pd/ann/test-v2", "main")
    with pytest.raises(PatchdeskError, match="moved"):
        BranchMaker(Repository(folder), records).undo(records.all()[-1])


def test_a_branch_in_use_is_left_alone(folder: Path, records: ApplyRecords) -> None:
    apply(folder, records, series(folder))
    git(folder, "switch", "-q", "pd/ann/test-v2")
    with pytest.raises(PatchdeskError, match="checked out"):
        BranchMaker(Repository(folder), records).undo(records.all()[-1])


@pytest.mark.parametrize("name", ["main", "-x", "a..b", "a b", ""])
def test_a_name_that_cannot_be_taken(folder: Path, records: ApplyRecords, name: str) -> None:
    wanted = series(folder)
    before = snapshot(folder)
    with pytest.raises(PatchdeskError):
        apply(folder, records, wanted, branch=name)
    assert snapshot(folder) == before


def test_the_users_own_am_is_not_touched(folder: Path, records: ApplyRecords) -> None:
    wanted = series(folder)
    state = folder / ".git" / "rebase-apply"
    state.mkdir()
    (state / "applying").write_text("")
    assert apply(folder, records, wanted).branch
    assert (state / "applying").exists()


@pytest.mark.parametrize(
    ("address", "subject", "name"),
    [
        ("ann@example.org", "ARM64 PMU: Partitioning", "pd/ann/arm64-pmu-partitioning-v2"),
        ("Ä.b+c@x", "ü", "pd/b-c/series-v2"),
        ("../x@y", "../../etc $(rm)", "pd/x/etc-rm-v2"),
        ("a@x", "word " * 50, "pd/a/word-word-word-word-word-word-word-word-v2"),
    ],
)
def test_the_name_of_a_branch(address: str, subject: str, name: str) -> None:
    assert branch_name(TEMPLATE, address, subject, 2) == name


def test_records_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    path = tmp_path / "applied.json"
    for content in (b"{", b"[]", b'{"records": [1]}', b'{"records": [{}]}'):
        path.write_bytes(content)
        with pytest.raises(PatchdeskError, match="holds no records"):
            ApplyRecords(path).all()
        assert path.read_bytes() == content
