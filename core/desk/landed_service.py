"""Where the patches of series landed: the user's trees, and the mails that say that patches were applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from core.apply.repository import Repository
from core.config import Config
from core.desk.landed_change import landed_change
from core.errors import PatchdeskError
from core.landed.commit_index import CommitIndex
from core.landed.matching import landed_patches
from core.landed.sent_patches import landings, sent_patches
from core.landed.values import LandedPatch, Tree
from core.model import MessageId, Series, Thread
from core.sync.landed import LOOKBACK, trees_of
from core.system.paths import cache_dir

if TYPE_CHECKING:
    from core.desk.export import MailOpener
    from core.progress import ProgressCallback
    from core.text import SafeText
    from core.triage.landing import PatchLanding

_BEFORE: Final = timedelta(days=30)
"""How long before a series its tree is read from."""


def configured_trees(config: Config) -> list[Tree]:
    """Return the trees that the user named. Raises PatchdeskError where there are none."""
    if not config.trees:
        raise PatchdeskError(
            "No tree is configured to look for landed patches in.",
            'Add [trees.NAME] with repo = "…" and ref = "…" to config.toml.',
        )
    return trees_of(config)


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
        repository = Repository(Path(self._trees[0].repo).expanduser())
        found: list[LandedPatch] = []
        for patch, notices in sent_patches(repository, [series], opener.raw, {}):
            found += landed_patches(patch, self._commits, notices)
        return found

    def changes(
        self, opener: MailOpener, series: Series, found: Sequence[LandedPatch], stop: Event
    ) -> dict[LandedPatch, list[SafeText]]:
        """Return the interdiff of each patch that landed with other code. Raises PatchdeskError and Cancelled."""
        repositories = {
            tree.name: Repository(Path(tree.repo).expanduser(), stop) for tree in self._trees
        }
        patches = {one.message.message_id: one for one in series.versions[-1].patches}
        return {
            one: landed_change(
                repositories[one.tree], opener, patches[one.message_id], one.commit, stop
            )
            for one in found
            if one.code_changed and one.tree and one.message_id in patches
        }

    def landings(
        self, opener: MailOpener, items: Iterable[Series | Thread], *, stop: Event
    ) -> dict[MessageId, list[PatchLanding]]:
        """Return the trees that have each patch of an opened target's newest versions, of the last year it has.

        Raises PatchdeskError and Cancelled.
        """
        series = [one for one in items if isinstance(one, Series)]
        if not series:
            return {}
        since = max(one.versions[-1].date for one in series) - LOOKBACK
        series = [one for one in series if one.versions[-1].date >= since]
        for tree in self._trees:
            self._commits.update(tree, since - _BEFORE, stop=stop, report=lambda _: None)
        repository = Repository(Path(self._trees[0].repo).expanduser(), stop)
        return landings(sent_patches(repository, series, opener.raw, {}), self._commits)


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
