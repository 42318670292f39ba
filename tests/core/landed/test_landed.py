"""Patches found in trees: by link, by patch-id, by title, by mails that say so; and reverts."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.apply.repository import Repository
from core.errors import Cancelled, PatchdeskError
from core.landed.cache_file import open_cache_file
from core.landed.commit_index import CommitIndex
from core.landed.matching import landed_patches, title_key
from core.landed.notices import applied_notices
from core.landed.patch_ids import commit_patch_ids, mail_patch_ids
from core.landed.values import AppliedNotice, Evidence, SentPatch, Tree
from core.mail.message import parse_mail
from core.model import MessageId
from core.progress import Progress
from tests.core.apply.kit import _WHO, commit, git, patches, repository, text

SENT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CommitIndex]:
    with contextlib.closing(CommitIndex(tmp_path / "cache" / "trees.sqlite3")) as opened:
        yield opened


def quiet(_: Progress) -> None:
    pass


def update(index: CommitIndex, folder: Path, ref: str = "main", name: str = "next") -> int:
    tree = Tree(name=name, repo=str(folder), ref=ref)
    return index.update(tree, None, stop=Event(), report=quiet)


def sent(folder: Path, revision: str, message_id: str = "p1@x") -> SentPatch:
    """Return a commit as the patch that was mailed before it was made."""
    (one,) = patches(folder, "-1", revision)
    mail = parse_mail(one.raw)
    ids = mail_patch_ids(Repository(folder), {MessageId(message_id): mail.body.diff.encode()})
    return SentPatch(
        message_id=MessageId(message_id),
        title=mail.message.subject.title,
        author_name="Ann Author",
        author_address="ann@example.org",
        date=SENT,
        patch_id=ids.get(MessageId(message_id), ""),
    )


def test_a_link_is_the_strongest_evidence(folder: Path, index: CommitIndex) -> None:
    made = commit(
        folder, {"a.txt": "new\n"}, "a: new", "Text.\n\nLink: https://lore.kernel.org/r/p1@x/"
    )
    assert update(index, folder) == 2
    (found,) = landed_patches(sent(folder, "main"), index)
    assert (found.commit, found.tree, found.evidence) == (made, "next", Evidence.LINK)
    assert not found.code_changed


def test_a_link_in_the_prose_is_none(folder: Path, index: CommitIndex) -> None:
    commit(
        folder,
        {"z.txt": "z\n"},
        "other",
        "See\nLink: https://lore.kernel.org/r/p1@x/\n\nSigned-off-by: A <a@x>",
    )
    update(index, folder)
    assert index.by_link(MessageId("p1@x")) == []


def test_the_same_code_is_found_under_another_title(folder: Path, index: CommitIndex) -> None:
    git(folder, "switch", "-q", "-c", "sent")
    commit(folder, {"a.txt": "new\n"}, "a: as it was sent")
    patch = sent(folder, "sent")
    git(folder, "switch", "-q", "main")
    commit(folder, {"other.txt": "x\n"}, "something before")
    made = commit(folder, {"a.txt": "new\n"}, "a: retitled")
    update(index, folder)
    (found,) = landed_patches(patch, index)
    assert (found.commit, found.evidence) == (made, Evidence.PATCH_ID)


def test_a_commit_of_the_same_title_and_author_landed_changed(
    folder: Path, index: CommitIndex
) -> None:
    git(folder, "switch", "-q", "-c", "sent")
    commit(folder, {"a.txt": "new\n"}, "a: new")
    patch = sent(folder, "sent")
    git(folder, "switch", "-q", "main")
    made = commit(folder, {"a.txt": "newer\n"}, "a: new")
    update(index, folder)
    (found,) = landed_patches(patch, index)
    assert (found.commit, found.evidence, found.code_changed) == (made, Evidence.TITLE, True)


def test_a_title_of_somebody_else_is_another_patch(folder: Path, index: CommitIndex) -> None:
    commit(folder, {"a.txt": "newer\n"}, "a: new")
    update(index, folder)
    patch = SentPatch(
        message_id=MessageId("x@y"),
        title="a: new",
        author_name="Zoe",
        author_address="zoe@example.org",
        date=SENT,
    )
    assert landed_patches(patch, index) == ()


def test_a_commit_long_before_the_mail_is_another(folder: Path, index: CommitIndex) -> None:
    commit(folder, {"a.txt": "newer\n"}, "a: new")
    update(index, folder)
    patch = SentPatch(
        message_id=MessageId("x@y"),
        title="a: new",
        author_name="Ann Author",
        author_address="ann@example.org",
        date=SENT + timedelta(days=300),
    )
    assert landed_patches(patch, index) == ()


def test_a_revert_is_told_and_its_revert_takes_it_back(folder: Path, index: CommitIndex) -> None:
    made = commit(folder, {"a.txt": "new\n"}, "a: new")
    patch = sent(folder, "main")
    git(folder, "revert", "--no-edit", "HEAD")
    revert = text(folder, "rev-parse", "HEAD")
    update(index, folder)
    (found,) = landed_patches(patch, index)
    assert (found.commit, found.reverted_by) == (made, revert)
    git(folder, "revert", "--no-edit", "HEAD")
    update(index, folder)
    (found,) = landed_patches(patch, index)
    assert found.reverted_by == ""


def test_only_what_is_new_is_read(folder: Path, index: CommitIndex) -> None:
    assert update(index, folder) == 1
    assert update(index, folder) == 0
    commit(folder, {"a.txt": "1\n"}, "one")
    commit(folder, {"a.txt": "2\n"}, "two")
    assert update(index, folder) == 2


def test_rewritten_history_is_dropped(folder: Path, index: CommitIndex) -> None:
    commit(folder, {"a.txt": "1\n"}, "one")
    update(index, folder)
    assert len(index.by_title("one")) == 1
    git(folder, "commit", "-q", "--amend", "-m", "uno")
    update(index, folder)
    assert index.by_title("one") == []
    assert len(index.by_title("uno")) == 1


def test_an_earlier_beginning_reads_further_back(
    folder: Path, index: CommitIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in ("2026-02-01", "2026-03-01"):
        moment = f"{day}T12:00:00+0000"
        (folder / "a.txt").write_text(day)
        git(folder, "add", "-A")
        with monkeypatch.context() as patched:
            patched.setattr("tests.core.apply.kit._WHO", {**_WHO, "GIT_COMMITTER_DATE": moment})
            git(folder, "commit", "-q", "-m", day)
    tree = Tree(name="next", repo=str(folder), ref="main")

    def read(month: int) -> int:
        since = datetime(2026, month, 15, tzinfo=UTC) - timedelta(days=30)
        return index.update(tree, since, stop=Event(), report=quiet)

    assert read(3) == 1
    assert read(3) == 0
    assert index.by_title("2026-02-01") == []
    assert read(2) == 1
    assert len(index.by_title("2026-02-01")) == 1
    assert index.update(tree, None, stop=Event(), report=quiet) == 1


def test_another_ref_begins_anew(folder: Path, index: CommitIndex) -> None:
    update(index, folder)
    git(folder, "switch", "-q", "--orphan", "other")
    commit(folder, {"x.txt": "1\n"}, "elsewhere")
    update(index, folder, "other")
    assert index.by_title("begin") == []
    assert len(index.by_title("elsewhere")) == 1
    index.forget_others([])
    assert index.by_title("elsewhere") == []


def test_a_damaged_file_is_built_again(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "trees.sqlite3"
    path.write_bytes(b"no database" * 1000)
    index = CommitIndex(path)
    assert update(index, folder) == 1
    index.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_another_process_writes_is_kept(
    tmp_path: Path, folder: Path, index: CommitIndex
) -> None:
    assert update(index, folder) == 1
    index.close()
    path = tmp_path / "cache" / "trees.sqlite3"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(PatchdeskError, match="busy"):
            open_cache_file(path, "", 1, busy_for=0)
        other.execute("ROLLBACK")
        other.execute("PRAGMA journal_mode = WAL")  # reading goes on in this mode
        other.execute("BEGIN EXCLUSIVE")
        with (
            contextlib.closing(open_cache_file(path, "", 1, busy_for=0)) as reader,
            pytest.raises(PatchdeskError, match="busy"),
        ):
            reader.execute("DELETE FROM tree")
        other.execute("ROLLBACK")
    with contextlib.closing(CommitIndex(path)) as again:
        assert update(again, folder) == 0


def test_a_ref_that_is_not_there_is_said(folder: Path, index: CommitIndex) -> None:
    with pytest.raises(PatchdeskError, match="has no none"):
        update(index, folder, "none")


def test_it_can_be_stopped(folder: Path, index: CommitIndex) -> None:
    stop = Event()
    stop.set()
    tree = Tree(name="next", repo=str(folder), ref="main")
    with pytest.raises(Cancelled):
        index.update(tree, None, stop=stop, report=quiet)


TY = """\
On Mon, 02 Jun 2025 10:00:00 +0200, Ann wrote:
> Some series.

