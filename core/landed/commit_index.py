"""The commits of the user's trees in one SQLite file of the cache: built once, then updated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Final

from core.apply.repository import Repository
from core.errors import Cancelled, PatchdeskError
from core.landed.cache_file import open_cache_file
from core.landed.matching import title_key
from core.landed.patch_ids import commit_patch_ids
from core.landed.values import Tree, TreeCommit
from core.model import MessageId
from core.progress import Progress, ProgressCallback

_FORMAT: Final = 1
_BATCH: Final = 1_000
"""Commits read in one batch; complete batches are kept after a cancel."""
_FIELDS: Final = "%x00%H%x01%an%x01%ae%x01%cI%x01%s%x01%b"
_LINK: Final = re.compile(r"^(?:Link|Message-ID|Message-Id):\s*(\S{3,998})\s*$", re.MULTILINE)
_REVERTS: Final = re.compile(r"This reverts commit ([0-9a-f]{7,64})")

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS tree (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE, repo TEXT, ref TEXT, tip TEXT, since TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS tree_commit (
    tree INTEGER REFERENCES tree ON DELETE CASCADE, id TEXT, date TEXT, author_name TEXT,
    author_address TEXT, title TEXT, title_key TEXT, patch_id TEXT, reverts TEXT,
    PRIMARY KEY (tree, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tree_commit_title ON tree_commit (title_key);
CREATE INDEX IF NOT EXISTS tree_commit_patch ON tree_commit (patch_id) WHERE patch_id != '';
CREATE INDEX IF NOT EXISTS tree_commit_reverts ON tree_commit (reverts) WHERE reverts != '';
CREATE INDEX IF NOT EXISTS tree_commit_id ON tree_commit (id);
CREATE TABLE IF NOT EXISTS commit_link (
    message_id TEXT, tree INTEGER REFERENCES tree ON DELETE CASCADE, id TEXT,
    PRIMARY KEY (message_id, tree, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS commit_link_tree ON commit_link (tree, id);
"""
_COLUMNS: Final = (
    "c.id, t.name, c.date, c.author_name, c.author_address, c.title, c.patch_id, c.reverts"
)


