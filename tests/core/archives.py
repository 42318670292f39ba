"""Makes public-inbox archives on disk, as public-inbox-v2-format(5) and -v1-format(5) have them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pygit2

WHO = pygit2.Signature("Archive", "archive@lists.example.org", 1_750_000_000, 0)
Change = tuple[str, bytes]
"""The change of a commit of an epoch: ("m", a mail) or ("d", a removed one)."""


def make_epoch(path: Path, changes: Sequence[Change]) -> pygit2.Repository:
    """Make a bare repository with one commit for each change."""
    repository = pygit2.init_repository(str(path), bare=True, initial_head="master")
    for name, raw in changes:
        builder = repository.TreeBuilder()
        builder.insert(name, repository.create_blob(raw), pygit2.enums.FileMode.BLOB)
        commit(repository, builder.write())
    return repository


def make_v1(path: Path, mails: Sequence[bytes]) -> pygit2.Repository:
    """Make a bare repository whose newest tree has every mail."""
    repository = pygit2.init_repository(str(path), bare=True, initial_head="master")
    folders: dict[str, pygit2.TreeBuilder] = {}
    for raw in mails:
        name = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        builder = folders.setdefault(name[:2], repository.TreeBuilder())
        builder.insert(name[2:], repository.create_blob(raw), pygit2.enums.FileMode.BLOB)
    root = repository.TreeBuilder()
    for name, builder in folders.items():
        root.insert(name, builder.write(), pygit2.enums.FileMode.TREE)
    commit(repository, root.write())
    return repository


def commit(repository: pygit2.Repository, tree: pygit2.Oid) -> None:
    """Add a commit to master."""
    parents = [] if repository.head_is_unborn else [repository.head.target]
    repository.create_commit("refs/heads/master", WHO, WHO, "mail\n", tree, parents)
