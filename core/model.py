"""The values the program speaks of: messages, and the series they make.

All are frozen, and hold decoded text *as it is*: matching, JSON and applying need it. Whatever shows a
value to a person passes it through `core.text.shown` first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NewType

MessageId = NewType("MessageId", str)
"""A Message-ID without its angle brackets."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A person or machine, as one header wrote it."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class Trailer:
    """One `Name: value` line of a trailer block."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject line taken apart by `core.mail.subject.parse_subject`."""

    text: str
    """The whole decoded line."""
    title: str
    """The line without `Re:` and the leading brackets."""
    is_reply: bool = False
    """It began with `Re:` or a variant of it."""
    tags: tuple[str, ...] = ()
    """The words in the leading brackets, as written, without version and counter: `PATCH`, `RFC`, `net-next`."""
    is_patch: bool = False
    """The brackets claim a patch (or its cover letter)."""
    version: int = 1
    minor: int = 0
    """The 1 of `v5.1`: a partial re-roll of v5."""
    number: int | None = None
    """The 3 of `3/17`; 0 is a cover letter."""
    total: int | None = None
    """The 17 of `3/17`."""


DRAFT_KEY: Final = "draft:"
"""Prefix of the key of the user's own reply, which comes from no source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The facts of one message without its text.

    Small enough to keep a whole archive of them; `OpenedMessage` is one of them opened.
    """

    message_id: MessageId
    """Made up from the content (ending in `@missing.invalid`) where the mail has none."""
    subject: Subject
    sender: Identity
    """The person in the From header."""
    author: Identity
    """The author: in a patch, an in-body `From:` line comes before the header's."""
    date: datetime
    """When it was sent, with its zone; `core.mail.message.UNKNOWN_DATE` where nothing in it says."""
    in_reply_to: MessageId | None = None
    references: tuple[MessageId, ...] = ()
    """All ids of In-Reply-To and References, nearest ancestor last; bounded."""
    to: tuple[Identity, ...] = ()
    cc: tuple[Identity, ...] = ()
    list_ids: tuple[str, ...] = ()
    """The ids of the List-Id headers, without brackets: `kvm.vger.kernel.org`."""
    has_diff: bool = False
    """There is a diff outside of quotes."""
    change_id: str | None = None
    """b4's `change-id:` of a cover letter or single patch."""
    version_links: tuple[tuple[int, MessageId], ...] = ()
    """Earlier versions that a cover letter or patch names (`Link to v2: https://…`): their number and Message-ID."""
    trailers: tuple[Trailer, ...] = ()
    """The trailers that a patch or cover letter carries, or that a reply gives."""
    fingerprint: str = ""
    """A hash of sender, subject and content: two mails of one id with different ones clash."""
    key: str = ""
    """How the source that gave this mail finds it again."""
    id_conflicts: tuple[Message, ...] = ()
    """Other mails that carry the same Message-ID with another content."""
    truncations: tuple[str, ...] = ()
    """Parts that were cut off because of their size, each as a phrase for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part of a mail that is not shown as its text."""

    name: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """The changes of a diff to one file, in lines."""

    path: str
    old_path: str | None = None
    """The path before a rename or copy."""
    added: int = 0
    removed: int = 0
    status: str = "modified"
    """modified, added, deleted, renamed, copied or mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A mail's text, split as `git am` splits it (`git mailinfo` is the reference).

    Joined in order, the parts are the text again, but for the separators.
    """

    in_body_headers: tuple[tuple[str, str], ...] = ()
    message: str = ""
    """The commit message with its trailers; of a mail that is no patch, all its text."""
    notes: str = ""
    """The text between `---` and the diffstat."""
    diffstat: str = ""
    diff: str = ""
    signature: str = ""
    """After `-- `, without that line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMessage:
    """A mail opened for reading."""

    message: Message
    headers: tuple[tuple[str, str], ...]
    """All headers, decoded, in their order."""
    text: str
    """The decoded text with `\\n` line ends."""
    body: Body
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in a thread; `depth` 0 answers the patch (or root) itself."""

    message: Message
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowupTrailer:
    """A trailer that a reply gives to a patch, or to the cover letter (number 0) and so to all."""

    name: str
    value: str
    number: int
    version: int
    posting: MessageId
    """The cover letter or first patch of the version it was given to; two postings may bear one number."""
    message_id: MessageId
    """The reply that gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A patch (or, as number 0, a cover letter) in its place in a version."""

    number: int
    message: Message
    replies: tuple[Reply, ...] = ()
    """In the order of reading: each answer after its parent."""
    duplicates: tuple[Message, ...] = ()
    """Other mails that claim the same place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One posting of a series. A RESEND is another version of the same number."""

    version: int
    minor: int = 0
    tags: tuple[str, ...]
    """Its tags beside PATCH, as written: `RFC`, `net-next`, `RESEND`."""
    total: int
    cover: Patch | None
    patches: tuple[Patch, ...]
    """Patches that are here, by number, never the cover."""
    missing: tuple[int, ...]
    """The numbers that are not there, the first thousand of them."""
    date: datetime
    """The cover letter's, else the earliest patch's."""

    @property
    def complete(self) -> bool:
        """Whether all its patches are here."""
        return not self.missing

    def entries(self) -> Iterator[Patch]:
        """Yield the cover letter, where there is one, and the patches."""
        if self.cover is not None:
            yield self.cover
        yield from self.patches

    def messages(self) -> Iterator[Message]:
        """Yield all its messages, each patch's replies after it."""
        for entry in self.entries():
            yield entry.message
            yield from entry.duplicates
            yield from (reply.message for reply in entry.replies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """All versions of one patch series, oldest first, with replies and trailers."""

    id: MessageId
    """The first known version's cover, or its first patch where it has none."""
    subject: str
    """The newest version's, without tags."""
    author: Identity
    """The sender of the newest version."""
    change_id: str | None
    date: datetime
    """The latest activity, replies included."""
    versions: tuple[Version, ...]
    trailers: tuple[FollowupTrailer, ...] = ()
    mismatched_trailers: tuple[FollowupTrailer, ...] = ()
    """Trailers in the name of another person than their sender; they do not count."""
    replies: int = 0
    lists: tuple[str, ...] = ()
    message_ids: frozenset[MessageId] = field(default=frozenset(), repr=False)
    """Every mail that belongs to it, replies included."""

    def messages(self) -> Iterator[Message]:
        """Yield all its messages, version by version, each patch's replies after it."""
        for version in self.versions:
            yield from version.messages()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A discussion, pull request or report: mails that are no patch series."""

    id: MessageId
    subject: str
    author: Identity
    date: datetime
    """The latest activity."""
    root: Message
    replies: tuple[Reply, ...] = ()
    lists: tuple[str, ...] = ()
    message_ids: frozenset[MessageId] = field(default=frozenset(), repr=False)

    def messages(self) -> Iterator[Message]:
        """Yield all its messages, each reply after the message it answers."""
        yield self.root
        yield from (reply.message for reply in self.replies)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetListing:
    """The listing of a target so far; each later one replaces the one before."""

    name: str
    """The target's name."""
    items: tuple[Series | Thread, ...]
    """Latest activity first."""
    mails: int
    """How many mails were read."""
    done: bool
    """Nothing more will come."""
    note: str = ""
    """A part that could not be read, as a sentence; the listing is valid without it."""


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A mail as a source holds it: its bytes, and the key under which the source gives them again."""

    raw: bytes
    key: str
