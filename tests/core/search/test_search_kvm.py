"""Queries over a real list, against a brute force that looks at every mail."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.config import Config
from core.index.index import Index, open_index
from core.mail.message import parse_message
from core.model import Identity, Message, TargetListing
from core.query.tokens import fold
from core.search.list_search import ListSearch
from core.search.search import Search
from core.search.target_search import TargetSearch
from core.series.grouping import group_messages
from core.sources.source import git_blob_id
from tests.core.indexing import Log, bring
from tests.core.search.search_archive import BUNDLE

SEED = 20250602


@dataclass(frozen=True)
class Archive:
    index: Index
    messages: list[Message]
    listing: TargetListing

    @property
    def finders(self) -> tuple[Search, Search]:
        return ListSearch(self.index, Config(me_addresses=("x@y",))), TargetSearch(self.listing)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    if not BUNDLE.exists():
        pytest.skip(f"{BUNDLE.name} is not beside the project")
    folder = tmp_path_factory.mktemp("kvm")
    repository = folder / "kvm-ppc.git"
    subprocess.run(["git", "clone", "--quiet", "--mirror", BUNDLE, repository], check=True)
    raws = list(_mails(repository))
    log = Log("kvm-ppc")
    log.entries = [(raw, True) for raw in raws]
    index = open_index(folder / "index.sqlite3")
    bring(index, log)
    messages = [parse_message(raw, git_blob_id(raw).hex()) for raw in raws]
    listing = TargetListing(
        name="kvm-ppc", items=tuple(group_messages(messages)), mails=len(raws), done=True
    )
    yield Archive(index, messages, listing)
    index.close()


def _mails(repository: Path) -> Iterator[bytes]:
    def git(*arguments: str, given: bytes = b"") -> bytes:
        command = ["git", "-C", str(repository), *arguments]
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout

    commits = git("rev-list", "--all", "--reverse").split()
    out = git("cat-file", "--batch", given=b"".join(commit + b":m\n" for commit in commits))
    at = 0
    while at < len(out):
        end = out.index(b"\n", at)
        head = out[at:end].split()
        if head[-1] == b"missing":
            at = end + 1
            continue
        size = int(head[2])
        yield out[end + 1 : end + 1 + size]
        at = end + 2 + size


def begins(word: str) -> Callable[[str], bool]:
    """Return whether a word of a text begins so."""
    pattern = re.compile(rf"(?<![^\W_]){re.escape(word)}")
    return lambda text: pattern.search(fold(text)) is not None


def people(*some: Identity) -> str:
    return "\n".join(f"{each.name} {each.address}" for each in some)


def check(archive: Archive, query: str, holds: Callable[[Message], bool]) -> int:
    """See that a query finds the rows with a mail for which something holds; return how many."""
    index = archive.index
    wanted = {index.mails.find_row(one.message_id) for one in archive.messages if holds(one)}
    (by_index, in_memory) = archive.finders
    assert set(by_index.rows(query)) == wanted, query
    ids = {one.id for one in index.rows.summaries([row for row in wanted if row is not None])}
    items = archive.listing.items
    assert {items[place].id for place in in_memory.rows(query)} == ids, query
    return len(wanted)


WORDS = ["kvm", "powerpc", "book3s", "hotplug", "rtas", "x86", "uvmem", "4", "tce", "xive"]
PEOPLE = [
    "paul",
    "agraf",
    "alexey",
    "sean",
    "kvm-ppc",
    "linuxppc",
    "ozlabs.org",
    "redhat",
    "fabiano",
]


@pytest.mark.torture
@pytest.mark.parametrize("word", WORDS)
def test_subjects(archive: Archive, word: str) -> None:
    has = begins(word)
    assert check(archive, f"s:{word}", lambda one: has(one.subject.text))


@pytest.mark.parametrize("name", ["paul", "kvm-ppc", "ozlabs.org", "fabiano"])
def test_people(archive: Archive, name: str) -> None:
    has = begins(re.sub(r"[.-]", " ", name))
    plain = re.compile(r"[^\w\n]+")

    def of(*some: Identity) -> bool:
        return has(plain.sub(" ", people(*some)))

    check(archive, f"t:{name}", lambda one: of(*one.to))
    check(archive, f"c:{name}", lambda one: of(*one.cc))
    check(archive, f"tc:{name}", lambda one: of(*one.to, *one.cc))
    check(archive, f"with:{name}", lambda one: of(one.sender, one.author))
    assert check(archive, f"a:{name}", lambda one: of(one.sender, one.author, *one.to, *one.cc))


def test_who_posted(archive: Archive) -> None:
    posted = {
        entry.message.message_id
        for item in archive.listing.items
        for version in getattr(item, "versions", ())
        for entry in version.entries()
    } | {item.root.message_id for item in archive.listing.items if hasattr(item, "root")}
    duplicates = {
        double.message_id
        for item in archive.listing.items
        for version in getattr(item, "versions", ())
        for entry in version.entries()
        for double in entry.duplicates
    }
    for name in ("paul", "alexey", "sean", "fabiano"):
        has = begins(name)
        assert check(
            archive,
            f"f:{name}",
            lambda one, has=has: (  # type: ignore[misc]
                one.message_id in posted | duplicates and has(people(one.sender, one.author))
            ),
        )


@pytest.mark.parametrize(
    ("query", "low", "high"),
    [
        ("d:2021", "2021-01-01", "2022-01-01"),
        ("d:2020-04-01..2020-04-10", "2020-04-01", "2020-04-11"),
        ("d:..2019-12-31", "0001-01-01", "2020-01-01"),
        ("d:2023-01..", "2023-01-01", "9999-01-01"),
    ],
)
def test_dates(archive: Archive, query: str, low: str, high: str) -> None:
    first, last = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (low, high))
    assert check(archive, query, lambda one: first <= one.date < last)


def test_terms_together_hold_of_one_mail(archive: Archive) -> None:
    kvm, paul = begins("kvm"), begins("paul")
    assert check(
        archive,
        "with:paul s:kvm d:2021",
        lambda one: (
            (
                kvm(one.subject.text)
                and paul(people(one.sender, one.author))
                and one.date.year == 2021
                and one.date.utcoffset() is not None
            )
            and one.date.timestamp() < 1_640_995_200
        ),
    )


@pytest.mark.torture
def test_any_mixture_is_the_same_in_the_index_and_in_memory(archive: Archive) -> None:
    dice = random.Random(SEED)
    by_index, in_memory = archive.finders
    leaves = [
        *(f"s:{word}" for word in WORDS), *(f"{prefix}:{name}" for name in PEOPLE for prefix in ("f", "t", "c", "a", "with", "by")),
        "d:2021..", "d:..2020", "v:>=2", "v:3..", "n:>4", "n:1", "is:complete", "is:incomplete", "is:reviewed", "is:series",
        "is:thread", "has:replies", "has:trailers", "has:versions", "kvm", '"book3s hv"', "v2", "m:redhat.com",
    ]  # fmt: skip

    def tree(depth: int) -> str:
        if depth == 0 or dice.random() < 0.3:
            return dice.choice(leaves)
        some = [tree(depth - 1) for _ in range(dice.randint(2, 3))]
        joined = f"({dice.choice([' ', ' OR ']).join(some)})"
        return f"-{joined}" if dice.random() < 0.25 else joined

    items = archive.listing.items
    found = 0
    for _ in range(50):
        query = tree(3)
        rows = by_index.rows(query)
        ids = [one.id for one in archive.index.rows.summaries(rows)]
        assert sorted(ids) == sorted(items[place].id for place in in_memory.rows(query)), query
        assert by_index.count(query) == len(rows)
        found += 0 < len(rows) < len(items)
    assert found > 25
