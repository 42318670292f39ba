"""Replies to the mails of a real list: threaded by a real public-inbox, delivered to whom git would, read back by our reader."""

from __future__ import annotations

import gzip
import os
import random
import re
import subprocess
import urllib.parse
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from core.errors import PatchdeskError
from core.mail.message import parse_mail
from core.model import Identity, OpenedMessage
from core.reply.anchors import anchor_of
from core.reply.compose import compose_text
from core.reply.delivery import GitWay
from core.reply.draft import Draft, DraftComment
from core.reply.message import build_message, new_message_id, reply_references, reply_subject
from core.reply.recipients import reply_recipients
from core.reply.sending import outgoing_mail
from core.series.review_comments import PARTS, PatchLine, ReplyInThread, place_comments
from tests.core.shared_mails import kvm_ppc
from tests.end_to_end.server import Server, need_public_inbox

pytestmark = [pytest.mark.torture, pytest.mark.timeout(3600)]

ME = Identity("Rex Reviewer", "rex@example.com")
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
_ENTRY = re.compile(r"<entry>.*?</entry>", re.DOTALL)
_PARENT = re.compile(r'<thr:in-reply-to\s[^>]*?href="[^"]*?/([^/"]+)/"')
_SELF = re.compile(r'<link\s+href="[^"]*?/([^/"]+)/"')


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Return the mails of the list, oldest first."""
    return kvm_ppc(tmp_path_factory.mktemp("kvm-ppc"))


def answered(raw: bytes, *comments: DraftComment) -> tuple[Draft, OpenedMessage]:
    """Return a draft that answers a mail, and the mail opened. Raises PatchdeskError where it cannot be answered."""
    mail = parse_mail(raw)
    people = reply_recipients(raw, mail.message, (ME.address,))
    draft = Draft(
        id="20260304-050607-00000000",
        answers=mail.message.message_id,
        message_id=new_message_id(ME, NOW),
        sender=ME,
        to=people.to,
        cc=people.cc,
        subject=reply_subject(mail.message.subject.text),
        references=reply_references(mail.message),
        comments=comments,
        created=NOW,
        changed=NOW,
    )
    return replace(draft, composed=compose_text(draft, mail)), mail


def some(mails: list[bytes], count: int) -> list[bytes]:
    """Return so many mails from all over the list, those with long ids first."""
    long = [raw for raw in mails if len(parse_mail(raw).message.message_id) > 76][: count // 10]
    step = max(1, len(mails) // count)
    return [*long, *(raw for raw in mails[::step] if raw not in long)][:count]


def test_a_thousand_replies_are_threaded_under_what_they_answer(
    mails: list[bytes], tmp_path: Path
) -> None:
    need_public_inbox()
    parents: dict[str, str] = {}
    replies: list[bytes] = []
    for raw in some(mails, 1_050):
        try:
            draft, _ = answered(raw, DraftComment(text="Looks right to me."))
        except PatchdeskError:
            continue  # it has no id that a reply could name
        if len(replies) < 1_000:
            parents[draft.message_id] = draft.answers
            replies.append(build_message(draft, draft.body, NOW))
    assert len(replies) == 1_000
    found: dict[str, str] = {}
    with Server(tmp_path / "site", {"kvm-ppc": [*mails, *replies]}) as server:
        for own, parent in parents.items():
            if own in found:
                continue
            url = f"{server.url}/kvm-ppc/{quote(own, safe='@')}/t.atom"
            with urllib.request.urlopen(url) as answer:
                body = answer.read()
            text = (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode()
            entries = _ENTRY.findall(text)
            ids = {
                urllib.parse.unquote(match[1]) for one in entries if (match := _SELF.search(one))
            }
            for entry in entries:
                mine, above = _SELF.search(entry), _PARENT.search(entry)
                if mine is not None and above is not None:
                    name = urllib.parse.unquote(mine[1])
                    if (of := urllib.parse.unquote(above[1])) in ids:
                        found[name] = of
            assert found.get(own) == parent, url
    assert {own: found[own] for own in parents} == parents


def test_five_hundred_replies_go_to_whom_git_would_send_them(
    mails: list[bytes], tmp_path: Path
) -> None:
    found = subprocess.run(["git", "send-email", "-h"], capture_output=True, check=False)
    if b"not a git command" in found.stderr:
        pytest.skip("git send-email is not installed")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C.UTF-8",
        "GIT_AUTHOR_NAME": "Rex", "GIT_AUTHOR_EMAIL": ME.address,
        "GIT_COMMITTER_NAME": "Rex", "GIT_COMMITTER_EMAIL": ME.address,
    }  # fmt: skip
    file = tmp_path / "mail.eml"
    done = 0
    for raw in some(mails, 520):
        if done == 500:
            break
        try:
            draft, _ = answered(raw, DraftComment(text="Acked-by: Somebody <else@example.org>"))
            mail = outgoing_mail(draft, NOW)
        except PatchdeskError:
            continue
        file.write_bytes(mail.raw)
        call = [word for word in GitWay().call(mail, str(file)) if word != "--quiet"]
        call[2:2] = ["--dry-run", "--smtp-server=/bin/true"]
        ran = subprocess.run(
            call, capture_output=True, check=True, cwd=tmp_path, env=environment,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        said = ran.stdout.decode("utf-8", "replace")
        line = next(row for row in said.splitlines() if row.startswith("Sendmail:"))
        addresses = [word for word in line.split() if "@" in word]
        sent_to = addresses[1:] if "-f" in line.split() else addresses
        assert sorted(sent_to) == sorted(mail.recipients), draft.answers
        done += 1
    assert done == 500


def test_two_hundred_reviews_are_read_back_at_their_lines(mails: list[bytes]) -> None:
    chance = random.Random(22)
    patches = [raw for raw in mails if b"\n@@ -" in raw and b"\nSubject: Re:" not in raw]
    reviews = comments = 0
    wrong: list[tuple[str, PatchLine, PatchLine | None]] = []
    for raw in chance.sample(patches, 260):
        mail = parse_mail(raw)
        places = [
            PatchLine(part, number)
            for part in PARTS
            for number, line in enumerate(getattr(mail.body, part).split("\n"))
            if line.strip()
        ]
        if reviews == 200 or not mail.body.diff or len(places) < 10:
            continue
        wanted = {place: f"Comment {at}." for at, place in enumerate(chance.sample(places, 6))}
        said = [
            DraftComment(text=text, anchor=anchor_of(place, mail.body).anchor)
            for place, text in wanted.items()
        ]
        try:
            draft, _ = answered(raw, *said)
        except PatchdeskError:
            continue
        reply = parse_mail(build_message(draft, draft.body, NOW))
        read = {one.lines[0]: one.place for one in place_comments(mail, [ReplyInThread(reply, 0)])}
        reviews += 1
        comments += len(wanted)
        wrong += [
            (draft.answers, place, read.get(text))
            for place, text in wanted.items()
            if read.get(text) != place
        ]
    print(f"{comments - len(wrong)} of {comments} comments of {reviews} reviews at their line")
    assert reviews == 200
    assert wrong == []
