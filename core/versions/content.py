"""The comparable content of a patch: title, author, message, tags, and the rows of each file.

Hunk numbers, section headings, blob ids and carriage returns at line ends are left out: they differ between versions
of a patch in which nobody changed anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from core.diff.parse import DiffFile, read_diff
from core.diff.viewed_hunks import hunk_key
from core.mail.trailers import find_trailers
from core.model import MessageId, OpenedMessage, Trailer
from core.versions.equal_pairs import title_key

NO_NEWLINE: Final = "\\ No newline at end of file"
_INDEX: Final = re.compile(r"index [0-9a-f]+\.\.([0-9a-f]+)")
_BLOB_DIGITS: Final = 7
_TRAILER_NAME: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]?:[ \t]*[^ \t]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """The changes of a patch to one file: its facts, and the rows of all its hunks in one list."""

    path: str
    old_path: str | None = None
    """The path before a rename or copy."""
    status: str = "modified"
    old_mode: str | None = None
    new_mode: str | None = None
    binary: str = ""
    """A digest of a binary patch; "" for text."""
    signs: str = field(default="", repr=False)
    """The sign of each row: ` `, `+`, `-`, or `?` in a damaged hunk."""
    texts: tuple[str, ...] = field(default=(), repr=False)
    """The text of each row, without sign and line end."""
    hunk_starts: tuple[int, ...] = ()
    """The row at which each hunk begins."""
    hunk_keys: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """Of each hunk the key under which it is known as viewed (`core.diff.viewed_hunks`)."""
    damaged: bool = False
    combined: bool = False

    @property
    def facts(self) -> tuple[object, ...]:
        """Everything but the rows."""
        return (self.path, self.old_path, self.status, self.old_mode, self.new_mode, self.binary)

    def changed_rows(self) -> list[tuple[str, str]]:
        """Return (sign, text) of the rows that are no context, in order."""
        return [row for row in zip(self.signs, self.texts, strict=True) if row[0] != " "]

    def context_rows(self) -> list[tuple[str, str]]:
        """Return (sign, text) of the other rows, in order."""
        return [row for row in zip(self.signs, self.texts, strict=True) if row[0] == " "]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchContent:
    """One patch of a version, as it is compared."""

    number: int
    message_id: MessageId
    title: str
    author: str
    message: tuple[str, ...]
    """The lines of the commit message without its trailers."""
    trailers: tuple[Trailer, ...]
    files: tuple[FileContent, ...]

    @property
    def title_key(self) -> str:
        """The title as it is compared."""
        return title_key(self.title)

    def changed_rows(self) -> Iterator[tuple[str, str]]:
        """Yield (sign, text) of the rows of all files that are no context."""
        for file in self.files:
            yield from file.changed_rows()

    def diff_digest(self) -> bytes:
        """Return a hash of all rows and facts of its files; b"" without any."""
        if not self.files:
            return b""
        digest = blake2b(digest_size=16)
        for file in self.files:
            digest.update(repr((file.facts, len(file.texts))).encode("utf-8", "surrogatepass"))
            digest.update(file.signs.encode("utf-8", "surrogatepass"))
            digest.update("\n".join(file.texts).encode("utf-8", "surrogatepass"))
        return digest.digest()


def read_patch(mail: OpenedMessage, number: int) -> PatchContent:
    """Return the comparable content of a patch mail. Linear in its size; never raises."""
    message = mail.message
    return PatchContent(
        number=number,
        message_id=message.message_id,
        title=message.subject.title,
        author=f"{message.author.name} <{message.author.address.casefold()}>",
        message=message_lines(mail.body.message),
        trailers=message.trailers,
        files=tuple(_read_file(file) for file in read_diff(mail.body.diff).files),
    )


def message_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a commit message without trailers, trailing blanks and runs of blank lines.

    Trailers are those of the last paragraphs (`core.mail.trailers.find_trailers`); prose among them stays.
    """
    lines = [line.rstrip() for line in text.rstrip().split("\n")]
    kept: list[str] = []
    end = len(lines)
    while end > 0:
        begin = end
        while begin > 0 and lines[begin - 1]:
            begin -= 1
        paragraph = lines[begin:end]
        trailers = find_trailers("\n".join(paragraph))
        if not trailers:
            break
        kept = _without_trailers(paragraph, {trailer.name for trailer in trailers}) + kept
        while begin > 0 and not lines[begin - 1]:
            begin -= 1
        end = begin
    lines = lines[:end] + (["", *kept] if kept else [])
    return tuple(line for at, line in enumerate(lines) if line or (at > 0 and lines[at - 1]))


def _without_trailers(paragraph: Sequence[str], names: set[str]) -> list[str]:
    """Return the lines of a trailer block that belong to no trailer."""
    kept: list[str] = []
    is_continued = False
    for line in paragraph:
        match = _TRAILER_NAME.match(line)
        if match and match[1] in names:
            is_continued = True
        elif not (is_continued and line[0] in " \t<"):
            is_continued = False
            kept.append(line)
    return kept


def _read_file(file: DiffFile) -> FileContent:
    signs: list[str] = []
    texts: list[str] = []
    starts: list[int] = []
    for hunk in file.hunks:
        starts.append(len(texts))
        last = " "
        for row, kind in zip(hunk.rows, hunk.kinds(), strict=True):
            if kind == "\\":
                kind, text = last, NO_NEWLINE
            else:
                text = (row if kind == "?" else row[hunk.parents :]).rstrip("\r")
            signs.append(kind)
            texts.append(text)
            last = kind
    return FileContent(
        path=file.path,
        old_path=file.change.old_path,
        status=file.change.status,
        old_mode=file.old_mode,
        new_mode=file.new_mode,
        binary=_binary_digest(file) if file.binary else "",
        signs="".join(signs),
        texts=tuple(texts),
        hunk_starts=tuple(starts),
        hunk_keys=tuple(hunk_key(file.path, hunk) for hunk in file.hunks),
        damaged=any(hunk.damaged for hunk in file.hunks),
        combined=any(hunk.parents > 1 for hunk in file.hunks),
    )


def _binary_digest(file: DiffFile) -> str:
    """Return a digest of the binary content: the patch's data, or the new blob's id where there is none."""
    lines = [line.rstrip("\r") for line in file.header]
    if "GIT binary patch" in lines:
        data = lines[lines.index("GIT binary patch") :]
        # After the first block comes the reverse one, which depends on the base.
        end = next((at for at, line in enumerate(data) if at and not line), len(data))
        content = "\n".join(data[:end]).encode("utf-8", "surrogatepass")
        return blake2b(content, digest_size=8).hexdigest()
    for line in lines:
        if match := _INDEX.match(line):
            return match[1][:_BLOB_DIGITS]
    return "binary"
