"""The way that replies leave, as the configuration and the user's git have it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import PatchdeskError
from core.reply.delivery import OutgoingMail, SendSettings, delivery_way

MAIL = OutgoingMail(raw=b"", sender="me@x", recipients=("you@x",))


@pytest.fixture
def gitconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git that has no send-email, and the file of its global configuration; sendmail and msmtp are on PATH."""
    for name in ("sendmail", "msmtp"):
        (tmp_path / name).touch(0o755)
    (tmp_path / "exec").mkdir()
    monkeypatch.setenv("GIT_EXEC_PATH", str(tmp_path / "exec"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    return tmp_path / "gitconfig"


@pytest.mark.parametrize(
    ("git", "settings", "call"),
    [
        ("sendmailCmd = sendmail -v", {}, "sendmail -v -i you@x"),
        ("sendmailCmd = ~/sendmail '$HOME x'", {}, "HOME/sendmail HOME x -i you@x"),
        ("smtpServer = HOME/msmtp\nsmtpServerOption = -a\nsmtpServerOption = my work", {},
         "HOME/msmtp -a my work -i you@x"),
        ("smtpServer = HOME/msmtp\nsendmailCmd = sendmail", {}, "sendmail -i you@x"),
        ("sendmailCmd = sendmail\n[sendemail \"work\"]\nsendmailCmd = msmtp", {"identity": "work"},
         "msmtp -i you@x"),
        ("sendmailCmd = sendmail", {"command": "msmtp -t"}, "msmtp -i you@x"),
        ("sendmailCmd = sendmail", {"way": "command"}, "sendmail -i you@x"),
    ],
)  # fmt: skip
def test_without_send_email_gits_sendmail_command_is_called(
    gitconfig: Path, git: str, settings: dict[str, str], call: str
) -> None:
    home = str(gitconfig.parent)
    gitconfig.write_text(f"[sendemail]\n{git}\n".replace("HOME/", f"{home}/"))
    way = delivery_way(SendSettings(**settings), os.environ)
    assert " ".join(way.call(MAIL)) == call.replace("HOME", home)


@pytest.mark.parametrize("git", ["", "smtpServer = mail.example.org", "smtpPass = secret"])
def test_without_any_way_it_says_what_to_set(gitconfig: Path, git: str) -> None:
    gitconfig.write_text(f"[sendemail]\n{git}\n")
    with pytest.raises(PatchdeskError, match="No way to send mail is set"):
        delivery_way(SendSettings(), os.environ)


def test_send_email_calls_gits_command_itself(gitconfig: Path) -> None:
    gitconfig.write_text("[sendemail]\nsendmailCmd = sendmail\n")
    (gitconfig.parent / "exec" / "git-send-email").touch(0o755)
    assert delivery_way(SendSettings(), os.environ).name == "git"