class CommitIndex:
    """The file; safe to delete, it is built again."""

    def __init__(self, path: Path) -> None:
        """Open the file, or recreate it where it is damaged or of another version. Raises PatchdeskError."""
        self._database = open_cache_file(path, _SCHEMA, _FORMAT)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def update(
        self, tree: Tree, since: datetime | None, *, stop: Event, report: ProgressCallback
    ) -> int:
        """Read the new commits of a tree, and drop those it lost; return the number of new ones.

        Those after `since` are read, None for all; an earlier `since` than the last time's reads further back. Raises
        PatchdeskError and Cancelled; commits read before that are kept.
        """
        repository = Repository(Path(tree.repo).expanduser(), stop)
        tip = repository.commit(tree.ref)
        if tip is None:
            raise PatchdeskError(f"{tree.repo} has no {tree.ref}.", f"Fix [trees.{tree.name}] ref.")
        number, old, read_since = self._tree(tree)
        wanted = "" if since is None else since.isoformat()
        known = repository.commit(old) if old else None
        if old and known is None:  # the old commits are gone from the repository
            self._forget(number)
        if known is not None and known != tip:
            self._drop(number, repository.answer("rev-list", known, f"^{tip}").split())
        new: list[str] = []
        if known is None or wanted < read_since:
            before = () if known is None else (f"--before={read_since}",)
            new += self._listed(repository, tip, wanted, *before)
            read_since = wanted
        if known is not None and known != tip:
            new += self._listed(repository, tip, "", f"^{known}")
        for start in range(0, len(new), _BATCH):
            if stop.is_set():
                raise Cancelled
            report(Progress(f"reading {tree.name}", start, len(new)))
            self._add(number, tree.name, repository, new[start : start + _BATCH])
        with self._database:
            self._database.execute(
                "UPDATE tree SET tip = ?, since = ? WHERE id = ?", (tip, read_since, number)
            )
        return len(new)

    @staticmethod
    def _listed(repository: Repository, tip: str, since: str, *scope: str) -> list[str]:
        """Return the commits of a tip, oldest first, without merges."""
        limit = (f"--since={since}",) if since else ()
        return repository.answer(
            "rev-list", "--no-merges", "--reverse", *limit, *scope, tip
        ).split()

    def forget_others(self, names: Sequence[str]) -> None:
        """Drop the trees that are not among these names."""
        with self._database:
            for (name,) in self._database.execute("SELECT name FROM tree").fetchall():
                if name not in names:
                    self._database.execute("DELETE FROM tree WHERE name = ?", (name,))

    def by_link(self, message_id: MessageId) -> Sequence[TreeCommit]:
        """Return the commits whose trailers name a mail."""
        return self._commits(
            "JOIN commit_link l ON l.tree = c.tree AND l.id = c.id WHERE l.message_id = ?",
            message_id,
        )

    def by_patch_id(self, patch_id: str) -> Sequence[TreeCommit]:
        """Return the commits with that patch-id."""
        return self._commits("WHERE c.patch_id = ? AND c.patch_id != ''", patch_id)

    def by_title(self, key: str) -> Sequence[TreeCommit]:
        """Return the commits whose title has that key."""
        return self._commits("WHERE c.title_key = ?", key)

    def by_id(self, prefix: str) -> Sequence[TreeCommit]:
        """Return the commits whose id begins with this prefix."""
        return self._commits("WHERE c.id >= ? AND c.id < ?", prefix, prefix + "g")

    def reverts_of(self, commit: str) -> Sequence[TreeCommit]:
        """Return the commits that say that they take a commit back."""
        prefixes = [commit[:length] for length in range(7, len(commit) + 1)]
        marks = ",".join("?" * len(prefixes))
        return self._commits(f"WHERE c.reverts != '' AND c.reverts IN ({marks})", *prefixes)

    def _commits(self, where: str, *values: str) -> list[TreeCommit]:
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM tree_commit c JOIN tree t ON t.id = c.tree {where}"  # noqa: S608
            " ORDER BY c.date LIMIT 100",
            values,
        )
        return [_commit(row) for row in rows]

    def _tree(self, tree: Tree) -> tuple[int, str, str]:
        """Return a tree's row, the commit it was read up to, and since when; another repository or ref begins anew."""
        row = self._database.execute(
            "SELECT id, repo, ref, tip, since FROM tree WHERE name = ?", (tree.name,)
        ).fetchone()
        if row is not None and (row[1], row[2]) == (tree.repo, tree.ref):
            return int(row[0]), str(row[3]), str(row[4])
        with self._database:
            self._database.execute("DELETE FROM tree WHERE name = ?", (tree.name,))
            cursor = self._database.execute(
                "INSERT INTO tree (name, repo, ref, tip, since) VALUES (?, ?, ?, '', '')",
                (tree.name, tree.repo, tree.ref),
            )
        return int(cursor.lastrowid or 0), "", ""

    def _forget(self, number: int) -> None:
        with self._database:
            self._database.execute("DELETE FROM commit_link WHERE tree = ?", (number,))
            self._database.execute("DELETE FROM tree_commit WHERE tree = ?", (number,))

    def _drop(self, number: int, commits: Sequence[str]) -> None:
        rows = [(number, commit) for commit in commits]
        with self._database:
            self._database.executemany("DELETE FROM commit_link WHERE tree = ? AND id = ?", rows)
            self._database.executemany("DELETE FROM tree_commit WHERE tree = ? AND id = ?", rows)

    def _add(self, number: int, name: str, repository: Repository, ids: Sequence[str]) -> None:
        patch_ids = commit_patch_ids(repository, ids)
        with self._database:
            for commit in _read_commits(repository, name, ids):
                self._database.execute(
                    "INSERT OR REPLACE INTO tree_commit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        number,
                        commit.id,
                        commit.date.isoformat(),
                        commit.author_name,
                        commit.author_address,
                        commit.title,
                        title_key(commit.title),
                        patch_ids.get(commit.id, ""),
                        commit.reverts,
                    ),
                )
                self._database.executemany(
                    "INSERT OR IGNORE INTO commit_link VALUES (?, ?, ?)",
                    [(link, number, commit.id) for link in commit.links],
                )


def _read_commits(repository: Repository, tree: str, ids: Sequence[str]) -> Iterator[TreeCommit]:
    """Yield the stored facts of commits. Raises PatchdeskError."""
    done = repository.git(
        "log", "--no-walk=unsorted", "--stdin", f"--format={_FIELDS}", "--encoding=UTF-8",
        "--no-show-signature",
        given="\n".join(ids).encode(),
    )  # fmt: skip
    if done.status:
        raise PatchdeskError(f"git log failed: {done.error[:300]}")
    for entry in done.out.decode("utf-8", "replace").split("\0")[1:]:
        fields = entry.rstrip("\n").split("\x01", 5)
        if len(fields) != 6:  # a \x01 is in a name; the commit stays unknown
            continue
        commit_id, name, address, date, title, body = fields
        reverts = _REVERTS.search(body)
        yield TreeCommit(
            id=commit_id,
            tree=tree,
            date=datetime.fromisoformat(date),
            author_name=name,
            author_address=address,
            title=title,
            links=_links(body),
            reverts=reverts[1] if reverts else "",
        )


def _links(body: str) -> tuple[MessageId, ...]:
    """Return the Message-IDs that the trailers of a commit name: those of its last block alone."""
    last = body.rstrip().rpartition("\n\n")[2]
    found = []
    for value in _LINK.findall(last):
        name = value.strip("<>").rstrip("/").rpartition("/")[2]
        if "@" in name:
            found.append(MessageId(name.strip("<>").replace("%40", "@")))
    return tuple(dict.fromkeys(found))


def _commit(row: Sequence[Any]) -> TreeCommit:
    return TreeCommit(
        id=row[0],
        tree=row[1],
        date=datetime.fromisoformat(row[2]),
        author_name=row[3],
        author_address=row[4],
        title=row[5],
        patch_id=row[6],
        reverts=row[7],
    )
