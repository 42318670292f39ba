"""Where the patches of series landed: the user's trees, and the mails that say that patches were applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from core.apply.repository import Repository
from core.config import Config
from core.errors import PatchdeskError
from core.landed.commit_index import CommitIndex
from core.landed.matching import landed_patches
from core.landed.notices import applied_notices
from core.landed.patch_ids import mail_patch_ids
from core.landed.values import AppliedNotice, LandedPatch, SentPatch, Tree
from core.model import MessageId, Series
from core.system.paths import cache_dir

if TYPE_CHECKING:
    from core.desk.export import MailOpener
    from core.progress import ProgressCallback

_BEFORE: Final = timedelta(days=30)
"""How long before a series its tree is read from."""


def trees_of(config: Config) -> list[Tree]:
    """Return the trees that the user named. Raises PatchdeskError where there are none."""
    if not config.trees:
        raise PatchdeskError(
            "No tree is configured to look for landed patches in.",
            'Add [trees.NAME] with repo = "…" and ref = "…" to config.toml.',
        )
    return [
        Tree(name=name, repo=tree.repo, ref=tree.ref, role=tree.role)
        for name, tree in config.trees.items()
    ]


class LandedService:
    """Finds landed patches; keeps its index of commits in the cache."""

    def __init__(self, trees: Sequence[Tree], path: Path | None = None) -> None:
        """Raises PatchdeskError where the index cannot be used."""
        self._trees = trees
        self._commits = CommitIndex(path or cache_dir() / "trees.sqlite3")

    def close(self) -> None:
        """Close the index."""
        self._commits.close()

    def update(self, series: Series, *, stop: Event, report: ProgressCallback) -> None:
        """Read new commits of the trees, as far back as a series. Raises PatchdeskError and Cancelled."""
        since = min(version.date for version in series.versions) - _BEFORE
        for tree in self._trees:
            self._commits.update(tree, since, stop=stop, report=report)

    def landed(self, opener: MailOpener, series: Series) -> list[LandedPatch]:
        """Return where the patches of the newest posting landed, by number. Raises PatchdeskError."""
        notices = list(_notices(opener, series))
        found: list[LandedPatch] = []
        for patch in self._sent(opener, series):
            found += landed_patches(patch, self._commits, notices)
        return found

    def _sent(self, opener: MailOpener, series: Series) -> Iterable[SentPatch]:
        mails = [opener.mail(patch.message) for patch in series.versions[-1].patches]
        diffs = {
            mail.message.message_id: mail.body.diff.encode("utf-8", "surrogateescape")
            for mail in mails
        }
        repository = Repository(Path(self._trees[0].repo).expanduser())
        patch_ids = mail_patch_ids(repository, diffs)
        for mail in mails:
            message = mail.message
            yield SentPatch(
                message_id=message.message_id,
                title=message.subject.title,
                author_name=message.author.name,
                author_address=message.author.address,
                date=message.date,
                patch_id=patch_ids.get(message.message_id, ""),
            )


def landed_record(one: LandedPatch) -> dict[str, Any]:
    """Return a landed patch as the JSON object that scripts read."""
    return {
        "kind": "landed",
        "message_id": one.message_id,
        "tree": one.tree or None,
        "commit": one.commit,
        "how": one.evidence.value,
        "changed": one.code_changed,
        "reverted_by": one.reverted_by or None,
    }


def _notices(opener: MailOpener, series: Series) -> Iterator[AppliedNotice]:
    """Yield the notices of applied patches in the replies to the newest posting."""
    seen: set[MessageId] = set()
    for entry in series.versions[-1].entries():
        for reply in entry.replies:
            message = reply.message
            if message.message_id not in seen:
                seen.add(message.message_id)
                yield from applied_notices(opener.mail(message).text, message.message_id)
