"""Grouping against others' results for the same mails: patchwork, b4, and the truth of a made archive."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.mail.message import parse_message
from core.model import Message, Series, Thread, Version
from core.series.grouping import group_messages
from core.series.threading import build_thread_forest, deduplicate
from core.sources import mbox
from tests.core.series.truth import judge_archive
from tests.core.shared_mails import expectations, git, kvm_ppc, shared


def read_mbox(source: str, file: str) -> list[Message]:
    data = shared(f"mails/{source}/data/{file}").read_bytes()
    pieces = [mbox.unescape_from(piece.escaped) for piece in mbox.split([data])]
    return [parse_message(piece, str(at)) for at, piece in enumerate(pieces or [data])]


def all_versions(items: Sequence[Series | Thread]) -> list[Version]:
    return [version for item in items if isinstance(item, Series) for version in item.versions]


# --- patchwork: a series of patchwork's is a version of ours

DIFFERS_FROM_PATCHWORK = {
    "series/bugs-spamming.mbox": "one patch sent three times in four minutes is one place with two doubles",
}


def test_patchwork_series() -> None:
    met: list[str] = []
    differing: list[str] = []
    for case in expectations("patchwork")["cases"]:
        stated = case["stated"]
        if not case["file"].startswith("series/") or not stated:
            continue
        items = group_messages(read_mbox("patchwork", case["file"]))
        found = all_versions(items)
        ours: dict[str, object] = {
            "covers": sum(version.cover is not None for version in found),
            "patches": sum(1 + len(p.duplicates) for version in found for p in version.patches),
            "comments": sum(item.replies for item in items if isinstance(item, Series)),
            "patches_per_series": sorted(len(version.patches) for version in found),
            "received_all": all(version.complete for version in found),
        }
        same = all(
            value == (sorted(stated[name]) if isinstance(stated[name], list) else stated[name])
            for name, value in ours.items()
            if stated.get(name) is not None
        )
        (met if same else differing).append(case["file"])
        if "series_name" in stated:
            assert [i.subject for i in items if isinstance(i, Series)] == [stated["series_name"]]
    assert set(differing) == DIFFERS_FROM_PATCHWORK.keys()
    assert len(met) >= 26


def test_patchwork_joins_the_revisions_and_keeps_apart_what_is_mixed() -> None:
    for case in expectations("patchwork")["cases"]:
        name = case["file"].removeprefix("series/")
        if name.startswith("revision-") or name in (
            "bugs-nocover.mbox",
            "bugs-nocover-noversion.mbox",
        ):
            (item,) = group_messages(read_mbox("patchwork", case["file"]))
            assert isinstance(item, Series)
            assert len(item.versions) == 2, name
        elif name == "bugs-mixed-versions.mbox":
            assert len(group_messages(read_mbox("patchwork", case["file"]))) == 2


def test_patchwork_pull_requests_are_threads_and_fuzzed_mails_do_no_harm() -> None:
    files = [case["file"] for case in expectations("patchwork")["cases"]]
    for file in files:
        items = group_messages(read_mbox("patchwork", file))
        assert items
        if "pull-request" in file:
            assert all(isinstance(item, Thread) for item in items), file


# --- b4: the trailers that it would apply

DIFFERS_FROM_B4 = {
    "trailers-followup-partial-reroll.mbox": "b4 fills v3 with v2's patches; here v3 2/2 is a version of its own",
}
BY_A_PERSON = re.compile(r"^([A-Za-z-]+-by: .*)$", re.MULTILINE)


def test_b4_applies_the_same_trailers() -> None:
    differing = set()
    compared = 0
    for case in expectations("b4")["cases"]:
        names = [
            name
            for name in (case["stated"] or {}).get("git_am_ready_text_files", [])
            if name.endswith("-ref-defaults.txt")
        ]
        for name in names:
            ready = shared(f"mails/b4/data/{name}").read_text("utf-8")
            theirs = [
                set(BY_A_PERSON.findall(patch))
                - {"Signed-off-by: Test Override <test-override@example.com>"}
                for patch in re.split(r"^From git@z .*\n", ready, flags=re.MULTILINE)[1:]
            ]
            compared += 1
            if applied(read_mbox("b4", case["file"])) != theirs:
                differing.add(case["file"])
    assert differing == DIFFERS_FROM_B4.keys()
    assert compared >= 10


def applied(messages: list[Message]) -> list[set[str]]:
    """Return the trailers that each patch of the newest version carries or was given."""
    (item,) = group_messages(messages)
    assert isinstance(item, Series)
    version = item.versions[-1]
    patches = []
    for patch in version.patches:
        lines = {f"{t.name}: {t.value}" for t in patch.message.trailers}
        lines |= {
            f"{t.name}: {t.value}"
            for t in item.trailers
            if t.version == version.version and t.number in (0, patch.number)
        }
        patches.append({line for line in lines if BY_A_PERSON.match(line)})
    return patches


def test_b4_flags_the_same_trailers_of_others() -> None:
    (item,) = group_messages(read_mbox("b4", "trailers-followup-already-present.mbox"))
    assert isinstance(item, Series)
    assert [trailer.name for trailer in item.mismatched_trailers] == ["Tested-by"]


def test_b4_naked_covers() -> None:
    (item,) = group_messages(read_mbox("b4", "naked-cover-single.mbox"))
    assert item.subject == "do a thing to the widget subsystem"
    items = group_messages(read_mbox("b4", "naked-cover-bugreport.mbox"))
    assert sorted(type(one).__name__ for one in items) == ["Series", "Thread"]
    assert [version.cover for version in all_versions(items)] == [None]


# --- b4's LoreMailbox on real threads

ASK_B4 = """
import base64, copy, email.message, email.policy, json, logging, sys, warnings
warnings.simplefilter("ignore")
import b4
b4.MAIN_CONFIG.clear()
b4.MAIN_CONFIG.update(copy.deepcopy(b4.DEFAULT_CONFIG) | {"attestation-policy": "off"})
b4.can_network = False
logging.getLogger("b4").setLevel(logging.CRITICAL + 1)
policy = email.policy.EmailPolicy(utf8=True, cte_type="8bit", max_line_length=None, message_factory=email.message.EmailMessage)
for line in sys.stdin:
    box = b4.LoreMailbox()
    for raw in json.loads(line):
        box.add_message(email.message_from_bytes(base64.b64decode(raw), policy=policy))
    found = [(v, n, p.msgid) for v, s in box.series.items() for n, p in enumerate(s.patches) if p is not None]
    print(json.dumps(found + [(v, 0, cover.msgid) for v, cover in box.covers.items()]), flush=True)
