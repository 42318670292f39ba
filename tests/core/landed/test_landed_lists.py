"""Landed patches of followed lists and opened targets: the state of rows, the inbox, the query words, what is read again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from core.config import Config, NamedTree
from core.index.index import Index, RowView, open_index
from core.model import MessageId, Series, TargetListing
from core.progress import Progress
from core.search.list_search import ListSearch
from core.search.target_search import TargetSearch, TargetStates
from core.sync.landed import refresh_landed
from core.triage.journal import Journal
from core.triage.landing import PatchLanding, TreeLanding, tree_landings
from core.triage.memory_store import InMemoryTriageStore
from core.triage.state import TriageState
from tests.core.apply.kit import commit, git, patches, repository, text
from tests.core.indexing import Log, bring, grouped

QUERIES = ("is:open", "is:landed", "tree:next", "tree:NEXT", "tree:nex", "-is:landed", "is:back")


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


class Desk:
    """A followed list with one series of two patches, and the tree in which it may land."""

    def __init__(self, folder: Path) -> None:
        self.repo = repository(folder / "repo")
        base = text(self.repo, "rev-parse", "HEAD")
        git(self.repo, "checkout", "-q", "-b", "topic")
        commit(self.repo, {"new.txt": "1\n"}, "a: first")
        commit(self.repo, {"new.txt": "1\n2\n"}, "a: second")
        self.log = Log("letters")
        self.log.entries = [
            (one.raw, True) for one in patches(self.repo, f"{base}..topic", "--cover-letter")
        ]
        git(self.repo, "checkout", "-q", "main")
        self.path = folder / "index.sqlite3"
        self.index = open_index(self.path)
        self.config = Config(trees={"next": NamedTree(repo=str(self.repo), ref="main")})
        self.cache = folder / "cache"
        bring(self.index, self.log)

    def land(self, *revisions: str) -> None:
        """Take commits into the tree, and another before them, so that they have other ids."""
        commit(self.repo, {f"{revisions[0]}.txt": "x\n"}, f"before {revisions[0]}")
        git(self.repo, "cherry-pick", *revisions)

    def refresh(self, config: Config | None = None) -> list[str]:
        def quiet(_: Progress) -> None:
            pass

        return refresh_landed(
            self.path, config or self.config, stop=Event(), report=quiet, cache=self.cache
        )

    def state(self) -> TriageState:
        (row,) = self.index.rows.order(RowView())
        (one,) = self.index.rows.summaries([row])
        return one.state

    def found(self, query: str) -> int:
        finder = ListSearch(self.index, self.config)
        try:
            return finder.find(query).total
        finally:
            finder.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    one = Desk(tmp_path)
    yield one
    one.index.close()


def test_what_landed_leaves_the_inbox_and_comes_back_if_it_is_reverted(desk: Desk) -> None:
    assert desk.refresh() == []
    assert (desk.found("is:open"), desk.found("is:landed"), desk.found("tree:next")) == (1, 0, 0)
    desk.land("topic~1")
    desk.refresh()
    assert desk.state().landed == (TreeLanding("next", 1, 2),)
    assert (desk.found("is:open"), desk.found("is:landed"), desk.found("tree:next")) == (1, 0, 1)
    desk.land("topic")
    generation = desk.index.rows.changes_since(0).generation
    desk.refresh()
    assert desk.index.rows.changes_since(generation).written
    assert desk.state().is_landed
    assert (desk.found("is:open"), desk.found("is:landed"), desk.found("tree:next")) == (0, 1, 1)
    git(desk.repo, "revert", "--no-edit", "HEAD")
    desk.refresh()
    assert desk.state().landed == (TreeLanding("next", 1, 2, reverted=1),)
    assert (desk.found("is:open"), desk.found("is:landed")) == (1, 0)
    # Without trees nothing is known to have landed.
    desk.refresh(replace(desk.config, trees={}))
    assert desk.state() == TriageState()
    assert desk.found("tree:next") == 0


def test_a_new_version_that_has_not_landed_is_in_the_inbox(desk: Desk) -> None:
    desk.land("topic~1", "topic")
    desk.refresh()
    assert desk.found("is:open") == 0
    head = text(desk.repo, "rev-parse", "topic~2")
    git(desk.repo, "checkout", "-q", "-b", "again", head)
    commit(desk.repo, {"other.txt": "1\n"}, "a: third")
    mails = patches(desk.repo, f"{head}..again", "-v2", "--cover-letter")
    desk.log.entries += [(one.raw, True) for one in mails]
    bring(desk.index, desk.log)
    desk.refresh()
    assert desk.found("is:open") == 1


def test_only_what_is_new_is_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.refresh()
    read: list[int] = []

    def series(_: Index, rows: Sequence[int]) -> Iterator[Series]:
        read.extend(rows)
        return iter(())

    monkeypatch.setattr("core.sync.landed._series", series)
    desk.refresh()
    assert read == []
    other = re.sub(rb"(?im)^message-id: <", b"Message-ID: <x", desk.log.entries[1][0])
    desk.log.entries.append((other, True))
    bring(desk.index, desk.log)
    desk.refresh()
    assert read


def test_the_index_and_an_opened_target_agree(desk: Desk, tmp_path: Path) -> None:
    from core.desk.landed_service import LandedService
    from core.sync.landed import trees_of

    items = list(grouped([("letters", raw) for raw, _ in desk.log.entries]).values())
    raws = {one.message_id: raw for raw, _ in desk.log.entries for one in [parse(raw)]}

    class Opener:
        def raw(self, message: object) -> bytes:
            return raws[message.message_id]  # type: ignore[attr-defined]

    for landed in ((), ("topic~1",), ("topic",)):
        if landed:
            desk.land(*landed)
        desk.refresh()
        service = LandedService(trees_of(desk.config), tmp_path / "other" / "trees.sqlite3")
        memory = InMemoryTriageStore()
        memory.set_items(items)
        memory.set_landed(service.landings(Opener(), items, stop=Event()))  # type: ignore[arg-type]
        service.close()
        memory.apply_new_events(Journal(tmp_path / "triage.jsonl"))
        states = {MessageId(str(key)): one for key, one in memory.states().items()}
        assert states.get(items[0].id, TriageState()).landed == desk.state().landed
        listing = TargetListing(name="", items=tuple(items), mails=3, done=True)
        finder = TargetSearch(listing, states=lambda states=states: TargetStates(states))  # type: ignore[misc]
        for query in QUERIES:
            assert finder.find(query).total == desk.found(query), query
        finder.close()


def parse(raw: bytes):  # type: ignore[no-untyped-def]
    from core.mail.message import parse_message

    return parse_message(raw)


def test_landings_count_each_tree() -> None:
    one, two = MessageId("1@x"), MessageId("2@x")
    landed = {
        one: [PatchLanding("next", True, False), PatchLanding("main", False, True)],
        two: [PatchLanding("next", False, False)],
        MessageId("old@x"): [PatchLanding("next", False, False)],
    }
    assert tree_landings(landed, [one, two], 2) == (
        TreeLanding("main", 0, 2, reverted=1),
        TreeLanding("next", 2, 2, changed=1),
    )
    assert [str(each) for each in tree_landings(landed, [one, two], 3)] == [
        "reverted in main",
        "landed 2 of 3 in next, 1 changed",
    ]