Applied, thanks!

[1/2] a: new
      commit: 0123456789abcdef0123456789abcdef01234567
[2/2] b: a title that is so long that it goes on
      in the next line
      https://git.kernel.org/torvalds/c/89abcdef0123
"""
BOT = """\
Hello:

This series was applied to netdev/net-next.git (main)
by Jakub Kicinski <kuba@kernel.org>:

Here is the summary with links:
  - [net-next,v2,1/2] a: new
    https://git.kernel.org/netdev/net-next/c/0123456789ab
  - [net-next,v2,2/2] b: other
    (no matching commit)
"""


def test_what_b4_ty_says() -> None:
    assert [
        (one.number, one.title, one.commit) for one in applied_notices(TY, MessageId("t@x"))
    ] == [
        (1, "a: new", "0123456789abcdef0123456789abcdef01234567"),
        (2, "b: a title that is so long that it goes on in the next line", "89abcdef0123"),
    ]


def test_what_patchwork_bot_says() -> None:
    found = applied_notices(BOT, MessageId("t@x"))
    assert [(one.number, one.title, one.commit) for one in found] == [(1, "a: new", "0123456789ab")]


def test_a_quoted_notice_is_none() -> None:
    quoted = "\n".join(f"> {line}" for line in TY.split("\n"))
    assert applied_notices(quoted, MessageId("t@x")) == ()


@given(st.text(max_size=400))
def test_any_text_can_be_read(said: str) -> None:
    applied_notices(f"applied\n{said}", MessageId("t@x"))


def test_a_mail_names_a_commit_that_no_tree_has(index: CommitIndex) -> None:
    patch = SentPatch(
        message_id=MessageId("p@x"),
        title="a: new",
        author_name="A",
        author_address="a@x",
        date=SENT,
    )
    notice = AppliedNotice(
        message_id=MessageId("t@x"), number=1, title="A:  new", commit="0123456789ab"
    )
    (found,) = landed_patches(patch, index, [notice])
    assert (found.tree, found.commit, found.evidence) == ("", "0123456789ab", Evidence.MAIL)


def test_titles_are_compared_without_their_dress() -> None:
    assert title_key("Re: [PATCH v2 1/3] A:  New ") == title_key("a: new")


def test_a_commit_whose_files_are_not_here_keeps_no_other_from_its_patch_id(folder: Path) -> None:
    commits = [commit(folder, {f"{name}.txt": f"{name}\n"}, name) for name in "abc"]
    whole = commit_patch_ids(Repository(folder), commits)
    blob = text(folder, "rev-parse", "HEAD^:b.txt")
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    found = commit_patch_ids(Repository(folder), commits)
    assert found == {one: whole[one] for one in (commits[0], commits[2])}
    git(folder, "config", "remote.origin.promisor", "true")
    assert commit_patch_ids(Repository(folder), commits) == {}
