from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mail.message import (
    FIRST_REFERENCES,
    LAST_REFERENCES,
    UNKNOWN_DATE,
    mail_text,
    message_id_of,
    parse_mail,
    parse_message,
)
from core.model import Identity, OpenedMessage, Trailer
from tests.core.shared_mails import expectations, shared, split_mbox

DIFF = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"
PATCH = f"Why.\n\nSigned-off-by: Ada <ada@x>\n---\n{DIFF}-- \n2.49\n"


def opened(raw: bytes) -> OpenedMessage:
    """Return the mail, opened, whose facts are those read without opening it."""
    mail = parse_mail(raw, "k")
    assert parse_message(raw, "k") == mail.message
    assert message_id_of(raw) in (mail.message.message_id, None)
    assert mail.message.key == "k"
    assert mail_text(raw) == mail.text
    return mail


def mail(subject: str = "[PATCH] a", text: str = PATCH, **headers: str) -> OpenedMessage:
    fields = {"From": "Bob <bob@x>", "Subject": subject, "Message-ID": "<id@x>", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items())
    return opened(f"{head}\n{text}".encode())


def test_the_facts_of_a_patch() -> None:
    message = mail(
        Date="Thu, 21 Jul 2005 09:10:36 +0200",
        In_Reply_To="<c@x>",
        References="<a@x> <b@x>",
        To="a@x, B <b@x>",
        Cc="c@x",
        List_Id="Some list <Some.List.org>",
    ).message
    assert message.message_id == "id@x"
    assert message.subject.title == "a"
    assert message.sender == message.author == Identity("Bob", "bob@x")
    assert message.date == datetime(2005, 7, 21, 7, 10, 36, tzinfo=UTC)
    assert message.date.utcoffset() is not None
    assert message.in_reply_to == "c@x"
    assert message.references == ("a@x", "b@x", "c@x")
    assert message.to == (Identity("", "a@x"), Identity("B", "b@x"))
    assert message.cc == (Identity("", "c@x"),)
    assert message.list_ids == ("some.list.org",)
    assert message.has_diff
    assert message.trailers == (Trailer("Signed-off-by", "Ada <ada@x>"),)
    assert message.truncations == ()


def test_the_author_of_a_patch_may_stand_in_its_body() -> None:
    relayed = f"From: =?utf-8?q?Ad=C3=A1?= <ada@x>\n\n{PATCH}"
    ada = Identity("Adá", "ada@x")
    assert mail("[PATCH] a", relayed).message.author == ada
    assert mail("a", relayed).message.author == ada
    assert (
        mail("[PATCH 0/2] a", "From: =?utf-8?q?Ad=C3=A1?= <ada@x>\n\nCover.\n").message.author
        == ada
    )
    # Never of a reply, of what is no patch, and never without an address
    bob = Identity("Bob", "bob@x")
    for subject, text in [
        ("Re: [PATCH] a", relayed),
        ("a", "From: Ada <ada@x>\n\nHello.\n"),
        ("[PATCH] a", f"From: me\n\n{PATCH}"),
        ("[PATCH] a", f"> From: Ada <ada@x>\n\n{PATCH}"),
    ]:
        message = mail(subject, text).message
        assert (message.author, message.sender) == (bob, bob)


def test_a_reply_that_quotes_a_patch_has_no_diff_and_gives_trailers() -> None:
    quoted = "".join(f"> {line}\n" for line in PATCH.split("\n"))
    message = mail("Re: [PATCH] a", f"{quoted}\nReviewed-by: Ada <ada@x>\nCc: b@x\n").message
    assert not message.has_diff
    assert message.trailers == (Trailer("Reviewed-by", "Ada <ada@x>"),)


def test_a_reply_with_a_patch_of_its_own() -> None:
    read = mail("Re: [PATCH] a", f"Tested-by: Bob <bob@x>\n\nHow about:\n\n{PATCH}")
    assert read.message.has_diff
    assert read.message.trailers == (Trailer("Tested-by", "Bob <bob@x>"),)


@pytest.mark.parametrize(
    ("subject", "text", "is_patch"),
    [
        ("[PATCH] a", "no diff\n", True),
        ("[RFC] a", PATCH, True),
        ("[RFC] a", "an idea\n", False),
        ("Re: [RFC] a", PATCH, False),
        ("[v2 1/2] a", PATCH, True),
        ("[v2 1/2] a", "no diff\n", False),
        ("[v2 0/2] a", "no diff\n", True),
        ("Re: [v2 1/2] a", "no diff\n", True),
        ("[GIT PULL] a", PATCH, False),
    ],
)
def test_brackets_and_body_make_a_patch(subject: str, text: str, is_patch: bool) -> None:
    assert mail(subject, text).message.subject.is_patch == is_patch


