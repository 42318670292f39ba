"""Sent replies that no list has yet, added to the tree of their thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.mail.subject import parse_subject
from core.model import DRAFT_KEY, Message, Patch, Reply, Series, Thread
from core.reply.draft import Draft, DraftState
from core.reply.draft_store import DraftStore
from core.reply.message import build_message


def message_of(draft: Draft) -> Message:
    """Return a draft as the message that it becomes."""
    return Message(
        message_id=draft.message_id,
        subject=parse_subject(draft.subject),
        sender=draft.sender,
        author=draft.sender,
        date=draft.attempts[-1].time if draft.attempts else draft.changed,
        to=draft.to,
        cc=draft.cc,
        in_reply_to=draft.references[-1] if draft.references else None,
        references=draft.references,
        key=f"{DRAFT_KEY}{draft.id}",
    )


def sent_bytes(message: Message, store: DraftStore) -> bytes | None:
    """Return the mail of a sent draft that is shown in a tree; None for any other message. Raises PatchdeskError."""
    if not message.key.startswith(DRAFT_KEY):
        return None
    draft_id = message.key.removeprefix(DRAFT_KEY)
    if not store.exists(draft_id):
        return None
    draft = store.load(draft_id)
    # A source may call a file of its own so.
    if draft.message_id != message.message_id:
        return None
    return build_message(draft, draft.body, message.date)


def with_sent_replies(item: Series | Thread, drafts: Sequence[Draft]) -> Series | Thread:
    """Return a series or thread with the sent drafts that answer one of its mails and are not in it."""
    for draft in drafts:
        is_missing = draft.message_id not in item.message_ids
        if draft.state is DraftState.SENT and is_missing and draft.answers in item.message_ids:
            item = _with_reply(item, draft)
    return item


def _with_reply(item: Series | Thread, draft: Draft) -> Series | Thread:
    ids = item.message_ids | {draft.message_id}
    date = max(item.date, message_of(draft).date)
    if isinstance(item, Thread):
        replies = _answered(item.root, item.replies, draft)
        return replace(item, replies=replies, message_ids=ids, date=date)
    versions = tuple(
        replace(
            version,
            cover=_entry(version.cover, draft) if version.cover is not None else None,
            patches=tuple(_entry(patch, draft) for patch in version.patches),
        )
        for version in item.versions
    )
    return replace(item, versions=versions, message_ids=ids, replies=item.replies + 1, date=date)


def _entry(patch: Patch, draft: Draft) -> Patch:
    replies = _answered(patch.message, patch.replies, draft)
    return patch if replies is patch.replies else replace(patch, replies=replies)


def _answered(first: Message, replies: tuple[Reply, ...], draft: Draft) -> tuple[Reply, ...]:
    """Return the replies to a mail with the draft after those of the one it answers; the same where it answers none."""
    if first.message_id == draft.answers:
        return (*replies, Reply(message_of(draft), 0))
    for at, reply in enumerate(replies):
        if reply.message.message_id == draft.answers:
            end = at + 1
            while end < len(replies) and replies[end].depth > reply.depth:
                end += 1
            own = Reply(message_of(draft), reply.depth + 1)
            return (*replies[:end], own, *replies[end:])
    return replies
