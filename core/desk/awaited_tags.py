"""Tags that snoozed series wait for, looked up in the repositories of their lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.desk.applied_journal import AppliedJournal
    from core.triage.arguments import HasTag
    from core.triage.store import TriageTarget


class AwaitedTags:
    """Looks for tags. `check` blocks, and raises JournalError and IndexFileError."""

    def __init__(self, applied: AppliedJournal, repos: Mapping[str, str]) -> None:
        """Take the repository of each list that has one, by the list's name."""
        self._applied = applied
        self._repos = dict(repos)

    def check(self) -> bool:
        """Check for tags that snoozed series wait for; return whether one exists."""
        from core.sources.git_refs import has_tag

        with self._applied.lock:
            indexed, memory = self._applied.indexed, self._applied.memory
            if memory is not None:
                repos = set(self._repos.values())
                return memory.check_tags(lambda tag: any(has_tag(one, tag) for one in repos))
            if indexed is None:
                return False
            there = [
                (name, tag)
                for name, tag in indexed.pending_tag_waits()
                if name in self._repos and has_tag(self._repos[name], tag)
            ]
            return bool(there and indexed.record_tags(there))

    def lookup_for(self, targets: Sequence[TriageTarget]) -> HasTag | None:
        """Return a function that looks for a tag in the repositories of all these series; None where one has none."""
        from core.sources.git_refs import has_tag

        names = [
            [name for name in target.lists if name in self._repos]
            if self._applied.memory is None
            else list(self._repos)
            for target in targets
        ]
        if not names or not all(names):
            return None
        repos = {self._repos[name] for each in names for name in each}
        return lambda tag: any(has_tag(repo, tag) for repo in sorted(repos))
