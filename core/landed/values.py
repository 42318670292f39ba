"""The values of finding landed patches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.model import MessageId


class Evidence(StrEnum):
    """Why a commit is taken for a patch, strongest first."""

    LINK = "link"
    """A Link: or Message-ID: trailer of the commit names the mail."""
    PATCH_ID = "patch-id"
    """`git patch-id --stable` is the same."""
    TITLE = "title"
    """Title and author are the same; the code differs."""
    MAIL = "mail"
    """A mail of the list says that it was applied, and names the commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A branch of one of the user's repositories, `[trees.NAME]`."""

    name: str
    repo: str
    ref: str
    role: str = "maintainer"
    """maintainer, next or mainline."""
    fetch: bool = False
    """Whether a sync fetches the repository first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeCommit:
    """The stored facts of a commit."""

    id: str
    tree: str
    date: datetime
    author_name: str
    author_address: str
    title: str
    patch_id: str = ""
    """"" for a commit that changes nothing."""
    links: tuple[MessageId, ...] = ()
    reverts: str = ""
    """The commit that it takes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPatch:
    """The compared facts of a patch's mail."""

    message_id: MessageId
    title: str
    author_name: str
    author_address: str
    date: datetime
    patch_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedNotice:
    """One line of a mail that says that patches were applied."""

    message_id: MessageId
    """The mail that says so."""
    number: int | None
    title: str
    commit: str
    """The beginning of its id, or all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedPatch:
    """A patch found in a tree."""

    message_id: MessageId
    tree: str
    """"" where a mail names a commit that none of the trees has."""
    commit: str
    evidence: Evidence
    code_changed: bool
    """The commit's code is not the mail's."""
    reverted_by: str = ""
