"""Which two postings of a series are compared: by number, or by the Message-ID of any mail of them.

A partial re-roll (`v5.1 3/7`, or `v3 2/2` alone in the thread of v2) is compared as the version it makes: its missing
patches are those of the posting that it re-rolls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.errors import PatchdeskError
from core.model import Message, MessageId, Series, Version

_NUMBER: Final = re.compile(r"v?(\d{1,6})(?:\.(\d{1,6}))?([a-z])?", re.IGNORECASE)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One posting of a series, as it is compared."""

    series: Series
    at: int
    """Its place among the series' versions."""
    version: Version
    """The version, with the patches that it does not repeat."""
    name: str
    """`v4`, `v4.1`, or `v4b` for the second posting of v4."""

    @property
    def id(self) -> MessageId:
        """The Message-ID of its cover letter, else of its first patch."""
        version = self.series.versions[self.at]
        return (version.cover or version.patches[0]).message.message_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The two postings to compare."""

    old: Posting
    new: Posting


def postings(series: Series) -> list[Posting]:
    """Return the postings of a series, oldest first."""
    seen: dict[tuple[int, int], int] = {}
    found: list[Posting] = []
    for at, version in enumerate(series.versions):
        count = seen[version.version, version.minor] = (
            seen.get((version.version, version.minor), 0) + 1
        )
        letter = _LETTERS[min(count, len(_LETTERS)) - 1] if count > 1 else ""
        minor = f".{version.minor}" if version.minor else ""
        found.append(
            Posting(
                series=series,
                at=at,
                version=_filled(series.versions, at),
                name=f"v{version.version}{minor}{letter}",
            )
        )
    return found


def choose(
    series: Series, old: str | None, new: str | None, others: Sequence[Series] = ()
) -> Choice:
    """Return the postings that two words name; without, the newest and the one before it.

    A word is a number (of several postings with it the newest), or the Message-ID of a mail of a posting, also of
    another series in `others`. Raises PatchdeskError where there is no such posting, or only one.
    """
    known = postings(series)
    newest = _named(known, others, new) if new else known[-1]
    if not old:
        before = _before(newest)
        if before is None:
            raise PatchdeskError(
                f"There is nothing before {newest.name} of “{series.subject}” to compare it with.",
                "--old and --new take version numbers, or Message-IDs of other postings.",
            )
        return Choice(old=before, new=newest)
    oldest = _named(known, others, old)
    if _is_same(oldest, newest):
        before = _before_of_same_number(newest)
        if before is None or not _NUMBER.fullmatch(old):
            raise PatchdeskError(
                f"{oldest.name} cannot be compared with itself.", "Give two different versions."
            )
        oldest = before
    return Choice(old=oldest, new=newest)


def _is_same(one: Posting, other: Posting) -> bool:
    return one.series.id == other.series.id and one.at == other.at


def _before(posting: Posting) -> Posting | None:
    known = postings(posting.series)
    return known[posting.at - 1] if posting.at else None


def _before_of_same_number(posting: Posting) -> Posting | None:
    earlier = postings(posting.series)[: posting.at]
    same = [one for one in earlier if one.version.version == posting.version.version]
    return same[-1] if same else None


def _named(known: Sequence[Posting], others: Sequence[Series], word: str) -> Posting:
    """Return the posting that a word names."""
    if match := _NUMBER.fullmatch(word.strip()):
        number, minor, letter = int(match[1]), match[2], match[3]
        found = [
            posting
            for posting in known
            if posting.version.version == number
            and (minor is None or posting.version.minor == int(minor))
            and (letter is None or posting.name.endswith(letter.casefold()))
        ]
        if found:
            return found[-1]
        raise PatchdeskError(
            f"There is no version {word} of “{known[0].series.subject}”.",
            f"There are {', '.join(posting.name for posting in known)}.",
        )
    wanted = word.strip().removeprefix("<").removesuffix(">")
    for series in (known[0].series, *others):
        if wanted in series.message_ids:
            for posting in postings(series):
                if any(message.message_id == wanted for message in _mails(posting)):
                    return posting
    raise PatchdeskError(
        f"{word} is neither a version nor the Message-ID of a posting here.",
        f"There are {', '.join(posting.name for posting in known)}.",
    )


def _mails(posting: Posting) -> Iterator[Message]:
    """Yield every mail of a posting, replies included."""
    for entry in posting.series.versions[posting.at].entries():
        yield entry.message
        yield from (reply.message for reply in entry.replies)


def _filled(versions: Sequence[Version], at: int) -> Version:
    """Return a posting with the patches that it does not repeat, where it is a partial re-roll."""
    version = versions[at]
    if version.complete or version.cover is not None:
        return version
    for earlier in range(at - 1, -1, -1):
        base = versions[earlier]
        if base.total != version.total or not _rerolls(version, base):
            continue
        base = _filled(versions, earlier)
        mine = {patch.number: patch for patch in version.patches}
        patches = {patch.number: patch for patch in base.patches} | mine
        missing = tuple(number for number in version.missing if number not in patches)
        return replace(
            version,
            patches=tuple(patches[number] for number in sorted(patches)),
            missing=missing,
        )
    return version


def _rerolls(version: Version, base: Version) -> bool:
    """Whether a posting without cover letter and with missing patches re-rolls a part of another."""
    if version.version == base.version:
        return True
    ids = {entry.message.message_id for entry in base.entries()}
    return all(
        not ids.isdisjoint((patch.message.in_reply_to, *patch.message.references))
        for patch in version.patches
    )
