"""Drafts on disk: nothing lost, nothing sent twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PatchdeskError
from core.model import Identity
from core.reply.delivery import CommandWay, DeliveryWay, FileWay, MaildirWay, OutgoingMail
from core.reply.draft import Anchor, Attempt, Draft, DraftComment, DraftState
from core.reply.draft_json import DraftFileError, decode_draft, draft_record, encode_draft
from core.reply.draft_store import KEPT_FOR, DraftStore
from core.reply.sending import preview, send_draft, settle_arrived
from tests.core.reply.kit import NOW, draft, fake_sendmail, numbered, store_in

READY = replace(draft(text="Fine.\n"), state=DraftState.READY)


def send(store: DraftStore, way: DeliveryWay) -> Draft:
    return send_draft(store, READY.id, way, lambda: NOW)


def calls(folder: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("call-*.json"))]


def test_a_draft_comes_back(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    one = draft(
        DraftComment(text="ü", anchor=Anchor(part="diff", path="a", text="+x", ordinal=2), line=4),
        DraftComment(text="all"),
        trailers=["Acked-by: R <r@x>"],
    )
    one = replace(one, attempts=(Attempt(time=NOW, way="git", result="no"),), series="s@x")
    store.save(one)
    assert store.load(one.id) == one
    assert (tmp_path / "drafts").stat().st_mode & 0o777 == 0o700


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(text, text, text)
def test_any_text_comes_back(body: str, subject: str, name: str) -> None:
    one = replace(draft(text=body), subject=subject, to=(Identity(name, "a@b"),))
    assert decode_draft(encode_draft(one), one.id) == one


@given(st.binary(max_size=300))
def test_bytes_that_are_no_draft_are_refused(content: bytes) -> None:
    with pytest.raises(DraftFileError):
        decode_draft(content, READY.id)


@pytest.mark.parametrize("field", list(json.loads(encode_draft(READY))))
def test_a_field_of_another_kind_is_refused(field: str) -> None:
    for value in (7, [7], {"a": 7}):
        fields = json.loads(encode_draft(READY)) | {field: value}
        with pytest.raises(DraftFileError):
            decode_draft(json.dumps(fields).encode(), READY.id)


def test_a_damaged_file_stops_no_other(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    bad = tmp_path / "drafts" / "20260304-050607-0000000f.json"
    bad.write_bytes(b"{")
    found = store.list()
    assert [one.id for one in found.drafts] == [READY.id]
    assert len(found.problems) == 1
    assert str(bad) in found.problems[0]
    assert bad.read_bytes() == b"{"


def test_what_cannot_be_stored_is_not_accepted(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    with pytest.raises(PatchdeskError):
        store.edit(READY.id, lambda one: replace(one, text="\ud800"))
    assert store.load(READY.id).text == "Fine.\n"


def test_an_id_is_no_path(tmp_path: Path) -> None:
    for bad in ("../x", "", "a/b", "20260304-050607-0000000f/../x"):
        with pytest.raises(PatchdeskError):
            store_in(tmp_path).load(bad)


def test_a_sendmail_gets_recipients_and_bytes(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    sent = send(store, CommandWay([str(fake_sendmail(tmp_path)), "-t", "--fast"]))
    assert sent.state is DraftState.SENT
    (call,) = calls(tmp_path)
    assert call["argv"] == ["--fast", "-i", "ann@example.org", "list@vger.kernel.org"]
    assert str(call["stdin"]).endswith("\n\nFine.\n")
    assert store.load(READY.id) == sent
    assert sent.attempts == (Attempt(time=NOW, way="command", result="sent"),)


def test_the_preview_is_what_leaves(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    way = CommandWay([str(fake_sendmail(tmp_path))])
    shown = preview(READY, way, NOW, "me@example.com")
    assert shown.call[1:] == ("-i", "ann@example.org", "list@vger.kernel.org", "me@example.com")
    send_draft(store, READY.id, way, lambda: NOW, "me@example.com")
    (call,) = calls(tmp_path)
    assert call["argv"] == list(shown.call[1:])
    assert call["stdin"] == shown.mail.raw.decode()
    assert b"me@example.com" not in shown.mail.raw


def test_a_sent_draft_is_never_sent_again(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    way = CommandWay([str(fake_sendmail(tmp_path))])
    send(store, way)
    with pytest.raises(PatchdeskError, match="sent already"):
        send(store, way)
    with pytest.raises(PatchdeskError, match="was sent"):
        store.edit(READY.id, lambda one: one)
    with pytest.raises(PatchdeskError, match="was sent"):
        store.delete(READY.id)
    assert len(calls(tmp_path)) == 1


def test_a_failed_one_can_be_sent_again_as_the_same_mail(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    failing = fake_sendmail(tmp_path, "print('550 no such user'); sys.exit(1)")
    failed = send(store, CommandWay([str(failing)]))
    assert failed.state is DraftState.FAILED
    assert "550 no such user" in failed.attempts[-1].result
    sent = send(store, CommandWay([str(fake_sendmail(tmp_path))]))
    assert sent.state is DraftState.SENT
    assert sent.message_id == failed.message_id
    assert [one.result for one in sent.attempts][1:] == ["sent"]


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        ("os.kill(os.getpid(), 9)", DraftState.UNSURE),
        ("sys.exit(75)", DraftState.FAILED),
    ],
)
def test_how_a_program_ends(tmp_path: Path, ending: str, state: DraftState) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    assert send(store, CommandWay([str(fake_sendmail(tmp_path, ending))])).state is state


def test_a_program_that_does_not_end_leaves_it_unsure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.reply.delivery.DEADLINE", 0.3)
    store = store_in(tmp_path)
    store.save(READY)
    slow = fake_sendmail(tmp_path, "time.sleep(60)")
    unsure = send(store, CommandWay([str(slow)]))
    assert unsure.state is DraftState.UNSURE
    with pytest.raises(PatchdeskError, match="may have been sent"):
        send(store, CommandWay([str(slow)]))


def test_a_program_that_cannot_be_started_fails(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    assert send(store, CommandWay([str(tmp_path / "none")])).state is DraftState.FAILED


class _Crash(DeliveryWay):
    name = "crash"

    def call(self, _: OutgoingMail) -> list[str]:
        return []

    def deliver(self, _: OutgoingMail) -> None:
        raise ValueError("a bug")


def test_a_bug_in_a_way_leaves_it_unsure(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    with pytest.raises(ValueError, match="a bug"):
        send(store, _Crash())
    assert store.load(READY.id).state is DraftState.UNSURE


def test_an_unsure_one_is_settled_by_a_person(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.begin_handing(store.save(READY), "git")
    assert store.load(READY.id).state is DraftState.UNSURE
    assert store.settle(READY.id, sent=False).state is DraftState.READY
    with pytest.raises(PatchdeskError, match="only an unsure one"):
        store.settle(READY.id, sent=True)


def test_an_unsure_one_is_settled_by_the_list(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    for number in (1, 2):
        store.begin_handing(store.save(numbered(READY, number)), "git")
    arrived = numbered(READY, 1).message_id
    settled = settle_arrived(store, lambda ids: {one for one in ids if one == arrived})
    assert [one.message_id for one in settled] == [arrived]
    assert store.load(numbered(READY, 1).id).state is DraftState.SENT
    assert store.load(numbered(READY, 2).id).state is DraftState.UNSURE


def test_two_processes_do_not_send_the_same(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    with store.locked(READY.id), pytest.raises(PatchdeskError, match="in use"):
        send(store_in(tmp_path), CommandWay([str(fake_sendmail(tmp_path))]))
    assert calls(tmp_path) == []


def test_a_draft_that_is_being_sent_reads_so(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    with store.locked(READY.id):
        store.begin_handing(store.save(READY), "git")
        assert store_in(tmp_path).load(READY.id).state is DraftState.HANDING
    assert store_in(tmp_path).load(READY.id).state is DraftState.UNSURE


def test_a_deleted_draft_is_kept_for_a_month(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    store.delete(READY.id)
    assert store.list().drafts == ()
    assert store.restore(READY.id) == READY
    store.delete(READY.id)
    gone = tmp_path / "drafts" / "gone" / f"{READY.id}.json"
    old = (NOW - KEPT_FOR - timedelta(days=1)).timestamp()
    os.utime(gone, (old, old))
    store.save(numbered(READY, 1))
    store.delete(numbered(READY, 1).id)
    assert not gone.exists()


def test_a_text_that_an_editor_left_is_found_unless_somebody_edits_it(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    sent = replace(numbered(READY, 1), state=DraftState.SENT)
    for one in (READY, sent):
        store.save(one)
        store.editor_file(one.id).write_text("half a")
    store.comment_file(READY.id, 2).write_text("half a comment")
    (tmp_path / "drafts" / "notes.txt").write_text("of the user")
    found = [(one.draft, one.comment) for one in store.left_in_editor()]
    assert found == [(READY.id, 2), (READY.id, None)]
    with store_in(tmp_path).locked(READY.id):
        assert store.left_in_editor() == []


def test_deleted_drafts_are_listed(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    assert store.deleted() == ()
    store.delete(READY.id)
    assert store.deleted() == (READY,)


def test_sent_drafts_are_listed_for_a_month(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(replace(READY, state=DraftState.SENT))
    assert len(store.list().drafts) == 1
    later = DraftStore(tmp_path / "drafts", lambda: NOW + KEPT_FOR + timedelta(days=1))
    assert later.list().drafts == ()


def test_drafts_are_in_the_order_in_which_they_were_begun(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    for number in (1, 2):
        store.save(replace(numbered(READY, number), created=NOW - timedelta(microseconds=number)))
    assert [one.id[-1] for one in store.list().drafts] == ["2", "1"]


def test_the_open_draft_of_a_mail(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(replace(numbered(READY, 1), state=DraftState.SENT))
    assert store.open_drafts().get(READY.answers) is None
    store.save(numbered(READY, 2))
    found = store.open_drafts().get(READY.answers)
    assert found is not None
    assert found.id == numbered(READY, 2).id
    assert set(store.open_drafts()) == {READY.answers}


def test_a_file_and_a_maildir_get_the_mail(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    folder = tmp_path / "out"
    folder.mkdir()
    ways: list[DeliveryWay] = [
        FileWay(tmp_path / "out.mbox"),
        FileWay(folder),
        MaildirWay(tmp_path / "maildir"),
    ]
    for number, way in enumerate(ways):
        one = store.save(numbered(READY, number))
        assert send_draft(store, one.id, way, lambda: NOW).state is DraftState.SENT
    assert (tmp_path / "out.mbox").read_bytes().startswith(b"From ")
    assert len(list(folder.glob("*.eml"))) == 1
    assert len(list((tmp_path / "maildir" / "new").iterdir())) == 1
    assert list((tmp_path / "maildir" / "tmp").iterdir()) == []


def test_a_file_that_cannot_be_written_fails(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(READY)
    assert send(store, FileWay(tmp_path / "none" / "x")).state is DraftState.FAILED


def test_the_json_object(tmp_path: Path) -> None:
    anchor = Anchor(part="diff", path="a.c", text="+x")
    record = draft_record(draft(DraftComment(text="no", anchor=anchor, line=3)))
    assert record["kind"] == "draft"
    assert record["comments"] == [{"path": "a.c", "line": 3, "text": "no"}]
    assert record["handed"] == []


_SENDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from core.reply.delivery import CommandWay
from core.reply.sending import send_draft
from core.reply.draft_store import DraftStore
now = lambda: datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
store = DraftStore(Path(sys.argv[1]), now)
print("go", flush=True)
for one in store.list().drafts:
    if one.state in ("ready", "failed"):
        send_draft(store, one.id, CommandWay([sys.argv[2]]), now)
"""


