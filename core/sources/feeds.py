"""A source → its feeds."""

from __future__ import annotations

import re
from typing import Final

from core.errors import SourceError
from core.sources.feed import Feed
from core.sources.source import Source

_NUMBER: Final = re.compile(r"(\d{1,6})\.git")


def feeds_of(source: Source) -> list[Feed]:
    """Return the parts of a source that can be followed, the newest first.

    A source that has a method `feeds` says itself. Raises SourceError for one that cannot be followed.
    """
    if callable(own := getattr(source, "feeds", None)):
        found: list[Feed] = own()
        return found
    from core.sources.mailbox import MailboxSource
    from core.sources.maildir import MaildirSource

    if isinstance(source, MailboxSource | MaildirSource):
        from core.sources.file_feed import MailboxFeed, MaildirFeed

        return [MailboxFeed(source) if isinstance(source, MailboxSource) else MaildirFeed(source)]
    from core.sources.public_inbox import PublicInboxSource

    if isinstance(source, PublicInboxSource):
        from core.sources.public_inbox_feed import EpochFeed

        found = []
        for place, path in enumerate(source.epochs):
            match = _NUMBER.fullmatch(path.name)
            number = int(match[1]) if match else place
            found.append(EpochFeed(path, str(number), number))
        return found[::-1]
    raise SourceError(
        f"{source.name} cannot be followed.",
        "Follow a list's address, a public-inbox folder, a maildir or an mbox.",
    )
