"""`patchdesk reply`, `drafts` and `send` as people and scripts use them, with a sendmail and with git send-email."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.core.inboxes import Epoch
from tests.core.reply.kit import PATCH, fake_sendmail
from tests.end_to_end.program import Program

ID = "patch-4@example.org"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Rex Reviewer\n\temail = rex@example.com\n")
    (home / "patch.eml").write_text(PATCH)
    return Program(home)


def configure(program: Program, toml: str) -> None:
    program.config.parent.mkdir(parents=True, exist_ok=True)
    program.config.write_text(toml)


def with_sendmail(program: Program, body: str = "") -> Path:
    folder = program.home / "mail"
    folder.mkdir(exist_ok=True)
    configure(program, f'[send]\ncommand = "{fake_sendmail(folder, body)} -t"\n')
    return folder


def reply(program: Program, *arguments: str, text: str | None = None) -> str:
    """Make a draft, and return its id."""
    command = ["reply", ID, "--in", str(program.home / "patch.eml"), *arguments]
    if text is None:
        return program.do(*command).strip()
    with program.start(*command, "--text", "-", stdin=subprocess.PIPE) as child:
        out, err = child.communicate(text, timeout=100)
    assert (child.returncode, err) == (0, "")
    return out.strip()


def test_a_trailer_is_a_ready_draft_and_leaves_once(program: Program) -> None:
    folder = with_sendmail(program)
    draft = reply(program, "--trailer", "Reviewed-by")
    (record,) = program.records("drafts")
    assert (record["id"], record["state"], record["answers"]) == (draft, "ready", ID)
    assert record["trailers"] == ["Reviewed-by: Rex Reviewer <rex@example.com>"]
    assert [one["address"] for one in record["to"]] == ["ann@example.org"]
    assert [one["address"] for one in record["cc"]] == ["john@example.net", "list@vger.kernel.org"]
    dry = program.do("send", draft, "--dry-run")
    assert "Reviewed-by: Rex Reviewer" in dry
    assert list(folder.glob("call-*")) == []
    assert program.do("send", draft, "--yes") == f"{draft} sent\n"
    (call,) = [json.loads(path.read_text()) for path in folder.glob("call-*.json")]
    assert call["argv"] == ["-i", "ann@example.org", "john@example.net", "list@vger.kernel.org"]
    message = message_from_bytes(call["stdin"].encode("latin-1"))
    assert message["In-Reply-To"] == f"<{ID}>"
    assert message["Subject"] == "Re: [PATCH v2 4/7] stripe-tree: add selftests"
    assert str(message.get_payload()).endswith(
        "> so nobody notices when it breaks.\n\nReviewed-by: Rex Reviewer <rex@example.com>\n"
    )
    status, out, err = program.run("send", draft, "--yes")
    assert (status, out) == (1, "")
    assert "sent already" in err
    (record,) = program.records("drafts")
    assert record["state"] == "sent"
    assert [one["result"] for one in record["handed"]] == ["sent"]
    assert len(list(folder.glob("call-*.json"))) == 1


def test_own_lines_leave_as_they_were_written(program: Program) -> None:
    folder = with_sendmail(program)
    text = "#ifdef CONFIG_X\n| a table |\nFrom here\n.\n-- not a signature\nü\n"
    reply(program, text=text)
    program.do("send", "--ready", "--yes")
    (call,) = [json.loads(path.read_text()) for path in folder.glob("call-*.json")]
    assert call["stdin"].encode("latin-1").decode().endswith(f"\n\n{text}")


def test_nothing_is_sent_without_a_terminal_or_consent(program: Program) -> None:
    folder = with_sendmail(program)
    draft = reply(program, "--trailer", "Acked-by")
    status, out, err = program.run("send", draft)
    assert (status, out) == (1, "")
    assert "--yes" in err
    assert list(folder.glob("call-*")) == []


def test_a_failure_is_told_and_can_be_tried_again(program: Program) -> None:
    with_sendmail(program, "print('550 5.1.1 no such user'); sys.exit(1)")
    draft = reply(program, "--trailer", "Tested-by")
    status, _, err = program.run("send", draft, "--yes")
    assert status == 1
    assert "550 5.1.1 no such user" in err
    (record,) = program.records("drafts")
    assert record["state"] == "failed"
    with_sendmail(program)
    assert program.do("send", draft, "--yes") == f"{draft} sent\n"


def test_an_unsure_one_is_settled_by_hand(program: Program) -> None:
    with_sendmail(program, "os.kill(os.getpid(), 9)")
    draft = reply(program, "--trailer", "Tested-by")
    assert program.run("send", draft, "--yes")[0] == 1
    (record,) = program.records("drafts")
    assert record["state"] == "unsure"
    status, _, err = program.run("send", draft, "--yes")
    assert status == 1
    assert "--settle" in err
    assert program.do("send", "--settle", draft, "sent") == f"{draft} sent\n"


def test_an_unsure_one_is_settled_by_a_sync_that_brings_it(
    program: Program, tmp_path: Path
) -> None:
    folder = with_sendmail(program, "os.kill(os.getpid(), 9)")
    draft = reply(program, "--trailer", "Tested-by")
    assert program.run("send", draft, "--yes")[0] == 1
    epoch = Epoch(tmp_path / "list")
    epoch.add(PATCH.encode())
    program.do("follow", "list", str(tmp_path / "list"))
    program.do("sync")
    assert program.records("drafts")[0]["state"] == "unsure"
    (call,) = [json.loads(path.read_text()) for path in folder.glob("call-*.json")]
    epoch.add(call["stdin"].encode("latin-1"))
    assert f"reply {draft} was sent: a list has it" in program.do("sync")
    assert program.records("drafts")[0]["state"] == "sent"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("send",), 2),
        (("send", "--ready", "x"), 2),
        (("send", "--settle", "x", "maybe"), 2),
        (("send", "none", "--yes"), 1),
        (("send", "../../x", "--yes"), 1),
        (("reply", ID, "--trailer", "Subject: x\nBcc", "--in", "patch.eml"), 2),
        (("reply", "none@x", "--trailer", "Acked-by", "--in", "patch.eml"), 1),
        (("reply", ID, "--in", "patch.eml"), 1),
    ],
)
def test_wrong_calls(program: Program, arguments: tuple[str, ...], status: int) -> None:
    found, out, err = program.run(*arguments)
    assert (found, out) == (status, "")
    assert err.startswith("patchdesk")


def test_an_address_to_send_from_is_needed(program: Program) -> None:
    (program.home / ".gitconfig").unlink()
    status, _, err = program.run(
        "reply", ID, "--trailer", "Acked-by", "--in", str(program.home / "patch.eml")
    )
    assert status == 1
    assert "user.email" in err


class _Sink:
    """Keeps each mail as an SMTP server got it."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802
        sender = envelope.mail_from  # type: ignore[attr-defined]
        recipients = list(envelope.rcpt_tos)  # type: ignore[attr-defined]
        self.mails.append((sender, recipients, envelope.content))  # type: ignore[attr-defined]
        return "250 OK"


