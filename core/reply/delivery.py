"""The ways a reply leaves: git send-email, a sendmail-like command, a file, a maildir.

There is no SMTP here: passwords, OAuth and TLS stay with git or the user's mail program.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import string
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

from core.errors import PatchdeskError
from core.sources.mbox import to_mboxrd
from core.system.user_git import has_send_email, read_sendmail

DEADLINE: Final = 120.0
"""Seconds that a program has to take a mail."""
_LONGEST_REASON: Final = 300
_READ_BACK: Final = 1 << 16
_GIT_OPTIONS: Final = (
    "--confirm=never", "--quiet", "--suppress-cc=all", "--no-to", "--no-cc", "--no-bcc",
    "--no-chain-reply-to", "--no-annotate",
)  # fmt: skip
"""With them git adds no recipient from the body or the configuration; `all` drops the Cc header too, which is why each
of its mailboxes is given as an option. A milder `--suppress-cc` would not do: git 2.39 adds the configured ones to it.
"""


_NO_PASSWORD: Final = re.compile(r"could not read (?:Username|Password) for|credential fill: ")


class DeliveryError(Exception):
    """The mail did not leave; says why."""


class DeliveryUnsureError(Exception):
    """The mail may have been sent; the message has the known facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """A mail as it leaves."""

    raw: bytes
    """With `\\n` line ends, without Bcc."""
    sender: str
    recipients: tuple[str, ...]
    """The addresses of To and Cc."""
    copies: tuple[str, ...] = ()
    """The mailboxes of Cc as its header has them."""
    blind_copy: str = ""
    """An envelope recipient that no header names; "" for none."""


class DeliveryWay(Protocol):
    """Something that takes a mail away."""

    name: str
    """The name of the way in `[send] with`."""

    def call(self, mail: OutgoingMail, /) -> list[str]:
        """Return the command, or the path, that the mail goes to, for the preview."""
        ...

    def deliver(self, mail: OutgoingMail) -> None:
        """Hand the mail over. Raises DeliveryError where it did not leave, DeliveryUnsureError where it may have."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSettings:
    """The `[send]` table of the configuration."""

    way: str = "auto"
    command: str = ""
    identity: str = ""
    repo: str = ""


def delivery_way(settings: SendSettings, environment: Mapping[str, str]) -> DeliveryWay:
    """Return the way that the configuration names. Raises PatchdeskError where it names none that can be used."""
    way, command, key = settings.way, settings.command, "[send] command"
    if way == "auto":
        way = "git" if not command and has_send_email() else "command"
    if way == "command":
        if not command:
            command, key = read_sendmail(settings.identity), "Git's sendmail command"
        return CommandWay(_command_arguments(command, key, environment))
    if way.startswith("file:"):
        return FileWay(_path(way))
    if way.startswith("maildir:"):
        return MaildirWay(_path(way))
    if way == "git":
        return GitWay(settings.identity, settings.repo)
    raise PatchdeskError(
        f"[send] with = {way!r} is not a way to send.",
        "It is auto, git, command, file:PATH or maildir:PATH.",
    )


class GitWay:
    """`git send-email`, one mail a call, since a call that fails may have sent the mails before."""

    name = "git"

    def __init__(self, identity: str = "", repo: str = "") -> None:
        self._identity = identity
        self._repo = repo

    def call(self, mail: OutgoingMail, file: str = "FILE") -> list[str]:
        """Return the command; `file` is a copy, since a validate hook (patatt) may sign it in place."""
        words = ["git", "send-email", *_GIT_OPTIONS]
        if self._identity:
            words.append(f"--identity={self._identity}")
        words += [f"--cc={one}" for one in mail.copies]
        if mail.blind_copy:
            words.append(f"--bcc={mail.blind_copy}")
        return [*words, file]

    def deliver(self, mail: OutgoingMail) -> None:
        """Write a copy and call git on it, in the repository of `[send] repo`, else where none is found.

        That git ends well is no proof: it does so, too, where it has no password and hands over nothing. It was sent
        where git says so.
        """
        with tempfile.TemporaryDirectory(prefix="patchdesk-") as folder:
            file = Path(folder, "mail.eml")
            file.write_bytes(mail.raw)
            environment = {**os.environ, "LANGUAGE": "C"}  # the sentence is looked for in English
            where = folder
            if self._repo:
                where = str(Path(self._repo).expanduser())
            else:
                environment["GIT_CEILING_DIRECTORIES"] = str(Path(folder).parent)
            try:
                lines = _run(self.call(mail, str(file)), None, where, environment)
            except DeliveryError as error:
                raise DeliveryError(_with_password_hint(str(error))) from error
        if any(line.startswith("Sent ") for line in lines):
            return
        reason = lines[-1][:_LONGEST_REASON] if lines else ""
        if any(_NO_PASSWORD.search(line) for line in lines):
            raise DeliveryError(_with_password_hint(f"git send-email sent nothing. {reason}"))
        raise DeliveryUnsureError(
            f"git send-email did not say that it sent the mail. {reason}".rstrip()
        )


class CommandWay:
    """A program that takes a mail as sendmail does: recipients as arguments, the mail on standard input."""

    name = "command"

    def __init__(self, words: Sequence[str]) -> None:
        # -t would have it read the recipients from the headers, without the blind copy.
        self._words = [word for word in words if word not in {"-t", "--read-recipients"}]

    def call(self, mail: OutgoingMail) -> list[str]:
        """Return the command; `-i`: a line that holds only a dot does not end the mail."""
        extra = [mail.blind_copy] if mail.blind_copy else []
        return [*self._words, "-i", *mail.recipients, *extra]

    def deliver(self, mail: OutgoingMail) -> None:
        """Run the command in an empty folder."""
        with tempfile.TemporaryDirectory(prefix="patchdesk-") as folder:
            _run(self.call(mail), mail.raw, folder, dict(os.environ))


class FileWay:
    """An mbox (mboxrd) to which mails are added, or a folder that gets an `.eml` file each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"file:{path}"

    def call(self, _: OutgoingMail) -> list[str]:
        """Return where the mail goes."""
        return [str(self.path)]

    def deliver(self, mail: OutgoingMail) -> None:
        """Write the mail, and return once it is on disk."""
        try:
            if self.path.is_dir():
                _write_new(self.path / f"{_unique_name()}.eml", mail.raw)
                return
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise DeliveryError(f"{self.path} cannot be written: {error.strerror}.") from error
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(to_mboxrd([mail.raw]))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DeliveryUnsureError(f"{self.path} was cut short: {error.strerror}.") from error


