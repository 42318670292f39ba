"""What changed between a patch as it was mailed and the commit that it became."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

from core.apply.repository import Repository
from core.errors import PatchdeskError
from core.mail.message import parse_mail
from core.model import Patch
from core.text import SafeText
from core.versions.compare import compare_patches
from core.versions.comparison import Comparison, pair_interdiffs
from core.versions.content import read_patch
from core.versions.formats.text import file_lines

if TYPE_CHECKING:
    from core.desk.export import MailOpener


def landed_change(
    repository: Repository, opener: MailOpener, patch: Patch, commit: str, stop: Event | None = None
) -> list[SafeText]:
    """Return the interdiff from a patch's mail to a commit, file by file. Raises PatchdeskError and Cancelled."""
    done = repository.git(
        "diff-tree", "-p", "--root", "--no-commit-id", "--no-ext-diff", "--no-textconv", "-M",
        commit, "--",
    )  # fmt: skip
    if done.status:
        raise PatchdeskError(f"git diff-tree failed: {done.error[:300]}")
    mailed = read_patch(opener.mail(patch.message), patch.number)
    title = patch.message.subject.title.encode("utf-8", "replace")
    landed = read_patch(
        parse_mail(b"Subject: [PATCH] " + title + b"\n\n---\n\n" + done.out), patch.number
    )
    comparison = Comparison(pairs=compare_patches([mailed], [landed], stop), changelog=())
    return [
        line
        for pair in pair_interdiffs(comparison, [mailed], [landed], stop)
        for line in file_lines(pair, "the mail", "the commit")
    ]
