"""Small public-inbox archives for tests: commits as public-inbox makes them, without public-inbox."""

from __future__ import annotations

import zlib
from email.utils import formatdate
from pathlib import Path

import pygit2

from core.mail.message import parse_message

_NO_IDENT = dict.fromkeys(map(ord, "<>\0\n"))
START = 1_748_700_000
"""2025-05-31T14:00:00Z, the first mail's arrival."""


def mail(
    subject: str,
    text: str = "Hello.\n",
    *,
    sender: str = "Ada <ada@example.org>",
    mid: str = "",
    answers: str = "",
    date: int = START,
    headers: str = "",
) -> bytes:
    """Return a plain mail; its Message-ID is made of its subject unless said."""
    mid = mid or f"{zlib.crc32(f'{subject}{sender}'.encode()):08x}@example.org"
    reference = f"In-Reply-To: <{answers}>\nReferences: <{answers}>\n" if answers else ""
    return (
        f"From: {sender}\nSubject: {subject}\nDate: {formatdate(date)}\nMessage-ID: <{mid}>\n"
        f"List-Id: <test.example.org>\n{reference}{headers}\n{text}"
    ).encode()


DIFF = """\
diff --git a/{path} b/{path}
index 1111111..2222222 100644
--- a/{path}
+++ b/{path}
@@ -1,2 +1,3 @@
 one
-two
+2
+3
--\x20
2.49.0
"""


def patch(
    subject: str,
    *,
    path: str = "file.c",
    sender: str = "Ada <ada@example.org>",
    mid: str = "",
    answers: str = "",
    date: int = START,
    message: str = "Why.",
) -> bytes:
    """Return a patch mail that adds two lines to a file and removes one."""
    stat = f" {path} | 3 ++-\n 1 file changed, 2 insertions(+), 1 deletion(-)\n"
    text = f"{message}\n\nSigned-off-by: {sender}\n---\n{stat}\n{DIFF.format(path=path)}"
    return mail(subject, text, sender=sender, mid=mid, answers=answers, date=date)


class Epoch:
    """One epoch repository; each call adds a commit and returns its id."""

    def __init__(self, folder: Path, number: int = 0, *, anonymous: bool = False) -> None:
        self.path = folder / "git" / f"{number}.git"
        self.repository = pygit2.init_repository(str(self.path), bare=True, initial_head="master")
        self.time = START
        self.anonymous = anonymous
        """Its commits name neither sender nor subject, as some programs write them."""

    def add(self, raw: bytes, *, at: int | None = None, entry: str = "m") -> str:
        """Deliver a mail."""
        message = parse_message(raw)
        address = message.sender.address.translate(_NO_IDENT) or "nobody"
        name = message.sender.name.translate(_NO_IDENT) or address
        author = pygit2.Signature(name, address, int(message.date.timestamp()))
        if self.anonymous:
            return self._commit(raw, entry, pygit2.Signature("x", "x@example.org"), "mail", at)
        return self._commit(raw, entry, author, message.subject.text, at)

    def remove(self, raw: bytes, *, at: int | None = None) -> str:
        """Remove a mail as `public-inbox-learn rm` does."""
        author = pygit2.Signature("test", "test@example.org", self.time)
        return self._commit(raw, "d", author, "rm", at)

    def purge_marker(self) -> str:
        """Add the marker that a purge leaves of a mail."""
        author = pygit2.Signature("nobody", "nobody@invalid", self.time)
        return self._commit(b"", "m", author, "purged 123", None)

    def tag(self, name: str, commit: str | None = None) -> None:
        """Name a commit, the newest unless said."""
        target = pygit2.Oid(hex=commit) if commit else self.repository.head.target
        self.repository.references.create(f"refs/tags/{name}", target)

    def _commit(
        self, raw: bytes, entry: str, author: pygit2.Signature, subject: str, at: int | None
    ) -> str:
        repository = self.repository
        self.time = at if at is not None else self.time + 60
        tree = repository.TreeBuilder()
        tree.insert(entry, repository.create_blob(raw), pygit2.enums.FileMode.BLOB)
        parents = [] if repository.head_is_unborn else [repository.head.target]
        committer = pygit2.Signature("test", "test@example.org", self.time)
        return str(
            repository.create_commit(
                "refs/heads/master", author, committer, subject, tree.write(), parents
            )
        )
