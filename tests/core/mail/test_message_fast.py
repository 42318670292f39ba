"""Mails read in brief equal the full reading."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.diff.parse import file_changes
from core.digest.mail_facts import read_mail_facts
from core.mail.body import find_patch
from core.mail.message import parse_mail
from core.mail.message_fast import parse_message_fast
from core.model import Message
from tests.core.inboxes import mail, patch
from tests.core.shared_mails import kvm_ppc

ADA = "Ada <ada@example.org>"
GIVEN = f"> hunk\n\nReviewed-by: {ADA}\n"


def in_brief(message: Message) -> Message:
    """Return a message reduced to the fields of the brief reading."""
    subject = message.subject
    carried = message.has_diff and not subject.is_reply
    return replace(
        message,
        to=(),
        cc=(),
        fingerprint="",
        has_diff=message.has_diff and not subject.is_reply,
        trailers=() if carried else message.trailers,
    )


def agree(raw: bytes) -> None:
    """Read a mail both ways and compare."""
    full = parse_mail(raw, "key")
    message, text = parse_message_fast(raw, "key")
    assert in_brief(message) == in_brief(full.message)
    assert text in ("", full.text)
    if not full.message.subject.is_reply:
        assert text == full.text
        facts = read_mail_facts(raw, "key")
        found = find_patch(text, 0)
        if full.message.has_diff and found is not None:
            files = file_changes(text[found[1] :])
            assert facts.changes is not None
            assert facts.changes.paths == tuple(file.path for file in files)
            assert facts.changes.added == sum(file.added for file in files)
            assert facts.changes.removed == sum(file.removed for file in files)
    alone, _ = parse_message_fast(raw, "key", replies=False)
    assert (alone.sender, alone.subject, alone.list_ids) == (
        message.sender,
        message.subject,
        message.list_ids,
    )


ENCODED = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {}\n"
REPLY = "Re: [PATCH] a"
ODD = {
    "plain reply": mail(REPLY, answers="a"),
    "reply that gives": mail(REPLY, GIVEN, answers="a"),
    "reply that gives at once": mail(REPLY, f"Acked-by: {ADA}\n", answers="a"),
    "reply that quotes": mail(REPLY, f"> Acked-by: {ADA}\n", answers="a"),
    "reply in quoted-printable": mail(REPLY, f"=41cked-by: {ADA}\n=\nTested=2Dby: {ADA}\n", headers=ENCODED.format("quoted-printable")),
    "reply in base64": mail(REPLY, "QWNrZWQtYnk6IEEgPGFAYj4K\n", headers=ENCODED.format("base64")),
    "reply of two parts": mail(
        REPLY,
        f"--x\nContent-Type: text/plain\n\n{GIVEN}--x\nContent-Type: text/html\n\n<p>Acked-by: x &lt;a@b&gt;</p>\n--x--\n",
        headers="Content-Type: multipart/alternative; boundary=x\n",
    ),
    "reply in HTML": mail(REPLY, "<p>Acked-by: x &lt;a@b&gt;</p>\n", headers="Content-Type: text/html\n"),
    "flowed reply": mail(REPLY, f" Acked-by: {ADA}\nso \nto say\n", headers="Content-Type: text/plain; format=flowed\n"),
    "reply with a patch": mail(REPLY, patch("x").decode().partition("\n\n")[2], answers="a"),
    "patch": patch("[PATCH 1/2] a", message="From: Bob <bob@example.net>\n\nWhy.\n\nchange-id: x"),
    "cover": mail("[PATCH v3 0/2] a", "Hi.\n\nchange-id: 20250101-a-b\n"),
    "bare RFC": patch("[RFC] a"),
    "CRLF": patch("[PATCH] a").replace(b"\n", b"\r\n"),
    "CR": mail("a").replace(b"\n", b"\r"),
    "mbox line": b"From x Mon\n" + mail("a"),
    "blank before": b"\n\n" + mail("a"),
    "raw bytes": mail("caf\xe9").decode().encode("latin-1"),
    "encoded words": mail("=?utf-8?q?caf=C3=A9?=", sender="=?utf-8?b?WsOr?= <z@example.org>"),
    "folded": mail("one\n two\n\tthree", headers="References: <a@b>\n\t<c@d>\n <e@f>\n"),
    "doubled": mail("a", headers="Subject: b\nFrom: Bob <b@c>\nIn-Reply-To: <x@y> <z@y>\nReferences: <1@2>\nReferences: <3@4>\n"),
    "two lists": mail("a", headers="List-Id: Another <other.example.org>\n"),
    "no date": mail("a").replace(b"Date:", b"X-Date:"),
    "no sender": mail("a").replace(b"From:", b"Sender:"),
    "no subject": patch("a").replace(b"Subject: a\n", b""),
    "no id": mail("a").replace(b"Message-ID:", b"X-Id:"),
    "blank in a header's name": mail("a").replace(b"Subject:", b"Subject :"),
    "broken header": mail("a", headers="this is no header\n"),
    "long subject": mail("a" * 5000),
    "odd case": mail("a").replace(b"From:", b"FROM:").replace(b"Subject:", b"sUbJeCt:"),
    "headers alone": mail("a").partition(b"\n\n")[0],
    "nothing": b"",
    "many references": mail("a", headers="References: " + " ".join(f"<{at}@x>" for at in range(700)) + "\n"),
    "parent in prose": mail(REPLY, headers="In-Reply-To: <a@b> (Bob's message from <bob@example.net>)\n"),
    "utf-7": mail("a", "+AGEALQBi-\n", headers="Content-Type: text/plain; charset=utf-7\n"),
    "renamed file": patch("[PATCH] a").replace(b"b/file.c", b"b/other.c"),
    "quoted path": patch("[PATCH] a", path='"\\303\\244"'),
    "hunk that lies": patch("[PATCH] a").replace(b"-1,2 +1,3", b"-1,9 +1,3"),
    "no signature": patch("[PATCH] a").replace(b"-- \n2.49.0\n", b""),
    "removed dashes": patch("[PATCH] a").replace(b"-two\n", b"-- \n"),
    "two diffs": patch("[PATCH] a") + patch("x", path="z.c").partition(b"\n\n")[2],
    "footer": patch("[PATCH] a") + b"_______\n+ list\n- footer\n",
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_mails_read_in_brief_are_what_they_are(name: str) -> None:
    agree(ODD[name])


def test_real_mails_read_in_brief_are_what_they_are(tmp_path: Path) -> None:
    for raw in kvm_ppc(tmp_path)[-2000:]:
        agree(raw)


@given(
    st.lists(st.sampled_from([b"\n", b"\n\n", b": ", b"Subject", b"From", b"Date", b"Re: ", b"<a@b>", b" ", b"\t", b"\r",
                              b"Mon, 2 Jun 2025 10:00:00 +0000", b"Message-ID", b"Content-Type", b"multipart/mixed", b"\xff",
                              b"[PATCH]", b"Acked-by: A <a@b>"]), max_size=30).map(b"".join)
)  # fmt: skip
def test_any_bytes_read_in_brief_are_what_they_are(raw: bytes) -> None:
    agree(raw)
