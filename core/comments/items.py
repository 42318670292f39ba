"""Which review comments ask for something: those of other people that say more than thanks or a trailer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import Final

from core.coverage.people import is_same_person
from core.model import Identity, MessageId, Series
from core.series.identities import NO_BOTS, Bots
from core.series.review_comments import ReviewComment

_FEWEST: Final = 12
"""Characters that a comment needs to say something."""
_KEPT: Final = 200
_TRAILER: Final = re.compile(r"\s*[A-Z][A-Za-z]{1,20}(?:-[A-Za-z]{1,20})*:\s+\S[^\n]{0,300}@")
_POLITE: Final = re.compile(
    r"\s*(?:(?:hi|hello|hey|dear)\b[^\n]{0,40}"
    r"|(?:many )?(?:thanks|thank you|thx|cheers|regards|best|greetings)\b[^\n]{0,60}"
    r"|(?:looks? (?:good|fine|ok|great)|lgtm|nice|great|\+1|ditto\.?)\b[^\n]{0,40}"
    r"|applied\b[^\n]{0,60}|queued\b[^\n]{0,60})\s*$",
    re.IGNORECASE,
)


def asks_for_something(
    comment: ReviewComment, own: Collection[Identity], bots: Bots = NO_BOTS
) -> bool:
    """Whether a comment is an item to follow; `own` are the series' senders, `bots` ask for nothing."""
    sender = comment.message.sender
    if sender in bots or any(is_same_person(sender, one) for one in own):
        return False
    lines = [line for line in comment.lines if line.strip()]
    said = [line for line in lines if not _TRAILER.match(line) and not _POLITE.match(line)]
    return sum(len(line.strip()) for line in said) >= _FEWEST


def comment_keys(
    comments: Sequence[ReviewComment], own: Collection[Identity], bots: Bots = NO_BOTS
) -> dict[int, str]:
    """Return the keys in the journal of the comments on a mail that ask for something, by their place among `comments`."""
    seen: Counter[MessageId] = Counter()
    keys: dict[int, str] = {}
    for at, comment in enumerate(comments):
        if comment.depth == 0 and asks_for_something(comment, own, bots):
            name = comment.message.message_id
            keys[at] = _key(comment, seen[name])
            seen[name] += 1
    return keys


def senders_of(series: Series) -> list[Identity]:
    """Return the people whose own comments on a series are no items: its author, and those of its patches."""
    authors = [entry.message.author for one in series.versions for entry in one.entries()]
    return [series.author, *dict.fromkeys(authors)]


def _key(comment: ReviewComment, ordinal: int) -> str:
    """Return the key of a comment in the journal; `ordinal` tells equal ones of one reply apart."""
    text = " ".join(" ".join(comment.lines).split())[:_KEPT]
    content = f"{comment.message.message_id}\n{ordinal}\n{text}"
    return blake2b(content.encode("utf-8", "replace"), digest_size=16).hexdigest()
