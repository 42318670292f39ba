"""What can be done with a series from the screen: try, apply, take back, landed, coverage, comments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.config import NamedTree
from core.landed.notices import applied_notices
from core.mail.message import parse_message
from core.model import MessageId
from core.sources.mbox import to_mboxrd
from tests.core.apply.kit import commit, git, raw_mails, repository, snapshot, text
from tests.end_to_end.program import Program
from tests.end_to_end.test_apply_cli import REVIEWED, answer, archive
from tests.tui.kit import desk_screen, idle, ready, text_of, until
from tests.tui.test_replies import app_at, drafts, press
from tui.app import PatchdeskApp
from tui.desk.series_work import b4_command
from tui.keys.commands import Pane


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    made = repository(tmp_path / "repo")
    archive(Program(tmp_path), made)
    (tmp_path / "a.mbox").rename(tmp_path / "patch.eml")
    return made


def desk(folder: Path, **config: Any) -> PatchdeskApp:
    return app_at(folder.parent, apply_repo=str(folder), **config)


async def test_a_trial_shows_each_patch_and_writes_nothing(folder: Path) -> None:
    before = snapshot(folder)
    app = desk(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "a", "a")
        shown = text_of(app)
        assert "1/2 a: write three  applied" in shown
        assert "2/2 files match" in shown
    assert snapshot(folder) == before


async def test_a_branch_is_made_and_taken_back(folder: Path) -> None:
    app = desk(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "a", "b")
        assert "pd/ann/a-write-three-v1" in text_of(app)
        made = text(folder, "for-each-ref", "--format=%(refname:short)")
        assert "pd/ann/a-write-three-v1" in made
        assert "Reviewed-by: Rex" in text(folder, "log", "--format=%B", "pd/ann/a-write-three-v1")
        await press(pilot, "a", "u", "y")
        assert "Deleted the branch" in text_of(app)
    assert "pd/" not in text(folder, "for-each-ref")


async def test_undo_takes_the_branch_back_after_a_question(folder: Path) -> None:
    app = desk(folder, triage=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "F", "a", "b")
        assert "⎇" in text_of(app, "SeriesTree")
        await press(pilot, "u", "n")
        assert "pd/ann/a-write-three-v1" in text(folder, "for-each-ref")
        await press(pilot, "u", "y")
        assert "Deleted the branch" in text_of(app)
        assert "⎇" not in text_of(app, "SeriesTree")
        await press(pilot, "U")  # a branch is not made again by a redo
        assert "⚑" in text_of(app, "SeriesTree")
        await press(pilot, "u")
        assert "⚑" not in text_of(app, "SeriesTree")
    assert "pd/" not in text(folder, "for-each-ref")


async def test_the_menu_has_all_on_a_small_screen(folder: Path) -> None:
    app = desk(folder, triage=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await press(pilot, "a")
        shown = text_of(app)
        for line in ("a  try", "W  worktree", "B  b4 shazam", "y  thanks", "d  done", "O  reopen"):
            assert line in shown, line
        await press(pilot, "d")
        assert "✓" in text_of(app, "SeriesTree") or "Inbox zero" in text_of(app)


async def test_thanks_are_written_once_and_name_the_commits(folder: Path) -> None:
    git(folder, "cherry-pick", "work^")
    tip = text(folder, "rev-parse", "main")
    app = desk(folder, triage=True, trees={"next": NamedTree(repo=str(folder), ref="main")})
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "a", "y")
        (draft,) = drafts()
        assert draft.subject.startswith("Re: (subset) [PATCH")
        (notice,) = applied_notices(draft.body, draft.message_id)
        assert (notice.number, notice.title, notice.commit) == (1, "a: write three", tip)
        await press(pilot, "a", "y")
        assert "were written already" in text_of(app)
        assert len(drafts()) == 1


def test_b4_gets_a_message_id_that_is_no_option() -> None:
    assert b4_command(("shazam",), MessageId("-x@y"))[1:] == ["shazam", "--", "-x@y"]


async def test_a_conflict_is_shown(folder: Path) -> None:
    changed = (folder / "a.txt").read_text().replace("line 3\n", "line drei\n")
    git(folder, "branch", "-q", "-D", "work")
    commit(folder, {"a.txt": changed}, "another three")
    app = desk(folder, apply_base="main")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "a", "a")
        assert "1/2 a: write three  applied" in text_of(app)  # on the commit before it


def rerolled(folder: Path) -> None:
    """Write an mbox of a patch in two versions, the first one reviewed, and move main so that neither applies."""
    mails: list[bytes] = []
    for version, changed in ((1, "line one"), (2, "line two")):
        git(folder, "switch", "-q", "-c", f"v{version}", "main")
        lines = (folder / "a.txt").read_text().replace("line 3\n", f"{changed}\n")
        commit(folder, {"a.txt": lines}, "a: write three")
        mbox = git(folder, "format-patch", "--stdout", "--thread", f"-v{version}", "main")
        mails += raw_mails(mbox)
    first = parse_message(mails[0]).message_id
    mails.append(answer(first, "r1", "Fine.", "", REVIEWED))
    (folder.parent / "patch.eml").write_bytes(to_mboxrd(mails))
    git(folder, "switch", "-q", "main")
    commit(folder, {"a.txt": lines.replace("line two\n", "line drei\n")}, "another three")


async def test_a_conflict_is_resolved_from_the_screen(folder: Path) -> None:
    rerolled(folder)
    app = desk(folder, triage=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await press(pilot, "a", "=", *"main", "enter")
        assert "1/1 a: write three  conflict" in text_of(app)
        assert "It does not apply" in text_of(app)
        await press(pilot, "q", "a", "o", "j", "space", "j", "space", "enter")
        assert "Trailers to write: review trailers, Link, Signed-off-by" in text_of(app)
        await press(pilot, "b")
        assert "It does not apply" in text_of(app)
        await press(pilot, "w")
        assert "Rex Reviewer, given on v1" in text_of(app)  # it is stale: the code changed
        await press(pilot, "space", "enter")
        (worktree,) = folder.parent.glob("repo-a-write-three-v2")
        assert "conflict at 1/1" in text_of(app)
        await press(pilot, "c")
        assert "conflict at 1/1" in text_of(app)  # a.txt is not added yet
        await press(pilot, "escape", "q", *":conflicts", "enter", "1", "x", "n")
        assert worktree.exists()
        (worktree / "a.txt").write_text("resolved\n")
        git(worktree, "add", "a.txt")
        await press(pilot, "a", "c", "1", "c")
        assert "Applied to pd/ann/a-write-three-v2" in text_of(app)
        assert "⎇" in text_of(app, "SeriesTree")
        await press(pilot, "a", "c")
        assert "No conflict waits" in text_of(app)
    assert not worktree.exists()
    trailers = text(
        folder,
        "log",
        "-1",
        "--format=%(trailers:key_value_separator=: )",
        "pd/ann/a-write-three-v2",
    )
    assert [line.partition(":")[0] for line in trailers.strip().split("\n")] == [
        "Reviewed-by", "Link", "Signed-off-by",
    ]  # fmt: skip


async def test_some_patches(folder: Path) -> None:
    app = desk(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "a", "p", *"2", "enter")
        assert "2/2 b: add four  applied" in text_of(app)
        assert "1/2 a: write three" not in text_of(app, "MessageView")


async def test_landed_coverage_and_comments(folder: Path) -> None:
    git(folder, "cherry-pick", "work^")
    app = desk(folder, triage=True, trees={"next": NamedTree(repo=str(folder), ref="main")})
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await idle(pilot)
        assert "⊕ next 1/2" in text_of(app)
        await press(pilot, "a", "l")
        assert "in next (patch-id)" in text_of(app)
        await press(pilot, "q", "g", "c")
        assert "Rex Reviewer: Reviewed-by fresh" in text_of(app)
        await press(pilot, "q", "g", "R")
        assert "0 open of 0" in text_of(app)


@pytest.mark.parametrize(("pane", "keys"), [(Pane.TREE, ()), (Pane.READER, ("enter",))])
async def test_a_report_is_left_for_the_pane_it_was_asked_in(
    folder: Path, pane: Pane, keys: tuple[str, ...]
) -> None:
    app = desk(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, *keys, "g", "R")
        assert desk_screen(app).active_pane is Pane.READER
        await press(pilot, "g", "R", "q")  # a report on top of a report is one level
        assert desk_screen(app).active_pane is pane


async def test_without_a_repository_it_says_how_to_set_one(folder: Path) -> None:
    app = app_at(folder.parent)
    async with app.run_test(size=(160, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "a", "a")
        assert "No repository to apply to is set" in text_of(app)


async def test_braces_in_what_others_wrote_stay_as_they_are(folder: Path) -> None:
    path = folder.parent / "patch.eml"
    path.write_bytes(path.read_bytes().replace(b"a: write three", b"a: {app.quit} twice"))
    app = desk(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "g", "c")
        assert "a: {app.quit} twice" in text_of(app, "MessageView")


async def test_a_review_comment_is_settled_where_it_stands(folder: Path) -> None:
    path = folder.parent / "patch.eml"
    program = Program(folder.parent)
    first = next(iter(program.records("series", str(path))))["versions"][0]["patches"][0]
    asked = answer(first["message_id"], "r2", "> +line three", "", "Why three, and not four?")
    path.write_bytes(path.read_bytes() + to_mboxrd([asked]))
    app = desk(folder, triage=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "l", "enter")
        await until(pilot, lambda: len(desk_screen(app).reader.comments) > 0)
        await press(pilot, ".")
        await press(pilot, "X")
        assert "comment settled" in text_of(app)
        await press(pilot, "g", "R")
        assert "0 open of 1" in text_of(app)
        await press(pilot, "q", "X")
        assert "comment open" in text_of(app)
        await press(pilot, "u", "g", "R")
        assert "0 open of 1" in text_of(app)
