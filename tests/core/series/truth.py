"""Compares the result of `group_messages` for a generated archive with its `truth.jsonl`.

By hand, on a big one:  python -m tests.core.series.truth FOLDER where FOLDER is what `make_archive.py --pi --out
FOLDER` made.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pygit2

from core.mail.message import parse_message
from core.model import Message, MessageId, Series, Thread
from core.series.grouping import group_messages

Expected = dict[str, Any]


class Judge:
    """Knows the series found, and returns the faults of each series of the truth."""

    def __init__(self, messages: Iterable[Message], items: Iterable[Series | Thread]) -> None:
        self._have = {message.message_id for message in messages}
        self._item_of = {one: item for item in items for one in item.message_ids}

    def faults(self, truth: Expected) -> list[str] | None:
        """Return what differs, nothing where all is right, and None where no mail of it arrived."""
        versions = self._versions(truth)
        posted = {
            MessageId(one)
            for cover, patches, _ in versions.values()
            for one in [cover, *patches.values()]
            if one
        }
        found = {id(self._item_of[one]): self._item_of[one] for one in posted}
        if not found:
            return None
        (item, *others) = found.values()
        if others or not isinstance(item, Series):
            return [f"in {len(found)} items"]
        faults = []
        ours = {
            version.version: (
                version.cover.message.message_id if version.cover else None,
                {patch.number: patch.message.message_id for patch in version.patches},
                version.total,
            )
            for version in item.versions
        }
        if ours != versions or len(item.versions) != len(versions):
            faults.append("versions")
        replies = {one["msgid"] for one in truth["replies"]}
        if item.message_ids - replies - self._doubles(item) != posted:
            faults.append("members")
        if self._places(item) != self._expected_places(truth):
            faults.append("replies")
        if {
            (t.name, t.value, t.number, t.version) for t in item.trailers
        } != self._expected_trailers(truth):
            faults.append("trailers")
        return faults

    def _versions(self, truth: Expected) -> dict[int, tuple[str | None, dict[int, str], int]]:
        versions = {}
        for revision in truth["revisions"]:
            patches = {p["i"]: p["msgid"] for p in revision["patches"] if p["msgid"] in self._have}
            if "extra_patch" in revision:
                patches[revision["n"] + 1] = revision["extra_patch"]
            cover = revision["cover"] if revision["cover"] in self._have else None
            if cover or patches:
                versions[revision["v"]] = (cover, patches, revision["n"])
        return versions

    @staticmethod
    def _doubles(item: Series) -> set[str]:
        return {
            double.message_id
            for version in item.versions
            for entry in version.entries()
            for double in entry.duplicates
        }

    @staticmethod
    def _places(item: Series) -> dict[str, tuple[int, int]]:
        return {
            reply.message.message_id: (version.version, entry.number)
            for version in item.versions
            for entry in version.entries()
            for reply in entry.replies
        }

    def _expected_places(self, truth: Expected) -> dict[str, tuple[int, int]]:
        places = {
            one["msgid"]: (revision["v"], one["i"])
            for revision in truth["revisions"]
            for one in [*revision["patches"], {"msgid": revision["cover"], "i": 0}]
        }
        answered = {reply["msgid"]: reply["to"] for reply in truth["replies"]}
        replies = {}
        for reply in answered.keys() & self._have:
            to = answered[reply]
            while to in answered:
                to = answered[to]
            replies[reply] = places[to]
        return replies

    def _expected_trailers(self, truth: Expected) -> set[tuple[str, str, int, int]]:
        places = self._expected_places(truth)
        expected = set()
        for reply in truth["replies"]:
            for trailer in reply["trailers"]:
                if reply["msgid"] in places:
                    version, number = places[reply["msgid"]]
                    name, _, value = trailer.partition(": ")
                    expected.add((name, value, number, version))
        return expected


def judge_archive(folder: Path) -> tuple[int, list[tuple[str, list[str]]], list[str], float]:
    """Return how many series there are, which are wrong, the pulls that are no thread, and the CPU seconds of grouping."""
    repository = pygit2.Repository(str(folder / "git" / "0.git"))
    messages = []
    for name in repository:
        blob = repository[name]
        if isinstance(blob, pygit2.Blob):
            messages.append(parse_message(blob.data, str(name)))
    start = time.process_time()
    items = group_messages(messages)
    seconds = time.process_time() - start
    judge = Judge(messages, items)
    threads = {one for item in items if isinstance(item, Thread) for one in item.message_ids}
    wrong: list[tuple[str, list[str]]] = []
    pulls: list[str] = []
    count = 0
    for line in (folder / "truth.jsonl").read_text("utf-8").splitlines():
        truth = json.loads(line)
        if truth["type"] == "pull":
            pulls += [] if truth["msgid"] in threads else [truth["msgid"]]
            continue
        faults = judge.faults(truth)
        count += faults is not None
        if faults:
            wrong.append((truth["title"], faults))
    return count, wrong, pulls, seconds


def main() -> None:
    """Print the verdict on the archive in the folder that is named."""
    count, wrong, pulls, seconds = judge_archive(Path(sys.argv[1]))
    for title, faults in wrong:
        print(f"{title}: {', '.join(faults)}")
    right = 100 * (count - len(wrong)) / count
    print(
        f"{right:.2f} % of {count} series are right; {len(pulls)} pulls are none; {seconds:.2f} s"
    )


if __name__ == "__main__":
    main()
