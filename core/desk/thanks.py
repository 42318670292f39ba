"""Thanks for an applied version, as `b4 ty` words them: a draft that is ready to be previewed and sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.landed.values import LandedPatch
from core.model import MessageId, OpenedMessage, Patch, Series, Version
from core.reply.compose import attribution
from core.reply.message import reply_subject

if TYPE_CHECKING:
    from core.desk.export import MailOpener
    from core.desk.landed_service import LandedService
    from core.desk.reply_service import ReplyService
    from core.reply.draft import Draft

_QUOTED: Final = 5
"""Lines of the answered mail that are quoted."""


def thanks_draft(
    landed: LandedService,
    replies: ReplyService,
    opener: MailOpener,
    series: Series,
    version: Version,
) -> Draft:
    """Return a ready draft that names the commit of each patch of a version which is in a tree now, and not reverted.

    Raises PatchdeskError where none is, and Cancelled.
    """
    found = landed.landed(opener, replace(series, versions=(version,)))
    commits = commits_in_one_tree(found)
    if not commits:
        raise PatchdeskError(
            f"No patch of {series.subject} is in a tree of yours yet.",
            "Publish the branch, or fetch the tree that [trees] names.",
        )
    message = (version.cover or version.patches[0]).message
    mail = opener.mail(message)
    draft = replies.new_draft(opener.raw(message), mail, series.id)
    if len(commits) < version.total:
        subject = reply_subject(message.subject.text).removeprefix("Re: ")
        draft = replace(draft, subject=f"Re: (subset) {subject}")
    text = thanks_text(mail, version, commits, replies.signature)
    return replies.make_ready(replies.with_text(draft, text), mail)


def commits_in_one_tree(found: Sequence[LandedPatch]) -> dict[MessageId, str]:
    """Return the commits of patches in the tree that has most of them, without reverted ones and those known only from
    a mail.
    """
    trees: dict[str, dict[MessageId, str]] = {}
    for one in found:
        if one.tree and not one.reverted_by:
            trees.setdefault(one.tree, {})[one.message_id] = one.commit
    return max(trees.values(), key=len, default={})


def thanks_text(
    mail: OpenedMessage, version: Version, commits: Mapping[MessageId, str], signature: str
) -> str:
    """Return the text of thanks: a quote, the commit of each patch, the signature (b4 0.16, ty.py)."""
    lines = [attribution(mail), *_quoted(mail), "", "Applied, thanks!", ""]
    for patch in version.patches:
        if commit := commits.get(patch.message.message_id):
            lines += _named(patch, version.total, commit)
    return "\n".join([*lines, "", "Best regards,", "-- ", signature, ""])


def _named(patch: Patch, total: int, commit: str) -> list[str]:
    prefix = f"[{str(patch.number).zfill(len(str(total)))}/{total}] "
    title = " ".join(patch.message.subject.title.split())
    return [f"{prefix}{title}", f"{' ' * len(prefix)}commit: {commit}"]


def _quoted(mail: OpenedMessage) -> Iterator[str]:
    """Yield the first lines of a mail's own text, quoted."""
    body = mail.body.message.strip("\n").split("\n")
    for line in body[:_QUOTED]:
        yield f"> {line}".rstrip()
    if len(body) > _QUOTED:
        yield "> [...]"