"""

Claim = tuple[int, int, str]
"""Version, number and Message-ID."""


@dataclass
class Compared:
    """One thread of the archive."""

    messages: dict[str, Message]
    ours: set[Claim]
    theirs: set[Claim]

    def reason(self) -> str:
        """Return why the two differ, empty where nothing explains it."""
        reasons = {self._why(claim) for claim in self.ours ^ self.theirs}
        return "" if "" in reasons else ", ".join(sorted(reasons))

    def _why(self, claim: Claim) -> str:
        _, number, name = claim
        subject = self.messages[name].subject
        if "PULL" in subject.tags:
            return "a pull request is a thread"
        if not subject.is_patch and not subject.is_reply and number > 0:
            return "a report that carries a diff is no patch"
        if number == 0 and subject.number is None:
            return "b4 looks for a cover letter without counter only when asked for the series"
        if subject.minor:
            return "b4 does not read v5.5"
        if any(one.subject.is_reply and one.has_diff for one in self.messages.values()):
            return "b4 takes a diff in an answer for a patch"
        places = Counter(
            (one.subject.version, one.subject.number)
            for one in self.messages.values()
            if one.subject.is_patch and not one.subject.is_reply
        )
        if places[subject.version, subject.number] > 1:
            return "b4 has one place for two mails of one number"
        if (subject.version, subject.number) == (1, number) or subject.number is None:
            return "posted again without a number, in another thread"
        return ""


@pytest.mark.torture
def test_lore_mailbox_finds_the_same_in_the_threads_of_a_list(tmp_path: Path) -> None:
    raws = kvm_ppc(tmp_path)
    messages = deduplicate(parse_message(raw, str(at)) for at, raw in enumerate(raws))
    place_of = {
        mail.message_id: (version.version, entry.number)
        for version in all_versions(group_messages(messages))
        for entry in version.entries()
        for mail in (entry.message, *entry.duplicates)
    }
    forest = build_thread_forest(messages)
    threads = [
        [messages[mail] for root in roots for mail in forest.walk(root)]
        for roots in forest.conversations
    ]
    threads = [
        sorted(thread, key=lambda m: (m.date, m.message_id))
        for thread in threads
        if len(thread) > 2
    ]
    sample = threads[:: max(1, len(threads) // 300)]
    answers = ask_b4(
        [[raws[int(message.key)] for message in thread] for thread in sample], tmp_path
    )
    assert len(answers) == len(sample) >= 300

    unexplained = []
    reasons: Counter[str] = Counter()
    for thread, theirs in zip(sample, answers, strict=True):
        ours = {
            (*place_of[m.message_id], str(m.message_id)) for m in thread if m.message_id in place_of
        }
        if ours != theirs:
            one = Compared({m.message_id: m for m in thread}, ours, theirs)
            reasons[one.reason()] += 1
            if not one.reason():
                unexplained.append((thread[0].subject.text, ours ^ theirs))
    assert not unexplained
    assert reasons.total() <= 0.03 * len(sample), reasons


def ask_b4(threads: list[list[bytes]], folder: Path) -> list[set[Claim]]:
    """Return the result of b4's LoreMailbox for each thread; in a process of its own, since it can hang."""
    lines = "\n".join(
        json.dumps([base64.b64encode(raw).decode() for raw in thread]) for thread in threads
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", ASK_B4],
        input=lines.encode(),
        capture_output=True,
        check=True,
        timeout=100,
        cwd=folder,
        env=environment,
    )
    return [{(v, n, name) for v, n, name in json.loads(line)} for line in done.stdout.splitlines()]


