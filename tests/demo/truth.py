"""What a reader must find in the demo: the structure that the scripts meant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltPatch:
    """A patch, or as number 0 a cover letter; `author` is an address."""

    number: int
    message_id: str
    title: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltVersion:
    """One posting; its patches, applied to commit `base`, give commit `tip`."""

    version: int
    minor: int
    tags: tuple[str, ...]
    total: int
    cover: BuiltPatch | None
    patches: tuple[BuiltPatch, ...]
    missing: tuple[int, ...]
    base: str
    tip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltTrailer:
    """A trailer that a reply gives to the patch `number` of `version`."""

    name: str
    value: str
    number: int
    version: int
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSeries:
    """A series, versions in the order of posting."""

    key: str
    subject: str
    change_id: str | None
    versions: tuple[BuiltVersion, ...]
    trailers: tuple[BuiltTrailer, ...]
    replies: frozenset[str]
    """Message-IDs of what is neither cover nor patch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltThread:
    """A discussion, announcement, pull request or report."""

    key: str
    subject: str
    message_id: str
    replies: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The archive and the truth about it."""

    mbox: bytes
    mails: tuple[tuple[str, bytes], ...]
    """(Message-ID, raw mail) in the order of the mbox; an id comes twice where a mail was delivered twice."""
    series: tuple[BuiltSeries, ...]
    threads: tuple[BuiltThread, ...]
