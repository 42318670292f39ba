"""The doctor's check of the way that replies leave: nothing is sent, and no server is asked."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.desk.check import Check, Level
from core.errors import PatchdeskError
from core.system.user_git import has_send_email

if TYPE_CHECKING:
    from core.config import Config

_DEADLINE: Final = 10.0
"""Seconds that git may take."""
_SENDMAIL: Final = ("/usr/sbin/sendmail", "/usr/lib/sendmail")
"""Programs that git send-email looks for where no server is configured."""


def sending(config: Config, environment: Mapping[str, str]) -> Iterator[Check]:
    """Check the sender, and the way that `[send]` names; who wrote no reply yet is warned of nothing."""
    from core.reply.draft_store import DraftStore

    is_used = (
        config.send_with != "auto" or config.send_command or DraftStore.default().list().drafts
    )
    for check in _sending(config, environment):
        is_early = check.level is Level.WARNING and not is_used
        yield Check.ok(f"{check.finding}: needed for replies only") if is_early else check


def _sending(config: Config, environment: Mapping[str, str]) -> Iterator[Check]:
    from core.desk.reply_service import ReplyService
    from core.reply.delivery import FileWay, GitWay, MaildirWay

    try:
        service = ReplyService(config)
        sender, way = service.me, service.way()
    except PatchdeskError as error:
        yield Check.warning(f"replies cannot be sent: {error.message.rstrip('.')}", error.hint)
        return
    if isinstance(way, GitWay):
        yield _git(sender.address, environment)
    elif isinstance(way, FileWay | MaildirWay):
        yield _folder(Path(way.path), sender.address)
    else:
        command = "[send] command" if config.send_command else "git's sendmail command"
        yield Check.ok(f"replies leave from {sender.address} through {command}")


def _folder(path: Path, sender: str) -> Check:
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    if (there != path and not there.is_dir()) or not os.access(there, os.W_OK):
        return Check.warning(f"replies cannot be written to {path}", f"Make {there} yours.")
    return Check.ok(f"replies from {sender} are written to {path}")


def _git(sender: str, environment: Mapping[str, str]) -> Check:
    """Look whether git send-email is installed, and has a server."""
    if not has_send_email():
        return Check.warning(
            "git send-email is not installed, so replies cannot be sent",
            "Install it (Debian: git-email), or set command under [send] in config.toml.",
        )
    found = _output(
        [
            "git", "config", "--global", "--name-only", "--get-regexp",
            r"^(sendemail|b4|credential)\.|^core\.askpass$",
        ],
        environment,
    )  # fmt: skip
    keys = found.split()
    if _lacks_password(keys, environment):
        return Check.warning(
            "git send-email has no password for the server, so replies cannot be sent",
            "Set up a credential helper for git (man gitcredentials).",
        )
    # An identity is a part of its own in the key: sendemail.work.smtpserver.
    ways = {"smtpserver", "sendmailcmd"}
    if any(key.startswith("sendemail.") and key.rpartition(".")[2] in ways for key in keys):
        return Check.ok(f"replies leave from {sender} through git send-email")
    if any(Path(program).exists() for program in _SENDMAIL):
        return Check.ok(f"replies leave from {sender} through git send-email and sendmail")
    endpoint = " b4's web endpoint takes patches only." if "b4.send-endpoint-web" in keys else ""
    return Check.warning(
        "git send-email has no server, so replies cannot be sent",
        f"Set git's sendemail.smtpServer or sendemail.sendmailCmd.{endpoint}",
    )


def _lacks_password(keys: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Tell whether a user is to log in, and git would have to ask for the password on a terminal."""
    names = {key.partition(".")[0] + "." + key.rpartition(".")[2] for key in keys}
    asks = {"GIT_ASKPASS", "SSH_ASKPASS"} & environment.keys()
    ways = {"sendemail.smtppass", "sendemail.sendmailcmd", "credential.helper", "core.askpass"}
    return "sendemail.smtpuser" in names and not asks and not names & ways


def _output(command: list[str], environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            cwd="/",
            env=dict(environment),
            text=True,
            errors="replace",
            timeout=_DEADLINE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