def test_the_change_id_is_b4_s() -> None:
    change = "20250602-some-thing-1a2b3c"
    cover = f"Cover.\n\n---\nbase-commit: abc\nchange-id: {change}\n\nBest regards,\n"
    assert mail("[PATCH 0/2] a", cover).message.change_id == change
    assert mail("[PATCH] a", f"{PATCH}\nchange-id: {change}\n").message.change_id == change
    assert mail("[PATCH] a", f"Change-Id: I1234\n{PATCH}").message.change_id is None
    assert mail("Re: [PATCH 0/2] a", cover).message.change_id is None
    assert mail("[PATCH 0/2] a", f"> change-id: {change}\n").message.change_id is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (b"Message-ID: <a@x>\nMessage-ID: <b@x>\n", "a@x"),
        (b"Message-Id:\n <a@x>\n", "a@x"),
        (b"MESSAGE-ID: a@x (comment)\n", "a@x"),
        (b"Message-ID: <a @x>\n", "a@x"),
        (b"Message-ID: \nMessage-ID: <b@x>\n", "b@x"),
    ],
)
def test_the_message_id(headers: bytes, expected: str) -> None:
    raw = headers + b"\nHello.\n"
    assert opened(raw).message.message_id == message_id_of(raw) == expected


def test_a_mail_without_an_id_has_one_made_of_its_content() -> None:
    ids = [parse_message(raw).message_id for raw in (b"A: b\n\nc", b"A: b\n\nc", b"A: b\n\nd")]
    assert ids[0] == ids[1] != ids[2]
    assert all(each.endswith("@missing.invalid") for each in ids)
    assert message_id_of(b"A: b\n\nMessage-ID: <a@x>\n") is None


def test_references_are_bounded_and_say_so() -> None:
    many = [f"<{at}@x>" for at in range(2000)]
    message = mail(References=" ".join(many), In_Reply_To="<last@x>").message
    assert len(message.references) == FIRST_REFERENCES + LAST_REFERENCES
    assert message.references[0] == "0@x"
    assert message.references[-2:] == ("1999@x", "last@x")
    assert message.truncations == ("too many references",)


def test_several_reference_headers_are_read() -> None:
    raw = b"References: <a@x>\nReferences: <b@x>\nIn-Reply-To: <c@x>\nIn-Reply-To: <b@x>\n\n"
    message = opened(raw).message
    assert message.references == ("a@x", "b@x", "c@x")
    assert message.in_reply_to == "c@x"


def test_a_bad_date_gives_way_to_when_it_was_received() -> None:
    received = "from a by b;\n Thu, 21 Jul 2005 09:10:36 +0200"
    moment = datetime(2005, 7, 21, 7, 10, 36, tzinfo=UTC)
    assert mail(Received=received, Date="Feb 31").message.date == moment
    assert mail(Received=received).message.date == moment
    assert mail(Date="Feb 31").message.date == UNKNOWN_DATE


def test_the_fingerprint_tells_contents_apart() -> None:
    first = mail().message.fingerprint
    assert first == mail(X_Other="header").message.fingerprint
    assert first == mail(text=f"{PATCH}\n").message.fingerprint  # mailboxes add and drop line ends
    assert (
        first
        == opened(
            b"From: bob@x\r\nSubject: [PATCH] a\r\n\r\n" + PATCH.replace("\n", "\r\n").encode()
        ).message.fingerprint
    )
    others = {
        mail(text=f"{PATCH}footer\n").message.fingerprint,
        mail("[PATCH] b").message.fingerprint,
        mail(From="Bob <bob@y>").message.fingerprint,
    }
    assert len(others | {first}) == 4


def test_all_headers_are_there_decoded() -> None:
    read = opened(b"Received: a\nreceived: b\nSUBJECT: =?utf-8?q?=C3=A9?=\n x\n\nHello.\n")
    assert read.headers == (("Received", "a"), ("received", "b"), ("SUBJECT", "é x"))
    assert read.text == read.body.message == "Hello.\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"\r",
        b"\0",
        b"x",
        b"From ",
        b": \n\n",
        b"\xff\xfe\0",
        b" a\n b\n",
        b"\n\nA: b\n\nc",
    ],
)
def test_a_mail_of_almost_nothing(raw: bytes) -> None:
    message = opened(raw).message
    assert message.date == UNKNOWN_DATE
    assert message.sender == Identity("", "")


def test_old_line_ends() -> None:
    read = opened(b"Subject: a\rFrom: b@x\r\rone\rtwo\r")
    assert (read.message.subject.text, read.text) == ("a", "one\ntwo\n")


