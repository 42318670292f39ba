"""Reviews made of the patches of a real list, read back by our own reader."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import PatchdeskError
from core.mail.message import parse_mail
from core.model import Identity, OpenedMessage
from core.reply.anchors import anchor_of
from core.reply.compose import compose_text
from core.reply.draft import Draft, DraftComment
from core.reply.message import build_message, new_message_id, reply_references, reply_subject
from core.reply.recipients import reply_recipients
from core.series.review_comments import PARTS, PatchLine, ReplyInThread, place_comments
from tests.core.shared_mails import kvm_ppc

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ME = Identity("Rex Reviewer", "rex@example.com")
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


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
