"""The messages between `core.fetch.client` and `core.fetch.worker`.

A `FetchRequest` is answered by any number of `Received`, then by `Fault`, by `Epochs`, or by the
body in pieces of bytes and an `Answer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Operation = Literal["thread", "message", "search", "matches", "manifest", "resolve", "forget"]
"""The request: a thread or message by its id; whole threads, or single messages, that match a query; an inbox's epochs
(JSON, unpacked); the content of `url`; or nothing, only to empty the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """One question to a server."""

    operation: Operation
    base: str
    """The inbox's address, without `/` at its end."""
    max_size: int
    """Bytes that an answer may have, packed or unpacked."""
    cache: str | None = None
    """A folder for answers."""
    fresh: bool = True
    """Pass the cache by."""
    config: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Git's `lore.*`, `liblore.*` and `http.*` settings, each with its values."""
    certificates: str = ""
    """A file or folder of certificates, "" for the system's."""
    message_id: str = ""
    query: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """How many bytes of an answer have come."""

    size: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole body was sent; the address that it came from in the end, "" where that is the cache."""

    url: str


@dataclass(frozen=True, slots=True)
class Epochs:
    """The manifest of an inbox: of each git repository its path, the SHA-1 of the output of `git show-ref` there, and
    when its newest commit was made in seconds of the Unix epoch; "" and 0 where they are missing.
    """

    entries: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """The request failed. `kind` is one of the kinds in `core.fetch.faults`."""

    kind: str
    detail: str = ""
    status: int | None = None
    retry_after: str = ""
