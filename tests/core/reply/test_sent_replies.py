"""Sent replies in the tree of their thread, before any list has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.mail.message import parse_mail
from core.model import DRAFT_KEY, MessageId
from core.reply.draft import Draft, DraftComment, DraftState
from core.reply.sent_replies import message_of, sent_bytes, with_sent_replies
from tests.core.reply.kit import draft, store_in
from tests.tui.kit import reply, series, thread, version

SENT = replace(draft(DraftComment(text="x")), state=DraftState.SENT, composed="x\n")
LAMP = series(
    "lamp",
    version("lamp", ["one", "two"], cover="all", replies={2: [reply("a@r", "a"), reply("b@r", "b", 1), reply("c@r", "c")]}),
)  # fmt: skip


def answering(message_id: str, state: DraftState = DraftState.SENT) -> Draft:
    return replace(SENT, answers=MessageId(message_id), state=state)


def order(item: object, number: int) -> list[tuple[str, int]]:
    patch = item.versions[0].patches[number - 1]  # type: ignore[attr-defined]
    return [(one.message.message_id, one.depth) for one in patch.replies]


def test_it_follows_what_it_answers() -> None:
    mine = str(SENT.message_id)
    found = with_sent_replies(LAMP, [answering("lamp-v1-2@x")])
    assert order(found, 2)[-1] == (mine, 0)
    assert found.replies == LAMP.replies + 1
    found = with_sent_replies(LAMP, [answering("a@r")])
    assert order(found, 2) == [("a@r", 0), ("b@r", 1), (mine, 1), ("c@r", 0)]
    found = with_sent_replies(LAMP, [answering("lamp-v1-0@x")])
    assert found.versions[0].cover.replies[0].message == message_of(SENT)  # type: ignore[union-attr]
    talk = thread("talk", "Talk")
    found = with_sent_replies(talk, [answering("talk@x")])
    assert found.replies[0].message.key == f"{DRAFT_KEY}{SENT.id}"  # type: ignore[index]


def test_what_did_not_leave_or_has_arrived_is_not_put_in() -> None:
    for state in DraftState:
        if state is not DraftState.SENT:
            assert with_sent_replies(LAMP, [answering("a@r", state)]) is LAMP
    assert with_sent_replies(LAMP, [answering("elsewhere@x")]) is LAMP
    there = replace(LAMP, message_ids=LAMP.message_ids | {SENT.message_id})
    assert with_sent_replies(there, [answering("a@r")]) is there


def test_its_bytes_are_those_that_left(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(SENT)
    raw = sent_bytes(message_of(SENT), store)
    assert raw is not None
    assert parse_mail(raw).message.message_id == SENT.message_id
    assert parse_mail(raw).text == "x\n"
    message = message_of(SENT)
    assert sent_bytes(replace(message, key="1"), store) is None
    assert sent_bytes(replace(message, message_id=MessageId("other@x")), store) is None
    gone = f"{DRAFT_KEY}20260304-050607-99999999"
    assert sent_bytes(replace(message, key=gone), store) is None
