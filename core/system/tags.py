"""Whether a repository has a tag. Of the repository nothing is run, and nothing written."""

from __future__ import annotations

from pathlib import Path

from core.errors import PatchdeskError


def has_tag(repository: str, tag: str) -> bool:
    """Whether the git repository at a path (`~` is the home folder) has a tag. Raises PatchdeskError."""
    import pygit2

    path = Path(repository).expanduser()
    try:
        return f"refs/tags/{tag}" in pygit2.Repository(str(path)).references
    except (pygit2.GitError, ValueError, OSError) as error:
        raise PatchdeskError(
            f"The repository {path} cannot be read.", "Mend repo in the list's [lists.NAME]."
        ) from error