class MaildirWay:
    """A maildir, written as maildir(5) says: a new file in `tmp`, then a rename to `new`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"maildir:{path}"

    def call(self, _: OutgoingMail) -> list[str]:
        """Return where the mail goes."""
        return [str(self.path)]

    def deliver(self, mail: OutgoingMail) -> None:
        """Write the mail, and return once it is on disk."""
        name = _unique_name()
        try:
            for folder in ("tmp", "new", "cur"):
                (self.path / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_new(self.path / "tmp" / name, mail.raw)
            (self.path / "tmp" / name).rename(self.path / "new" / name)
        except OSError as error:
            raise DeliveryError(f"{self.path} cannot be written: {error.strerror}.") from error


def _write_new(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _unique_name() -> str:
    host = socket.gethostname().replace("/", r"\057").replace(":", r"\072")
    return f"{time.time_ns() // 1000}.P{os.getpid()}Q{os.urandom(4).hex()}.{host}"


def _path(way: str) -> Path:
    try:
        path = Path(way.partition(":")[2]).expanduser()
    except RuntimeError as error:
        raise PatchdeskError(f"[send] with = {way!r}: there is no home folder.") from error
    if not path.is_absolute():
        raise PatchdeskError(
            f"[send] with = {way!r} is not an absolute path.",
            "Write the whole path, or one with ~.",
        )
    return path


def _command_arguments(command: str, key: str, environment: Mapping[str, str]) -> list[str]:
    """Return the words of a command, with `~` and `$NAME` read as a shell reads them; `key` is where it was set."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise PatchdeskError(f"{key} cannot be read: {error}.") from error
    words = [os.path.expanduser(_expanded(word, environment)) for word in words]  # noqa: PTH111
    if not words:
        raise PatchdeskError(
            "No way to send mail is set.",
            "Install git send-email (Debian: git-email), or set command under [send] in config.toml, such as msmtp.",
        )
    if shutil.which(words[0]) is None:
        raise PatchdeskError(f"{key}: there is no program {words[0]}.")
    return words


def _expanded(word: str, environment: Mapping[str, str]) -> str:
    return string.Template(word).safe_substitute(environment)


def _with_password_hint(reason: str) -> str:
    """Add the remedy where git had no password: it cannot ask for one, since it has no terminal."""
    if not _NO_PASSWORD.search(reason):
        return reason
    return f"{reason} Give git the password by a credential helper (man gitcredentials), or set [send] command."


def _run(
    words: Sequence[str], given: bytes | None, folder: str, environment: Mapping[str, str]
) -> Sequence[str]:
    """Run a program that takes a mail, and return the last lines it wrote. Raises DeliveryError or DeliveryUnsureError.

    The mail is a file on its standard input and not a pipe: where this process dies, the program reads all of it, and
    no mail that is cut short leaves.
    """
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as mail:
        mail.write(given or b"")
        mail.seek(0)
        try:
            process = subprocess.Popen(
                words,
                stdin=mail,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            raise DeliveryError(f"{words[0]} cannot be started: {error.strerror}.") from error
        try:
            process.wait(DEADLINE)
        except BaseException as error:
            _kill(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise DeliveryUnsureError(
                    f"{words[0]} did not end within {DEADLINE:.0f} s and was stopped."
                ) from error
            if isinstance(error, OSError):
                raise DeliveryUnsureError(f"{words[0]}: {error.strerror}.") from error
            raise
        lines = _last_lines(said)
    reason = lines[-1][:_LONGEST_REASON] if lines else ""
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        raise DeliveryUnsureError(f"{words[0]} was ended by {name}. {reason}".rstrip())
    if process.returncode:
        raise DeliveryError(f"{words[0]} failed ({process.returncode}). {reason}".rstrip())
    return lines


def _last_lines(said: IO[bytes]) -> Sequence[str]:
    """Return the end of a program's output, without blank lines."""
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - _READ_BACK))
    text = said.read().decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
