"""A version's patches as the mbox that `git am` gets, with trailers added to their messages."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.apply.repository import GitProgram
from core.apply.values import PatchSource
from core.errors import PatchdeskError
from core.mail.header_encoding import encode_header
from core.sources.mbox import to_mboxrd

_TRAILER_SETTINGS: Final = ("trailer.ifexists=addIfDifferent", "trailer.where=end")
_NO_CONFIGURATION: Final = {
    "GIT_DIR": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
"""No `trailer.NAME.command` of a configuration runs, nor adds a trailer that nobody asked for."""


@dataclass(frozen=True, slots=True)
class MailParts:
    """A patch mail as `git am` splits it."""

    message: bytes
    """The commit message without its title, in UTF-8."""
    diff: bytes
    """The diff, unchanged."""
    facts: dict[str, str]
    """Author, Email, Subject and Date."""


def split_mail(git: GitProgram, raw: bytes) -> MailParts:
    """Split a mail by `git mailinfo`. Raises PatchdeskError."""
    with tempfile.TemporaryDirectory(prefix="patchdesk-") as folder:
        message, diff = Path(folder, "message"), Path(folder, "diff")
        done = git.git("mailinfo", "-b", "--encoding=UTF-8", str(message), str(diff), given=raw)
        if done.status:
            raise PatchdeskError(f"git mailinfo failed: {done.error[:300]}")
        facts = dict(line.split(": ", 1) for line in done.text.split("\n") if ": " in line)
        return MailParts(message.read_bytes(), diff.read_bytes(), facts)


def patches_mbox(git: GitProgram, patches: Sequence[PatchSource]) -> bytes:
    """Return patches as an mboxrd, each with its trailers. Raises PatchdeskError."""
    return to_mboxrd(mail_with_trailers(git, one) for one in patches)


def add_trailers(git: GitProgram, message: str, trailers: Sequence[str]) -> str:
    """Return a commit message with trailers in its last block, each once, as `git interpret-trailers` adds them.

    Raises PatchdeskError.
    """
    words = [word for one in trailers for word in ("--trailer", one)]
    done = git.git(
        "interpret-trailers",
        "--no-divider",
        *words,
        given=message.encode("utf-8", "surrogateescape"),
        settings=_TRAILER_SETTINGS,
        environment=_NO_CONFIGURATION,
    )
    if done.status:
        raise PatchdeskError(f"git interpret-trailers failed: {done.error[:300]}")
    return done.out.decode("utf-8", "surrogateescape")


def mail_with_trailers(git: GitProgram, patch: PatchSource) -> bytes:
    """Return a patch's mail; with trailers to add, written anew: its author, date, title, message and diff.

    Raises PatchdeskError.
    """
    if not patch.trailers:
        return patch.raw
    parts = split_mail(git, patch.raw)
    title = parts.facts.get("Subject", patch.title)
    text = f"{title}\n\n{parts.message.decode('utf-8', 'surrogateescape')}"
    text = add_trailers(git, text, patch.trailers).partition("\n")[2].lstrip("\n")
    author = f"{parts.facts.get('Author', '')} <{parts.facts.get('Email', '')}>"
    head = [
        "From: patchdesk <patchdesk@localhost>",
        f"Date: {parts.facts.get('Date', '')}",
        f"Subject: {encode_header(f'[PATCH] {title}', 'Subject')}",
        *([f"Message-ID: <{patch.message_id}>"] if patch.message_id else []),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        # The first line in the body names the author; what follows it is no header any more.
        f"From: {author}",
        "",
        text.rstrip("\n"),
        "---",
        "",
        "",
    ]
    return "\n".join(head).encode("utf-8", "surrogateescape") + parts.diff