# --- the truth of an archive made from a git repository

TOPICS = 150


def make_repository(folder: Path) -> None:
    """Make a history of topic branches, by many people, merged one after the other."""
    stream: list[str] = []
    mark = 0

    def commit(
        author: str, when: int, text: str, parents: list[int], path: str, content: str
    ) -> int:
        nonlocal mark
        mark += 1
        stream.append(f"commit refs/heads/master\nmark :{mark}")
        stream.append(f"author {author} <{author.lower()}@example.org> {when} +0200")
        stream.append(f"committer Maria <maria@example.org> {when + 9000} +0000")
        stream.append(f"data {len(text.encode())}\n{text}")
        if parents:
            stream.append(f"from :{parents[0]}")
        stream.extend(f"merge :{parent}" for parent in parents[1:])
        stream.append(f"M 100644 inline {path}\ndata {len(content)}\n{content}")
        return mark

    when = 1_700_000_000
    base = commit("Maria", when, "begin\n", [], "README", "hello\n")
    for topic in range(TOPICS):
        author = ("Ann", "Bob", "Cid", "Dora", "Eve")[topic % 5]
        tip = base
        for part in range(topic % 7 + 1):
            when += 7200
            text = (
                f"module{topic}: step {part} of the change\n\nWhy it is needed.\n\n"
                f"Reviewed-by: Rex <rex@example.com>\nSigned-off-by: {author} <{author.lower()}@example.org>\n"
            )
            lines = "".join(f"line {n} of {topic} {part}\n" for n in range(part, part + 12))
            tip = commit(author, when, text, [tip], f"module{topic}.c", lines)
        when += 86400
        subject = f"Merge branch '{author[0].lower()}/topic-number-{topic}'\n"
        base = commit("Maria", when, subject, [base, tip], f"merged{topic}", "yes\n")
    git("init", "-q", "--bare", "-b", "master", str(folder), folder=folder.parent)
    data = ("\n".join(stream) + "\ndone\n").encode()
    git("fast-import", "--quiet", "--done", folder=folder, stdin=data)


def test_a_made_archive_is_found_as_it_was_made(tmp_path: Path) -> None:
    maker = shared("tools/make_archive.py")
    (tmp_path / "repo.git").mkdir()
    make_repository(tmp_path / "repo.git")
    out = tmp_path / "archive"
    subprocess.run(
        [
            sys.executable,
            str(maker),
            "--repo",
            str(tmp_path / "repo.git"),
            "--target",
            "100000",
            "--out",
            str(out),
            "--pi",
        ],
        check=True,
        capture_output=True,
        timeout=100,
    )
    count, wrong, pulls, _ = judge_archive(out)
    assert count > 0.9 * TOPICS
    assert pulls == []
    assert len(wrong) <= 0.005 * count, wrong