def _kill_a_sending(folder: Path, seconds: float) -> None:
    """Kill a process that sends three mails so many seconds after it began; then send the rest, and look at all."""
    folder.mkdir(exist_ok=True)
    store = store_in(folder)
    for number in range(3):
        store.save(numbered(READY, number))
    sendmail = fake_sendmail(folder)
    process = subprocess.Popen(
        [sys.executable, "-c", _SENDER, str(folder / "drafts"), str(sendmail)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 60
    while any(one.state is DraftState.HANDING for one in store.list().drafts):
        # A child that was forked and not yet another program still holds the lock.
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for one in store.list().drafts:
        assert one.state in {DraftState.READY, DraftState.UNSURE, DraftState.SENT}
        if one.state is DraftState.READY:
            send_draft(store, one.id, CommandWay([str(sendmail)]), lambda: NOW)
    while list(folder.glob("call-*.new")) and time.monotonic() < deadline:
        time.sleep(0.01)
    taken = [str(call["stdin"]) for call in calls(folder)]
    ids = [
        next(line for line in mail.split("\n") if line.startswith("Message-ID")) for mail in taken
    ]
    assert len(ids) == len(set(ids)), "no mail twice"
    assert len(store.list().drafts) == 3, "no draft lost"
    for one in store.list().drafts:
        if one.state is DraftState.SENT:
            assert any(one.message_id in line for line in ids), "what is called sent was taken"


@pytest.mark.parametrize("point", range(3))
def test_a_kill_while_sending_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, point: int
) -> None:
    _kill_a_sending(tmp_path, point * 0.05)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_a_kill_at_a_hundred_points_of_the_sending(tmp_path: Path) -> None:
    for point in range(100):
        _kill_a_sending(tmp_path / str(point), point * 0.004)
