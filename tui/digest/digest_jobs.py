"""What the digest's screen asks of worker threads, and what they answer; each answer names its request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from textual.message import Message

from core.errors import Cancelled, PatchdeskError
from core.progress import Progress

if TYPE_CHECKING:
    from core.digest.process import DigestResult
    from core.digest.values import Digest

Post = Callable[[Message], object]

FORMATS: Final = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".json": "json"}  # fmt: skip
"""The format that a file's name asks for; any other is text."""


@dataclass(frozen=True, slots=True, eq=False)
class DigestRequest:
    """The request for a digest; only the very same object is the same request."""

    target: str
    words: str
    """FROM..TO."""
    now: datetime
    stop: Event = field(default_factory=Event)


@dataclass
class DigestProgressed(Message):
    """How far the reading has come; a later one takes the place of this one."""

    request: DigestRequest
    progress: Progress

    def can_replace(self, message: Message) -> bool:
        """Let a burst of these collapse into the latest."""
        return isinstance(message, DigestProgressed) and message.request is self.request


@dataclass
class DigestArrived(Message):
    """The digest is made."""

    request: DigestRequest
    made: DigestResult


@dataclass
class DigestFailed(Message):
    """It cannot be made."""

    request: DigestRequest
    error: PatchdeskError


@dataclass
class Kept(Message):
    """A place was remembered, or could not be."""

    kind: str
    until: str
    error: PatchdeskError | None = None


@dataclass
class Exported(Message):
    """A digest was written to a file, or could not be."""

    path: Path
    error: PatchdeskError | None = None


def make_digest(request: DigestRequest, post: Post) -> None:
    """Have a child process make a digest, and post it."""
    from core.digest.process import DigestProcess

    def report(progress: Progress) -> None:
        post(DigestProgressed(request, progress))

    try:
        process = DigestProcess(request.target, request.words, request.now)
        made = process.result(stop=request.stop, report=report)
    except Cancelled:
        return
    except PatchdeskError as error:
        post(DigestFailed(request, error))
    else:
        post(DigestArrived(request, made))


def keep(target: str, kind: str, until: str, when: datetime, at: int, post: Post) -> None:
    """Remember a place of a target's digests."""
    from core.digest.bookmarks import save_bookmark

    try:
        save_bookmark(target, kind, until, when, at=at)
    except PatchdeskError as error:
        post(Kept(kind, until, error))
    else:
        post(Kept(kind, until))


def export(digest: Digest, path: Path, top: int, post: Post) -> None:
    """Write a digest to a file, whole or not at all, for the user alone."""
    from core.digest.page import PageFormat, write_page
    from core.system.paths import write_atomically

    form = PageFormat(format=FORMATS.get(path.suffix.lower(), "text"), top=top)
    try:
        page = "".join(f"{line}\n" for line in write_page(digest, form))
        write_atomically(path, page.encode("utf-8", "backslashreplace"))
    except PatchdeskError as error:
        post(Exported(path, error))
    else:
        post(Exported(path))
