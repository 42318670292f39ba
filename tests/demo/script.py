"""Reads the play scripts of `series/` and `project/`.

A line that begins with `%%` begins a section, with `key: value` lines up to an empty line, then text:

    %% series KEY                             a series; `change-id: yes`, `base: OTHER/v2`
    %% v2 WHO DATE TIME                       a posting of it, UTC
    %% cover TITLE
    %% patch TITLE                            text, then edits; `like: v1/2` takes over an earlier patch
    %% reply WHO +1d2h TARGET [as LABEL]      TARGET: a patch's number, `v1/2` or a label
    %% thread KEY WHO DATE TIME TITLE         a mail that is no patch; replies to it name KEY

Edits begin with one `%`:

    %edit PATH      then pairs of `%find` (or `%after`) and `%put`: the text found, once, is replaced (or followed)
    %create PATH [x]   the text that follows; with x, an executable
    %generate PATH NAME   what `generate.py` has under NAME
    %rename OLD NEW    %delete PATH    %mode PATH x|-
    %notes          text for below the patch's `---` line

In texts `@WHO` after a trailer's colon becomes a name and address, and `>>` quotes (see `compose.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent

OPTIONS = frozenset(
    [
        "attach",
        "author",
        "base",
        "cc",
        "change-id",
        "drop",
        "encode",
        "hostile",
        "html",
        "in-reply-to",
        "late",
        "like",
        "plus",
        "prefix",
        "send",
        "subject",
        "top",
        "twice",
    ]
)


class ScriptError(Exception):
    """A script says something that cannot be played."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change to a tree; `pairs` holds (verb, text to find, text to put)."""

    verb: str
    words: tuple[str, ...]
    text: str = ""
    pairs: tuple[tuple[str, str, str], ...] = ()


@dataclass(slots=True)
class Section:
    """One `%%` section: its words, options, text and edits."""

    words: list[str]
    where: str
    options: dict[str, str] = field(default_factory=dict)
    text: str = ""
    notes: str = ""
    edits: list[Edit] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.words[0]

    @property
    def title(self) -> str:
        return " ".join(self.words[1:])


@dataclass(slots=True)
class Posting:
    """One version of a series as it is written: its cover, patches and the replies to them."""

    head: Section
    cover: Section | None = None
    patches: list[Section] = field(default_factory=list)
    replies: list[Section] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.head.kind

    @property
    def who(self) -> str:
        return self.head.words[1]

    @property
    def date(self) -> datetime:
        return read_date(self.head.words[2], self.head.words[3])


@dataclass(slots=True)
class Play:
    """A series with its postings, or (no postings) a plain thread."""

    head: Section
    postings: list[Posting] = field(default_factory=list)
    replies: list[Section] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.head.words[1]


def read_date(day: str, time: str) -> datetime:
    """Return `2026-09-14` `08:30` as a moment in UTC."""
    return datetime.strptime(f"{day} {time}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def sections(path: Path) -> list[Section]:
    """Return the sections of a script."""
    found: list[Section] = []
    lines: list[str] = []

    def close() -> None:
        if found:
            _fill(found[-1], lines)
        lines.clear()

    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.startswith("%% "):
            close()
            found.append(Section(line[3:].split(), f"{path.name}:{number}"))
        else:
            lines.append(line)
    close()
    return found


def _fill(section: Section, lines: list[str]) -> None:
    rest = list(lines)
    while rest and rest[0]:
        key, _, value = rest.pop(0).partition(": ")
        if key not in OPTIONS:
            raise ScriptError(f"{section.where}: {key!r} is no option; an empty line comes first")
        section.options[key] = value
    blocks: list[tuple[list[str], list[str]]] = [(["text"], [])]
    for line in rest:
        if line.startswith("%"):
            blocks.append((line[1:].split(), []))
        else:
            blocks[-1][1].append(line)
    section.text = "\n".join(blocks[0][1]).strip("\n")
    waiting = iter(blocks[1:])
    section.edits = list(_edits(section, waiting))


def _edits(section: Section, blocks: Iterator[tuple[list[str], list[str]]]) -> Iterator[Edit]:
    edit: Edit | None = None
    for words, lines in blocks:
        text = "\n".join(lines).rstrip("\n")
        match words[0]:
            case "find" | "after":
                if edit is None or edit.verb != "edit":
                    raise ScriptError(f"{section.where}: %{words[0]} outside of an %edit")
                put, new = next(blocks)
                if put != ["put"]:
                    raise ScriptError(f"{section.where}: %{words[0]} without %put")
                if not text.strip():
                    raise ScriptError(f"{section.where}: nothing to find")
                pair = (words[0], text, "\n".join(new).rstrip("\n"))
                edit = Edit(edit.verb, edit.words, "", (*edit.pairs, pair))
                continue
            case "notes":
                section.notes = text.strip("\n")
                continue
            case "edit" | "create" | "generate" | "rename" | "delete" | "mode":
                if edit is not None:
                    yield edit
                edit = Edit(words[0], tuple(words[1:]), text.strip("\n"))
            case _:
                raise ScriptError(f"{section.where}: %{words[0]} is no edit")
    if edit is not None:
        yield edit


def all_plays() -> list[Play]:
    """Return the series and threads of `series/`, in the order of its file names; a series may span files."""
    found: list[Play] = []
    files = sorted((HERE / "series").glob("*.txt"))
    for section in (section for path in files for section in sections(path)):
        if section.kind in {"series", "thread"}:
            found.append(Play(section))
            continue
        if not found:
            raise ScriptError(f"{section.where}: {section.kind} before any series")
        play = found[-1]
        if section.kind == "reply" and not play.postings:
            play.replies.append(section)
        elif section.kind.startswith("v"):
            play.postings.append(Posting(section))
        elif not play.postings:
            raise ScriptError(f"{section.where}: {section.kind} before any version")
        elif section.kind == "cover":
            play.postings[-1].cover = section
        elif section.kind == "patch":
            play.postings[-1].patches.append(section)
        elif section.kind == "reply":
            play.postings[-1].replies.append(section)
        else:
            raise ScriptError(f"{section.where}: {section.kind} is no section")
    return found


def project_edits() -> list[Edit]:
    """Return what creates the project's tree."""
    return [
        edit
        for path in sorted((HERE / "project").glob("*.txt"))
        for section in sections(path)
        for edit in section.edits
    ]
