"""Compares two versions: pairs their patches, and finds the kinds of change of each pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Final, Literal

from core.model import MessageId, Trailer
from core.versions.content import FileContent, PatchContent
from core.versions.interdiff import FileInterdiff, interdiff
from core.versions.pairing import PatchPair, is_rewritten, pair_patches

Change = Literal["code", "rebased", "message", "author", "tags", "whitespace", "binary", "mode"]
CHANGES: Final[tuple[Change, ...]] = (
    "code",
    "rebased",
    "message",
    "author",
    "tags",
    "whitespace",
    "binary",
    "mode",
)
"""All kinds of change. `rebased`: the same added and removed lines in other context; `whitespace` says of `code` that
nothing else changed in it; `binary` and `mode`: the content or the mode of a file that has no rows."""

_SHORTEST_MOVED: Final = 8
"""Characters of a line that is said to have moved to another patch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchRef:
    """A patch of a version."""

    number: int
    message_id: MessageId
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChanges:
    """Trailers that came, went, or have another value."""

    new: tuple[Trailer, ...] = ()
    dropped: tuple[Trailer, ...] = ()
    changed: tuple[tuple[Trailer, Trailer], ...] = ()
    """(old, new), of names that stand once on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairChange:
    """A patch in both versions and its changes, or a patch of one of them alone."""

    old: PatchRef | None
    new: PatchRef | None
    change: tuple[Change, ...] = ()
    """The kinds of change, in the order of `CHANGES`; empty where nothing changed, and for a lone patch."""
    added: int = 0
    """Lines of the interdiff that came; of a lone patch its own."""
    removed: int = 0
    moved: bool = False
    """Its order among the other patches changed."""
    rewritten: bool = False
    """Less than 40 % of the changed lines are common: paired by its title."""
    merged_into: int | None = None
    """The number of the new patch with the lines of a lone old one."""
    split_from: tuple[int, ...] = ()
    """The numbers of the old patches with the lines of a lone new one."""
    compared: bool = True
    """False where there were too many patches to find its counterpart."""
    tags: TagChanges = TagChanges()
    notes: tuple[str, ...] = ()
    """Notes on its files: "combined diff", "damaged diff"."""

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.change) or self.old is None or self.new is None


def compare_patches(
    old: Sequence[PatchContent], new: Sequence[PatchContent], stop: Event | None = None
) -> tuple[PairChange, ...]:
    """Compare the patches of two versions. Raises Cancelled."""
    return tuple(_pair_change(pair, old, new, stop) for pair in pair_patches(old, new, stop))


def _pair_change(
    pair: PatchPair,
    olds: Sequence[PatchContent],
    news: Sequence[PatchContent],
    stop: Event | None,
) -> PairChange:
    old = olds[pair.old] if pair.old is not None else None
    new = news[pair.new] if pair.new is not None else None
    is_same = old is not None and new is not None and old.files == new.files
    files = () if is_same else interdiff(old, new, stop)
    change = PairChange(
        old=_ref(old),
        new=_ref(new),
        added=sum(file.added for file in files),
        removed=sum(file.removed for file in files),
        moved=pair.moved,
        merged_into=None if pair.merged_into is None else news[pair.merged_into].number,
        split_from=tuple(olds[at].number for at in pair.split_from),
        compared=pair.compared,
        notes=tuple(_notes(old, new)),
    )
    if old is None or new is None:
        return change
    return replace(
        change,
        change=tuple(kinds(old, new, files)),
        rewritten=not is_same and is_rewritten(old, new),
        tags=tag_changes(old.trailers, new.trailers),
    )


def _ref(patch: PatchContent | None) -> PatchRef | None:
    if patch is None:
        return None
    return PatchRef(number=patch.number, message_id=patch.message_id, title=patch.title)


def _notes(old: PatchContent | None, new: PatchContent | None) -> Iterator[str]:
    sides = [file for patch in (old, new) if patch is not None for file in patch.files]
    if any(side.combined for side in sides):
        yield "combined diff"
    if any(side.damaged for side in sides):
        yield "damaged diff"


# ------------------------------------------------------------------- kinds of change


def kinds(old: PatchContent, new: PatchContent, files: Sequence[FileInterdiff]) -> Iterator[Change]:
    """Yield the kinds of change between two patches, whose interdiff `files` is."""
    code = [file for file in files if _code_changed(file)]
    if code:
        yield "code"
    elif any(_rows(file.old) != _rows(file.new) for file in files):
        yield "rebased"
    if (old.title, old.message) != (new.title, new.message):
        yield "message"
    if old.author != new.author:
        yield "author"
    if Counter(old.trailers) != Counter(new.trailers):
        yield "tags"
    if code and all(_is_whitespace(file) for file in code):
        yield "whitespace"
    if any(_side(file.old).binary != _side(file.new).binary for file in files):
        yield "binary"
    if any(_mode_changed(file) for file in files):
        yield "mode"


def _side(file: FileContent | None) -> FileContent:
    return file if file is not None else FileContent(path="")


def _rows(file: FileContent | None) -> tuple[str, tuple[str, ...]]:
    return (file.signs, file.texts) if file is not None else ("", ())


def _code_changed(file: FileInterdiff) -> bool:
    """Whether the rows of a file have another effect, or the file's status or mode differs."""
    if file.old is None or file.new is None:
        side = file.old or file.new
        return side is not None and not side.binary and not _is_mode_only(side)
    if (file.old.path, file.old.old_path, file.old.status) != (
        file.new.path,
        file.new.old_path,
        file.new.status,
    ) and not (_is_mode_only(file.old) or _is_mode_only(file.new)):
        return True
    if file.old.changed_rows() == file.new.changed_rows():
        return False
    # Another diff algorithm writes the same change with other rows.
    return not all(_image(file.old, sign) == _image(file.new, sign) for sign in "+-")


