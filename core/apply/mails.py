"""A version's patches as the mbox that `git am` gets, with trailers added to their messages."""

from __future__ import annotations

from collections.abc import Sequence
from email.header import Header

from core.apply.repository import Repository
from core.apply.trial import TrialIndex
from core.apply.values import PatchSource
from core.errors import PatchdeskError
from core.sources.mbox import to_mboxrd

_TRAILER_SETTINGS = ("trailer.ifexists=addIfDifferent", "trailer.where=end")


def patches_mbox(
    repository: Repository, index: TrialIndex, patches: Sequence[PatchSource]
) -> bytes:
    """Return patches as an mboxrd. Raises PatchdeskError."""
    return to_mboxrd(
        _with_trailers(repository, index, one) if one.trailers else one.raw for one in patches
    )


def add_trailers(repository: Repository, message: str, trailers: Sequence[str]) -> str:
    """Return a commit message with trailers in its last block, each once, as `git interpret-trailers` adds them.

    Raises PatchdeskError.
    """
    words = [word for one in trailers for word in ("--trailer", one)]
    done = repository.git(
        "interpret-trailers",
        "--no-divider",
        *words,
        given=message.encode("utf-8", "surrogateescape"),
        settings=_TRAILER_SETTINGS,
    )
    if done.status:
        raise PatchdeskError(f"git interpret-trailers failed: {done.error[:300]}")
    return done.out.decode("utf-8", "surrogateescape")


def _with_trailers(repository: Repository, index: TrialIndex, patch: PatchSource) -> bytes:
    """Return a patch's mail written anew: its author, date, title and diff, and its message with trailers."""
    message, diff, facts = index.split(patch.raw)
    title = facts.get("Subject", patch.title)
    text = f"{title}\n\n{message.decode('utf-8', 'surrogateescape')}"
    text = add_trailers(repository, text, patch.trailers).partition("\n")[2].lstrip("\n")
    author = f"{facts.get('Author', '')} <{facts.get('Email', '')}>"
    head = [
        "From: patchdesk <patchdesk@localhost>",
        f"Date: {facts.get('Date', '')}",
        f"Subject: {Header(f'[PATCH] {title}', 'utf-8', header_name='Subject').encode()}",
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
    return "\n".join(head).encode("utf-8", "surrogateescape") + diff
