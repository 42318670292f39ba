"""The output of `patchdesk show --mbox` goes through `git am`, and gives the tree the series was made from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.config import Config
from core.demo import demo_path
from core.desk.export import read_all
from core.desk.mbox_export import version_as_mbox
from core.desk.target_desk import open_target_desk
from core.model import MessageId
from tests.core.series.test_oracles import make_repository
from tests.core.shared_mails import git, shared
from tests.demo.build import build
from tui.cli.main import main


def apply(tree: Path, base: str, mbox: bytes) -> str:
    """Apply an mbox to a commit in the work tree and return the id of the tree that it makes."""
    git("checkout", "-q", "-f", "--detach", base, folder=tree)
    me = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    git(*me, "am", "-q", "--patch-format=mboxrd", folder=tree, stdin=mbox)
    return git("rev-parse", "HEAD^{tree}", folder=tree).decode().strip()


def work_tree(repository: Path, folder: Path) -> Path:
    subprocess.run(
        ["git", "clone", "-q", "--shared", "--no-checkout", repository, folder], check=True
    )
    return folder


@pytest.mark.slow
def test_every_complete_series_of_the_demo_applies(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    demo = build(tmp_path / "repository")
    tree = work_tree(tmp_path / "repository", tmp_path / "tree")
    applied = 0
    with demo_path() as path:
        for series in demo.series:
            for version in series.versions:
                arguments = ["show", version.patches[0].message_id, "--in", str(path), "--mbox"]
                if version.missing:
                    assert main(arguments) == 1
                    assert capfdbinary.readouterr().out == b""
                    continue
                assert main(arguments) == 0
                made = apply(tree, version.base, capfdbinary.readouterr().out)
                expected = git("rev-parse", f"{version.tip}^{{tree}}", folder=tree)
                assert made == expected.decode().strip(), series
                applied += 1
    assert applied >= 40


def test_every_complete_series_of_a_made_archive_applies(tmp_path: Path) -> None:
    maker = shared("tools/make_archive.py")
    repository = tmp_path / "repository.git"
    repository.mkdir()
    make_repository(repository)
    out = tmp_path / "archive"
    arguments = ["--repo", str(repository), "--target", "600", "--out", str(out), "--mbox"]
    subprocess.run(
        [sys.executable, str(maker), *arguments], check=True, capture_output=True, timeout=100
    )
    tree = work_tree(repository, tmp_path / "tree")
    desk = open_target_desk(str(out / "archive.mbox"), config=Config(), cache=tmp_path / "cache")
    listing = read_all(desk)
    applied = 0
    for line in (out / "truth.jsonl").read_text().splitlines():
        truth = json.loads(line)
        newest = truth["revisions"][-1] if truth["type"] == "series" else None
        if newest is None or not truth["linear"] or not newest["complete"]:
            continue
        if newest["partial_reroll"] or any(patch["altered"] for patch in newest["patches"]):
            continue
        mbox = version_as_mbox(
            desk, listing, MessageId(newest["patches"][0]["msgid"]), partial=False
        )
        tip = git("rev-parse", f"{truth['tip']}^{{tree}}", folder=tree).decode().strip()
        assert apply(tree, truth["base"], mbox) == tip, truth["title"]
        applied += 1
    assert applied > 20
