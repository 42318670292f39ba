"""Patch text → files and their hunks; tolerant of broken input.

Reads the diffs of git, diff(1), svn and quilt as git's apply.c does. A patch that git refuses is read as far as it
makes sense, and marked `damaged`. One pass, which looks at each line once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from core.diff.hunks import Hunk, is_plain_header, read_hunk
from core.diff.lines import split_lines
from core.diff.paths import DEV_NULL, git_line_names, header_name, plain_paths, unquoted
from core.model import FileChange

_EXTENDED: Final = (
    "index ", "old mode ", "new mode ", "deleted file mode ", "new file mode ", "mode ", "similarity index ",
    "dissimilarity index ", "rename from ", "rename to ", "rename old ", "rename new ", "copy from ", "copy to ",
)  # fmt: skip
_HG_BINARY: Final = re.compile(r"Binary file (.{1,4000}) has changed\r?$")
_CVS_LINES: Final = (
    "RCS file: ",
    "retrieving revision ",
    "diff ",
    "svn:mime-type",
    "Cannot display: ",
)
_MOST_CVS_LINES: Final = 8
_BLOCK: Final = re.compile(r"(?:literal|delta) [0-9]{1,12}\r?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffFile:
    """The changes of a diff to one file."""

    start: int
    """The index of its first header line among the lines of the diff."""
    header: tuple[str, ...]
    """Its header lines as they stand, and those of a binary patch."""
    change: FileChange
    old_mode: str | None = None
    new_mode: str | None = None
    binary: bool = False
    hunks: tuple[Hunk, ...] = ()

    @property
    def path(self) -> str:
        """Its name after the patch, or before it where the patch deletes it; "" where nothing says."""
        return self.change.path


@dataclass(frozen=True, slots=True)
class Diff:
    """A patch text taken apart."""

    lines: Sequence[str]
    """All its lines; those that no file's header or hunk holds are remarks between them."""
    files: tuple[DiffFile, ...]


def read_diff(text: str) -> Diff:
    """Take a patch apart; never raises. Lines end at `\\n` alone."""
    lines = split_lines(text)
    return Diff(lines, tuple(_Reader(lines).files()))


def file_changes(text: str) -> tuple[FileChange, ...]:
    """Return the changes of a patch to each file, in its order."""
    return tuple(file.change for file in read_diff(text).files)


@dataclass(slots=True)
class _Header:
    """A file's header while it is read."""

    start: int
    names: tuple[str, str] | None = None
    """Of the `diff --git` line, with prefixes."""
    old: str | None = None
    """Of the `---` line, with its prefix."""
    new: str | None = None
    moved_from: str | None = None
    moved_to: str | None = None
    old_mode: str | None = None
    new_mode: str | None = None
    git: bool = False
    copied: bool = False
    created: bool = False
    deleted: bool = False
    binary: bool = False
    named: str = ""
    """By an `Index:` line or a combined diff's."""


