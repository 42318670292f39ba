"""Series and threads without the replies of bots."""

from __future__ import annotations

from dataclasses import replace

from core.model import Patch, Reply, Series, Thread, Version
from core.series.identities import Bots


def without_bot_replies(item: Series | Thread, bots: Bots) -> Series | Thread:
    """Return a series or thread without the replies that `bots` sent; answers to them move up. The same where there are none."""
    if isinstance(item, Thread):
        replies = _without(item.replies, bots)
        return item if replies is item.replies else replace(item, replies=replies)
    versions = tuple(_version(version, bots) for version in item.versions)
    if all(new is old for new, old in zip(versions, item.versions, strict=True)):
        return item
    return replace(item, versions=versions)


def _version(version: Version, bots: Bots) -> Version:
    cover = _entry(version.cover, bots) if version.cover is not None else None
    patches = tuple(_entry(patch, bots) for patch in version.patches)
    same = zip(patches, version.patches, strict=True)
    if cover is version.cover and all(new is old for new, old in same):
        return version
    return replace(version, cover=cover, patches=patches)


def _entry(patch: Patch, bots: Bots) -> Patch:
    replies = _without(patch.replies, bots)
    return patch if replies is patch.replies else replace(patch, replies=replies)


def _without(replies: tuple[Reply, ...], bots: Bots) -> tuple[Reply, ...]:
    if not any(reply.message.sender in bots for reply in replies):
        return replies
    kept: list[Reply] = []
    above: list[int] = []
    """Depths of the bots' messages that the reply at hand stands below."""
    for reply in replies:
        while above and above[-1] >= reply.depth:
            above.pop()
        if reply.message.sender in bots:
            above.append(reply.depth)
        else:
            kept.append(replace(reply, depth=reply.depth - len(above)) if above else reply)
    return tuple(kept)
