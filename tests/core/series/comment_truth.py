"""Compares the places of comments by `place_comments` with the truth of a generated archive (`under`).

By hand, on a big one:  python -m tests.core.series.comment_truth FOLDER where FOLDER is what `make_archive.py --pi
--out FOLDER` made.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygit2

from core.diff.parse import Diff, read_diff
from core.mail.message import parse_mail, parse_message
from core.model import OpenedMessage, Patch, Series
from core.series.grouping import group_messages
from core.series.review_comments import ReplyInThread, place_comments


def judge(folder: Path) -> tuple[int, int, list[str]]:
    """Return how many replies the truth tells a place of, how many stand there, and those that say nothing."""
    truth: dict[str, dict[str, Any]] = {}
    with (folder / "truth.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            for reply in json.loads(line).get("replies", ()):
                truth[reply["msgid"]] = reply.get("under") or {}
    told = right = 0
    lost: list[str] = []
    for patch, answers in _conversations(folder):
        diff = read_diff(patch.body.diff)
        found = place_comments(patch, answers)
        for answer in answers:
            name = answer.mail.message.message_id
            mine = [remark for remark in found if remark.message.message_id == name]
            if not mine:
                lost.append(name)
            if under := truth.get(name):
                told += 1
                wanted = _line(diff, under)
                right += any(
                    remark.place is not None
                    and remark.place.part == "diff"
                    and remark.place.line == wanted
                    for remark in mine
                )
    return told, right, lost


def _conversations(folder: Path) -> Iterator[tuple[OpenedMessage, list[ReplyInThread]]]:
    """Yield each patch that was answered, with its answers."""
    repo = pygit2.Repository(str(folder / "git" / "0.git"))
    raws = {
        str(commit.id): blob.data
        for commit in repo.walk(repo.head.target)
        if "m" in commit.tree and isinstance(blob := commit.tree["m"], pygit2.Blob)
    }
    messages = [parse_message(raw, key) for key, raw in raws.items()]

    def opened(patch: Patch) -> tuple[OpenedMessage, list[ReplyInThread]]:
        keys = [patch.message.key, *(reply.message.key for reply in patch.replies)]
        mails = [parse_mail(raws[key], key) for key in keys]
        depths = [reply.depth for reply in patch.replies]
        return mails[0], list(map(ReplyInThread, mails[1:], depths))

    for item in group_messages(messages):
        if isinstance(item, Series):
            for version in item.versions:
                for entry in version.entries():
                    if entry.replies:
                        yield opened(entry)


def _line(diff: Diff, under: dict[str, Any]) -> int | None:
    """Return the line of the diff that the truth means: its file, its hunk's header, and so many lines below that."""
    for file in diff.files:
        for hunk in file.hunks:
            if under["path"] in {file.path, file.change.old_path} and under["hunk"].startswith(
                hunk.header
            ):
                line = hunk.start + int(under["line"])
                if diff.lines[line].rstrip() == under["text"].rstrip():
                    return line
    return None


if __name__ == "__main__":
    told, right, lost = judge(Path(sys.argv[1]))
    print(f"{right} of {told} on their line; {len(lost)} of the replies lost: {lost[:5]}")