HEADER_LINES = st.sampled_from(
    [
        b"From: A <a@b>",
        b"From: ",
        b"Subject: [PATCH v2 1/2] =?utf-8?q?=C3?= =?utf-8?b?qQ==?=",
        b"Subject: Re: x",
        b"Message-ID: <a@b>",
        b"In-Reply-To: <c@d> (x <y@z>)",
        b"References: <c@d> <e@f>",
        b"Date: Thu, 21 Jul 2005 09:10:36 +0200",
        b"Date: Thu, 99 Jul 2005 99:10:36 +9999",
        b"Content-Type: text/plain; charset=utf-8; format=flowed",
        b"Content-Type: text/html; charset=utf-16",
        b"Content-Type: multipart/mixed; boundary=b",
        b'Content-Type: multipart/alternative; boundary="b"',
        b"Content-Type: message/rfc822",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1=x.patch",
        b'To: g:a@b, "c, d" <e@f>;',
        b" folded",
        b"no header",
        b"",
        b"--b",
        b"--b--",
        b"---",
        b"diff --git a/f b/f",
        b"--- a/f",
        b"+++ b/f",
        b"@@ -1 +1 @@",
        b"Acked-by: A <a@b>",
        b"SGVsbG8=",
        b"=3D=",
        b"<p>&amp;<br>",
        b"-- ",
        b"> x",
        b"\xff\xfe\0",
    ]
)


@given(
    st.binary(max_size=200)
    | st.lists(HEADER_LINES, max_size=30).map(b"\n".join)
    | st.lists(HEADER_LINES, max_size=30).map(b"\r\n".join)
)
def test_any_bytes_are_read(raw: bytes) -> None:
    read = opened(raw)
    assert read.message.message_id
    (read.text + repr(read)).encode("utf-8")  # no half characters


def odd_mails() -> list[Path]:
    return [path for path in sorted(shared("mails").rglob("*")) if path.is_file()]


def test_every_odd_mail_is_read(tmp_path: Path) -> None:
    paths = odd_mails()
    assert len(paths) > 200
    for at, path in enumerate(paths):
        raw = path.read_bytes()
        opened(raw)
        if path.suffix == ".mbox" and "fuzz" not in path.parts:
            for each in split_mbox(path, tmp_path / str(at)):
                opened(each)


def stated(source: str, *, folder: str, suffix: str = "") -> list[tuple[str, dict[str, object]]]:
    cases = expectations(source)["cases"]
    return [
        (case["file"], case["stated"] or {})
        for case in cases
        if case["file"].startswith(folder) and case["file"].endswith(suffix)
    ]


def test_patchworks_mails_hold_what_is_stated(tmp_path: Path) -> None:
    checked = 0
    for name, facts in stated("patchwork", folder="mail/"):
        (raw,) = split_mbox(shared(f"mails/patchwork/data/{name}"), tmp_path / Path(name).name)
        read = opened(raw)
        if facts.get("patches") or facts.get("diff"):
            assert read.message.has_diff, name
        if facts.get("diff") is False:
            assert not read.message.has_diff, name
        if "html_in_message" in facts:
            assert "<" not in read.body.message.replace("<yuri.volchkov@gmail.com>", ""), name
        if "diff_starts" in facts:
            assert read.body.diff.startswith(str(facts["diff_starts"])), name
        contains = facts.get("contains", [])
        assert isinstance(contains, list)
        for fragment in contains:
            assert fragment in read.body.diff, name
        checked += 1
    assert checked > 20


def test_patchworks_message_ids() -> None:
    general = expectations("patchwork")["general"]
    for value, expected in [*general["message_id"], general["in_reply_to_comment"]]:
        header = value.replace("\n", "\n ").encode()
        message = parse_message(b"Message-ID: " + header + b"\nIn-Reply-To: " + header + b"\n\n")
        assert message.message_id == message.in_reply_to == expected.strip("<>")


def test_public_inboxes_mails_hold_what_is_stated() -> None:
    texts = {
        name: opened(shared(f"mails/public-inbox/data/{name}").read_bytes()).text
        for name, _ in stated("public-inbox", folder="t/", suffix=".eml")
    }
    assert texts["t/msg_iter-order.eml"].split() == ["a", "b"]
    assert texts["t/msg_iter-nested.eml"].split() == ["a", "b", "sig"]
    assert texts["t/iso-2202-jp.eml"].strip()
    assert "$$$" not in texts["t/iso-2202-jp.eml"]
    assert "\thttps://" in texts["t/x-unknown-alpine.eml"]
    assert "\u2022" in texts["t/x-unknown-alpine.eml"]


def test_what_was_counted_of_the_odd_mails() -> None:
    for source in ("public-inbox", "patchwork"):
        for case in expectations(source)["cases"]:
            counted = case.get("counted") or {}
            path = shared(f"mails/{source}/data/{case['file']}")
            if counted.get("messages") != 1 or "fuzz" in case["file"]:
                continue
            message = parse_message(path.read_bytes())
            (message_id,) = counted["message_ids"]
            if message_id:
                assert message.message_id == message_id.strip("<>"), case["file"]
            (subject,) = counted["subjects"]
            if "\ufffd" not in subject:
                assert message.subject.text.split() == subject.split(), case["file"]
