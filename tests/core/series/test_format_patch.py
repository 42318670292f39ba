"""`git format-patch --stdout` of ordinary branches: no Message-IDs, several authors, dates in any order."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from threading import Event

import pytest

from core.desk.target_reader import listings
from core.index.index import open_index
from core.model import Message, Series
from core.sources.mailbox import open_bytes, open_file
from tests.core.indexing import quiet

BRANCHES = 100
AUTHORS = ["Ann <ann@example.org>", "Bo <bo@example.net>", "Ä Ö <ao@example.com>"]


def history(seed: random.Random) -> bytes:
    """Return a stream for git-fast-import: a root, and branches of one to nine commits on it."""
    lines = ["commit refs/heads/main", "mark :1", "committer C <c@example.org> 1700000000 +0000", "data 4", "root", ""]  # fmt: skip
    for branch in range(BRANCHES):
        for step in range(seed.randint(1, 9)):
            when = 1_700_000_000 + seed.randint(-400, 400) * 86_400
            title = f"area{branch}: step {seed.randint(1, 99)} of the way"
            lines += [
                f"commit refs/heads/b{branch}",
                f"author {seed.choice(AUTHORS)} {when} +0200",
                "committer C <c@example.org> 1700000000 +0000",
                f"data {len(title)}",
                title,
                *(["from :1"] if step == 0 else []),
                f"M 100644 inline f{branch}-{step}",
                "data 2",
                "x",
                "",
            ]
    return "\n".join(lines).encode()


def git(folder: Path, *arguments: str, data: bytes | None = None) -> bytes:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=data, capture_output=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q")
    git(folder, "fast-import", "--quiet", data=history(random.Random(1)))
    return folder


def series_of(data: bytes) -> list[Series]:
    messages: list[Message] = []
    source = open_bytes(data, "patches")
    *_, last = listings(source, messages, stop=Event(), report=quiet)
    return [item for item in last.items if isinstance(item, Series)]


@pytest.mark.parametrize("options", [(), ("--cover-letter",), ("-v3",)], ids=str)
def test_each_branch_is_one_complete_series(repository: Path, options: tuple[str, ...]) -> None:
    git(repository, "config", "user.name", "C")
    git(repository, "config", "user.email", "c@example.org")
    for branch in range(0, BRANCHES, 1 if not options else 5):
        data = git(repository, "format-patch", "--stdout", *options, f"main..b{branch}")
        (item,) = series_of(data)
        (version,) = item.versions
        assert version.complete, branch
        assert version.version == (3 if "-v3" in options else 1)
        assert len(version.patches) == int(
            git(repository, "rev-list", "--count", f"main..b{branch}")
        )
        assert (version.cover is not None) == ("--cover-letter" in options)


def test_several_branches_in_one_file_are_several_series(repository: Path) -> None:
    data = b"".join(git(repository, "format-patch", "--stdout", f"main..b{n}") for n in range(12))
    assert len(series_of(data)) == 12


def test_the_index_says_the_same(repository: Path, tmp_path: Path) -> None:
    data = b"".join(git(repository, "format-patch", "--stdout", f"main..b{n}") for n in range(12))
    (tmp_path / "patches.mbox").write_bytes(data)
    index = open_index(tmp_path / "index.sqlite3")
    try:
        index.writer.ingest(
            "patches", open_file(tmp_path / "patches.mbox"), stop=Event(), report=quiet
        )
        found = [info.series for info in index.rows.lists()]
    finally:
        index.close()
    assert found == [12]