class _Reader:
    """One pass over the lines; `at` is the next to read."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.count = len(lines)
        self.at = 0
        self.bare = False
        """The last file's names had no prefix."""

    def line(self, offset: int = 0) -> str:
        at = self.at + offset
        return self.lines[at] if at < self.count else ""

    def files(self) -> Iterator[DiffFile]:
        lines, count = self.lines, self.count
        header: _Header | None = None
        end = 0
        hunks: list[Hunk] = []
        while self.at < count:
            line = lines[self.at]
            first = line[:1]
            if first == "@" and (hunk := read_hunk(lines, self.at)) is not None:
                if header is None:
                    header, end = _Header(self.at), self.at
                hunks.append(hunk)
                self.at = hunk.end
            elif first in _STARTS and (begun := self.header(line)) is not None:
                if header is not None:
                    yield self.file(header, end, hunks)
                header, end, hunks = begun, self.at, []
            else:
                self.at += 1
        if header is not None:
            yield self.file(header, end, hunks)

    def header(self, line: str) -> _Header | None:
        """Read a file's header where one begins, and go past it."""
        header = _Header(self.at)
        if line.startswith("diff --git "):
            header.git = True
            header.names = git_line_names(line[11:])
            self.at += 1
            self.extended(header)
        elif line.startswith(("diff --cc ", "diff --combined ")):
            header.git = True
            header.named = unquoted(line.split(" ", 2)[2].rstrip("\r"))
            self.at += 1
            self.extended(header)
        elif line.startswith("Index: ") and self.line(1).startswith("====="):
            header.named = line[7:].strip()
            self.at += 2
            self.after_index(header)
        elif line.startswith("diff ") and _is_pair(self.line(1), self.line(2)):
            self.at += 1
        elif line.startswith("diff ") and (binary := _HG_BINARY.match(self.line(1))):
            header.named, header.binary = binary[1], True
            self.at += 2
        elif not is_plain_header(self.lines, self.at):
            return None
        if _is_pair(self.line(), self.line(1)):
            header.old, header.created = self.name(header, created=True)
            self.at += 1
            header.new, header.deleted = self.name(header, created=False)
            self.at += 1
        elif self.line().startswith(("GIT binary patch", "Binary files ", "Files ")):
            self.binary(header)
        return header

    def after_index(self, header: _Header) -> None:
        """Skip the lines of cvs and svn between `Index:` and the names."""
        for _ in range(_MOST_CVS_LINES):
            line = self.line()
            if line.startswith("diff --git "):  # svn diff --git
                header.git = True
                header.names = git_line_names(line[11:])
                self.at += 1
                self.extended(header)
                return
            if line.startswith("Cannot display: file marked as a binary type."):
                header.binary = True
            elif not line.startswith(_CVS_LINES):
                return
            self.at += 1

    def name(self, header: _Header, *, created: bool) -> tuple[str, bool]:
        name, absent = header_name(self.line()[4:], dated=not header.git)
        said = header.created if created else header.deleted
        # svn 1.8 says of both sides of a new file that they are revision 0.
        absent = absent and not (header.created and not created)
        return name, said or absent or name == DEV_NULL

    def extended(self, header: _Header) -> None:
        """Read git's extended header lines."""
        while (line := self.line()).startswith(_EXTENDED):
            line = line.rstrip("\r")
            if line.startswith(("old mode ", "new mode ", "new file mode ", "deleted file mode ")):
                mode = line.rpartition(" ")[2]
                header.created |= line.startswith("new file")
                header.deleted |= line.startswith("deleted")
                if line.startswith(("old", "deleted")):
                    header.old_mode = mode
                else:
                    header.new_mode = mode
            elif line.startswith(("rename ", "copy ")):
                header.copied |= line.startswith("copy")
                way, _, name = line.partition(" ")[2].partition(" ")
                if way in {"from", "old"}:
                    header.moved_from = unquoted(name)
                else:
                    header.moved_to = unquoted(name)
            self.at += 1

    def binary(self, header: _Header) -> None:
        """Skip a binary patch, or the line in place of one."""
        line = self.line()
        if not line.startswith("GIT"):
            if header.git or line.rstrip("\r").endswith(" differ"):
                header.binary = True
                self.at += 1
            return
        header.binary = True
        self.at += 1
        while _BLOCK.match(self.line()):  # one each way
            while self.line().strip("\r") and not self.line().startswith("diff --git "):
                self.at += 1
            if _BLOCK.match(self.line(1)):
                self.at += 1

    def file(self, header: _Header, end: int, hunks: list[Hunk]) -> DiffFile:
        """Return the file described by its header."""
        old, new = self.paths(header)
        moved = header.moved_from is not None and header.moved_to is not None
        changed_mode = header.old_mode != header.new_mode
        status = (
            "added" if header.created
            else "deleted" if header.deleted
            else "copied" if moved and header.copied
            else "renamed" if moved or (header.git and old != new)
            else "mode" if changed_mode and not hunks and not header.binary
            else "modified"
        )  # fmt: skip
        path = old if status == "deleted" else new
        return DiffFile(
            start=header.start,
            header=tuple(self.lines[header.start : end]),
            change=FileChange(
                path=path,
                old_path=old if status in {"renamed", "copied"} else None,
                added=sum(hunk.added for hunk in hunks),
                removed=sum(hunk.removed for hunk in hunks),
                status=status,
            ),
            old_mode=header.old_mode,
            new_mode=header.new_mode,
            binary=header.binary,
            hunks=tuple(hunks),
        )

    def paths(self, header: _Header) -> tuple[str, str]:
        """Return a file's old and new path; of a new or deleted file, the one path twice."""
        if header.moved_from is not None and header.moved_to is not None:
            return header.moved_from, header.moved_to
        if header.named and (header.new is None or not _names_more(header)):
            return header.named, header.named
        if header.old is not None and header.new is not None:
            keep = self.bare
            if header.names is not None:
                keep = header.names[0] == header.names[1]
            old, new = plain_paths(header.old, header.new, keep=keep)
            self.bare = DEV_NULL not in (old, new) and new == header.new
        elif header.names is not None:
            old, new = plain_paths(*header.names)
        else:
            return "", ""
        return (new if old == DEV_NULL else old), (old if new == DEV_NULL else new)


_STARTS: Final = frozenset("dI-")


def _names_more(header: _Header) -> bool:
    """Whether `---` and `+++` name the file as fully as `Index:` does: cvs may leave the folder out."""
    names = [name for name in (header.old, header.new) if name and name != DEV_NULL]
    return not header.git and any(
        name == header.named or name.endswith("/" + header.named) or "/" in name for name in names
    )


def _is_pair(old: str, new: str) -> bool:
    return old.startswith("--- ") and new.startswith("+++ ")