def _image(file: FileContent, sign: str) -> list[str]:
    """Return the text after the hunks (`+`) or before them (`-`)."""
    pairs = zip(file.signs, file.texts, strict=True)
    return [text for kind, text in pairs if kind in {sign, " ", "?"}]


def _is_mode_only(file: FileContent) -> bool:
    return file.status == "mode" and not file.texts


def _mode_changed(file: FileInterdiff) -> bool:
    old, new = _side(file.old), _side(file.new)
    if file.old is None or file.new is None:
        return _is_mode_only(file.old or _side(file.new))
    return (old.old_mode, old.new_mode) != (new.old_mode, new.new_mode)


def _is_whitespace(file: FileInterdiff) -> bool:
    """Whether all changed rows are the same but for blanks, and there are any."""
    squeezed = [
        [
            (sign, line)
            for sign, text in _side(side).changed_rows()
            if (line := "".join(text.split()))
        ]
        for side in (file.old, file.new)
    ]
    return squeezed[0] == squeezed[1] and file.old_path is None


def tag_changes(old: Sequence[Trailer], new: Sequence[Trailer]) -> TagChanges:
    """Return the trailers of a patch that were added and removed, as multisets."""
    came = list((Counter(new) - Counter(old)).elements())
    went = list((Counter(old) - Counter(new)).elements())
    changed: list[tuple[Trailer, Trailer]] = []
    for trailer in list(went):
        sides = [
            [one for one in side if one.name.casefold() == trailer.name.casefold()]
            for side in (went, came)
        ]
        if len(sides[0]) == len(sides[1]) == 1 and _same_matter(trailer, sides[1][0]):
            changed.append((trailer, sides[1][0]))
            went.remove(trailer)
            came.remove(sides[1][0])
    return TagChanges(new=tuple(came), dropped=tuple(went), changed=tuple(changed))


def _same_matter(old: Trailer, new: Trailer) -> bool:
    """Whether two values are of one person, or no person's: an address that changed, another link."""
    name, _, address = old.value.partition("<")
    if not address:
        return "<" not in new.value
    return new.value.startswith(name) and bool(name.strip())


# ------------------------------------------------------------------- lines between patches


def moved_between(
    pairs: Mapping[int, Sequence[FileInterdiff]],
) -> tuple[dict[str, int], dict[str, int]]:
    """Return of texts that left one patch for another the key of the pair they came to, and of the one they left.

    `pairs` are the interdiffs of all pairs of two versions. A text counts where exactly one pair newly adds it and
    exactly one other does not add it any longer, and where no patch adds it besides: `return 1;` is everywhere.
    """
    came: dict[str, set[int]] = {}
    went: dict[str, set[int]] = {}
    kept: set[str] = set()
    for key, files in pairs.items():
        for file in files:
            for at, row in enumerate(file.rows):
                if "+" not in {row.was, row.now} or len(row.text.strip()) < _SHORTEST_MOVED:
                    continue
                if at in file.moved or row.was == row.now:
                    kept.add(row.text)
                elif row.now == "+":
                    came.setdefault(row.text, set()).add(key)
                else:
                    went.setdefault(row.text, set()).add(key)
    texts = [
        text
        for text, keys in went.items()
        if len(keys) == 1
        and len(came.get(text, ())) == 1
        and keys != came[text]
        and text not in kept
    ]
    return (
        {text: next(iter(came[text])) for text in texts},
        {text: next(iter(went[text])) for text in texts},
    )