@pytest.fixture
def smtp(program: Program) -> Iterator[_Sink]:
    """Serve SMTP on loopback, and have git send there."""
    controller = pytest.importorskip("aiosmtpd.controller")
    found = subprocess.run(["git", "send-email", "-h"], capture_output=True, check=False)
    if b"not a git command" in found.stderr:
        pytest.skip("git send-email is not installed")
    sink = _Sink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = controller.Controller(sink, hostname="127.0.0.1", port=port)
    server.start()
    with (program.home / ".gitconfig").open("a") as file:
        file.write(
            f"[sendemail]\n\tsmtpServer = 127.0.0.1\n\tsmtpServerPort = {port}\n"
            "\tto = extra@example.org\n\tcc = extra@example.org\n\tsuppresscc = all\n"
            "\tconfirm = always\n"
        )
    yield sink
    server.stop()


def test_git_send_email_sends_to_exactly_those_of_the_preview(
    program: Program, smtp: _Sink
) -> None:
    configure(program, "[reply]\nbcc_me = true\n")
    text = "Fine.\n\nReviewed-by: Somebody Else <else@example.org>\nCc: third@example.org\n"
    draft = reply(program, text=text)
    assert program.do("send", draft, "--yes") == f"{draft} sent\n"
    ((sender, recipients, raw),) = smtp.mails
    assert sender == "rex@example.com"
    assert sorted(recipients) == [
        "ann@example.org",
        "john@example.net",
        "list@vger.kernel.org",
        "rex@example.com",
    ]
    message = message_from_bytes(raw)
    assert message["Bcc"] is None
    assert message["In-Reply-To"] == f"<{ID}>"
    assert [record["message_id"] for record in program.records("drafts")] == [
        message["Message-ID"].strip("<>")
    ]
    assert str(message.get_payload()).replace("\r\n", "\n") == text


def test_a_mail_that_git_has_no_password_for_is_not_called_sent(
    program: Program, smtp: _Sink
) -> None:
    """Git 2.39 ends with 0 there, and hands over nothing."""
    subprocess.run(
        ["git", "config", "--file", program.home / ".gitconfig", "sendemail.smtpUser", "rex"],
        check=True,
    )
    draft = reply(program, text="Fine.\n")
    status, out, err = program.run("send", draft, "--yes")
    assert (status, smtp.mails) == (1, [])
    assert "credential helper" in out + err
    (before,) = program.records("drafts")
    assert before["state"] == "failed"
    subprocess.run(
        ["git", "config", "--file", program.home / ".gitconfig", "--unset", "sendemail.smtpUser"],
        check=True,
    )
    assert program.do("send", draft, "--yes") == f"{draft} sent\n"
    ((_, _, raw),) = smtp.mails
    assert message_from_bytes(raw)["Message-ID"].strip("<>") == before["message_id"]
