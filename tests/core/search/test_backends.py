"""Followed lists and an opened target give the same rows for every prefix and every value of `is:` and `has:`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from core.config import Config
from core.desk.triage_service import TriageService
from core.errors import QueryError
from core.index.index import open_index
from core.index.query_terms import ROW_TERMS
from core.model import Message, MessageId
from core.query.fields import FIELDS, HAS_VALUES, IS_VALUES, MAIL_FIELDS, NOT_INDEXED
from core.search.list_search import ListSearch
from core.search.mail_terms import MAIL_TERMS
from core.search.maintenance import index_new_bodies
from core.search.target_search import TargetSearch, TargetStates
from core.sources.source import git_blob_id
from core.triage.journal import Journal
from core.triage.transitions import Verb
from tests.core.indexing import NOBODY, Log, bring, quiet
from tests.core.search.finding import MAILS, letter, listing

ME = ("ann@example.org",)


def _screenshot() -> bytes:
    mail = EmailMessage()
    mail["From"] = "Rex Reviewer <rex@example.com>"
    mail["To"] = "list@example.org"
    mail["Subject"] = "A picture of it"
    mail["Message-ID"] = "<shot@example.org>"
    mail["Date"] = "Thu, 05 Jun 2025 10:00:00 +0000"
    mail["Received"] = "from a by b; Fri, 06 Jun 2025 09:00:00 +0000"
    mail.set_content("See the picture.")
    mail.add_attachment(b"\x89PNG\r\n", maintype="image", subtype="png", filename="a.png")
    return mail.as_bytes()


def _patch_in(function: str) -> bytes:
    raw = letter("fun", "[PATCH] KVM: check it", files=["virt/kvm/kvm_main.c"])
    return raw.replace(b"@@ -1 +1 @@", f"@@ -1 +1 @@ {function}".encode())


ARCHIVE = [*MAILS, _screenshot(), _patch_in("static long kvm_vcpu_ioctl(struct file *filp)")]

QUERIES = {
    "s": ["s:pmu", 's:"PMU partitioning"'], "f": ["f:ann", "f:李"], "t": ["t:linux-mm"], "c": ["c:maz"], "tc": ["tc:ann"],
    "a": ["a:ann"], "with": ["with:rex"], "by": ["by:rex"], "b": ['b:"use after free"', "b:leaks", "b:quoted", "b:two", "b:100"],
    "d": ["d:2025-06..", "d:2024"], "m": ["m:pmu2-1@example.org", "m:bug-"],
    "dfn": ["dfn:arch/arm64/kvm/pmu.c", "dfn:pmu", "dfn:*.rst", "dfn:kvm/*.c", "dfn:[m]m", "-dfn:arch"],
    "v": ["v:2", "v:1"], "n": ["n:>2", "n:..1"], "label": ["label:arm"], "l": ["l:none"], "rt": ["rt:2025-06-06"],
    "dfhh": ["dfhh:kvm_vcpu_ioctl"],
}  # fmt: skip
"""Queries of each prefix."""

DONE = {
    Verb.DONE: "one", Verb.SKIP: "two", Verb.WAIT: "talk", Verb.LATER: "mem-0",
    Verb.ACCEPT: "bug", Verb.FLAG: "pmu1-0", Verb.LABEL: "pmu1-0", Verb.NOTE: "shot",
}  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ListSearch, TargetSearch]]:
    """One archive, followed and opened, with one journal that has every verb."""
    folder = tmp_path_factory.mktemp("backends")
    index = open_index(folder / "index.sqlite3")
    log = Log("letters")
    log.entries = [(raw, True) for raw in ARCHIVE]
    bring(index, log)
    index_new_bodies(
        index.mails, index.identity, folder / "bodies.sqlite3", stop=NOBODY, report=quiet
    )
    journal = Journal(folder / "triage.jsonl")
    triage = TriageService(index, journal, ME)
    for verb, name in DONE.items():
        argument = {Verb.LABEL: "arm"}.get(verb)
        if name == "mem-0":
            argument = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%d")
        note = "look again" if verb is Verb.NOTE else None
        triage.apply(verb, [MessageId(f"{name}@example.org")], argument=argument, note=note)
    triage.mark_read((MessageId("fun@example.org"),), read=True)
    triage.mark_read((MessageId("pmu1-1@example.org"),), read=True)

    opened = listing(ARCHIVE)
    raws = {git_blob_id(raw).hex(): raw for raw in ARCHIVE}
    alone = TriageService(None, journal, ME)
    alone.set_items(opened.items)
    alone.refresh()

    def read(message: Message) -> bytes:
        return raws[message.key]

    def states() -> TargetStates:
        known = {MessageId(str(name)): state for name, state in alone.states().items()}
        return TargetStates(known, *alone.read_items())

    config = Config(me_addresses=ME, index_bodies=True)
    lists = ListSearch(index, config, bodies=folder / "bodies.sqlite3")
    yield lists, TargetSearch(opened, me=ME, read=read, states=states)
    index.close()


def rows(search: ListSearch | TargetSearch, query: str) -> set[str]:
    return {hit.id.partition("@")[0] for hit in search.find(query).hits}


def test_the_tables_have_every_term() -> None:
    assert set(QUERIES) | {"is", "has", "missing", "tag", "tree"} == set(FIELDS)
    assert set(MAIL_TERMS) == MAIL_FIELDS
    named = {f"is:{name}" for name in IS_VALUES} | {f"has:{name}" for name in HAS_VALUES}
    named |= {"missing:r", "missing:a", "missing:t"}
    assert set(ROW_TERMS) == named
    assert set(NOT_INDEXED) <= named | set(FIELDS)


@pytest.mark.parametrize(
    "query", [query for name, some in QUERIES.items() if name not in NOT_INDEXED for query in some]
)
def test_each_prefix_means_the_same(query: str, both: tuple[ListSearch, TargetSearch]) -> None:
    lists, opened = both
    found = rows(lists, query)
    assert found == rows(opened, query)
    assert found or query in ("l:none", "b:quoted", "b:two")


APART = {
    "is:back", "is:landed", "is:applied",  # tests/core/landed
    "is:stale", "is:forgotten", "has:open-comments", "missing:r", "missing:a", "missing:t",
}  # fmt: skip
"""States that more than the mails decides: other tests hold them against each other."""


@pytest.mark.parametrize("query", sorted(set(ROW_TERMS) - set(NOT_INDEXED) - APART))
def test_each_state_means_the_same(query: str, both: tuple[ListSearch, TargetSearch]) -> None:
    lists, opened = both
    everything = rows(lists, "")
    assert rows(lists, query) == rows(opened, query)
    assert rows(lists, f"-{query}") == rows(opened, f"-{query}") == everything - rows(lists, query)
    assert rows(opened, query)
    if query != "is:unread":
        assert rows(opened, query) != everything


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("rt:2025-06-06", {"shot", "bug"}),
        ("dfhh:kvm_vcpu_ioctl", {"fun"}),
        ('dfhh:"static long"', {"fun"}),
        ("dfhh:kvm_vm_ioctl", set()),
        ("has:attachments", {"shot"}),
    ],
)
def test_what_the_index_lacks_is_said_there_and_answered_here(
    query: str, wanted: set[str], both: tuple[ListSearch, TargetSearch]
) -> None:
    lists, opened = both
    assert rows(opened, query) == wanted
    for text in (query, f"s:pmu OR {query}"):
        with pytest.raises(QueryError, match="followed lists") as caught:
            lists.check(text)
        assert "opened target" in caught.value.hint
        assert text[caught.value.offset :][: caught.value.length] == query
