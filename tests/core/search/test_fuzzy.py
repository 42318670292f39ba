"""The results of the search, their order, and the highlighted letters."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from threading import Event

import pytest

from core.errors import Cancelled
from core.search.fuzzy.index import FuzzyEntry, FuzzyIndex

ROWS = [
    ("KVM: arm64: PMU partitioning for guests", "Colton Lewis", "coltonlewis@google.example"),
    ("KVM: guest_memfd: host-mapped memory", "Fuad Tabba", "tabba@google.example"),
    ("KVM: s390: vsie: fix shadowing", "Christoph Schlameuß", "schlameuss@linux.example.com"),
    ("KVM: x86: take the lock", "Radim Krčmář", "rkrcmar@redhat.example"),
    ("drm: add a panel", "山田太郎", "t.yamada@panel.example"),
    ("docs: translate the index", "Łukasz Østergård", "lukasz@docs.example"),
    ("fs: secure anonymous inodes", "Ackerley Tng", "ackerleytng@google.example"),
    ("clock: rename the divider", "Mary Poe", "mary@example.org"),
    ("block: rename the divider", "Mary Poe", "mary@example.org"),
    ("drm/v3d: flush caches", "Iago Toral", "itoral@gpu.example"),
    ("perf: add counters", "Anna Fix", "anna@perf.example"),
    ("perf: fix the counters of Anna", "Otto Groß", "otto@perf.example"),
]


def entries() -> list[FuzzyEntry]:
    return [
        FuzzyEntry(
            row=row,
            subject=subject,
            name=name,
            address=address,
            message_id=f"2025060{row % 10}192702.{row}-1-{address}",
            date=1_000_000 + row,
        )
        for row, (subject, name, address) in enumerate(ROWS)
    ]


@pytest.fixture(scope="module")
def index() -> FuzzyIndex:
    return FuzzyIndex.build(entries())


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("pmu part colton", 0),
        ("colton PMU", 0),
        ("partitioning", 0),
        ("titioning", 0),
        ("partitoinnig", 0),
        ("xartitioning", 0),
        ("arm46 pmu", 0),
        ("arm664 pmu", 0),
        ("kvmpmupart", 0),
        ("kvmarmpmu", 0),
        ("kapp", 0),
        ("coltonlewis", 0),
        ("guest_memfd", 1),
        ("guest_memdf", 1),
        ("gest_memfd", 1),
        ("guestmemfd", 1),
        ("memory host mapped", 1),
        ("schlameus", 2),
        ("schlameuss", 2),
        ("Schlameuß", 2),
        ("SCHLAMEUSS", 2),
        ("shclameuss", 2),
        ("krcmar", 3),
        ("Krčmář", 3),
        ("krcmra", 3),
        ("yamada", 4),
        ("山田", 4),
        ("t.yamada@panel", 4),
        ("lukasz ostergard", 5),
        ("ackerleytng@google.example", 6),
        ("leytng@goo", 6),
        ("ackerlytng@google.example", 6),
        ("ackerlytng@", 6),
        ("tabba@gogle.example", 1),
        ("ackerley @gogle.example", 6),
        ("<20250606192702.6-1-ackerleytng@google.example>", 6),
        ("20250606192702.6-1-ACKERLEYTNG@google.example", 6),
        ("https://lore.kernel.org/all/20250606192702.6-1-ackerleytng@google.example/T/#u", 6),
        ("20250606192702.6", 6),
        ("192702.6-1-ackerley", 6),
        ("Re: [PATCH v3 02/17] fs: secure anonymous inodes", 6),
        ("AW: [PATCH] Secure Anonymous INODES", 6),
        ("v3d flush", 9),
        ("fs: secure anonymous strange inodes", 6),
    ],
)
def test_it_finds(index: FuzzyIndex, query: str, row: int) -> None:
    hits = index.search(query)
    assert hits
    assert hits[0].row == row


@pytest.mark.parametrize(
    "query",
    [
        "qwrtzpl",
        "docker",
        "lack",
        "glock",
        "arm65",
        "sean",
        "kvmfor",
        "kvmpartgu",
        "colton krcmar",
        "guest_memfd zebra",
        "pmu kubernetes",
        "nobody@nowhere.example",
        "ackerleytng@panel.example",
        "poe@example.org",
        "v7",
        "30250606192702.6-1-x@y",
        "",
        "  ",
        "[PATCH v2]",
        "?!",
    ],
)
def test_it_finds_nothing(index: FuzzyIndex, query: str) -> None:
    assert index.search(query) == []


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("clock", 7, 8),  # as it stands before a wrong letter
        ("fix counters", 11, 10),  # in the subject, in the order typed
    ],
)
def test_what_stands_as_typed_comes_first(
    index: FuzzyIndex, query: str, better: int, worse: int
) -> None:
    rows = [hit.row for hit in index.search(query)]
    assert rows[0] == better
    assert worse not in rows or rows.index(worse) > 0


def test_the_domain_that_many_write_from_comes_last() -> None:
    rows = [replace(entries()[7], row=row, date=row) for row in range(20)]
    index = FuzzyIndex.build(
        [*rows, replace(entries()[0], row=99, subject="an examplary thing", date=0)]
    )
    assert index.search("exampl")[0].row == 99


def test_as_typed_then_begun_then_a_part_then_a_slip() -> None:
    subjects = ["a spinlock", "block the queue", "blocking", "bluck", "blo"]
    index = FuzzyIndex.build(
        replace(entry, row=row, subject=subject)
        for row, (entry, subject) in enumerate(zip(entries(), subjects, strict=False))
    )
    assert [hit.row for hit in index.search("block")] == [1, 2, 3]
    assert {hit.row for hit in index.search("lock")} == {0, 1, 2}
    scores = [hit.score for hit in index.search("block")]
    assert scores == sorted(scores, reverse=True)
    assert scores[1] >= 70 > 55 > scores[2]


def test_guesses_stay_away_where_enough_stands_as_typed() -> None:
    rows = [replace(entries()[0], row=row, subject=f"clock number {row}") for row in range(10)]
    index = FuzzyIndex.build([*rows, replace(rows[0], row=10, subject="clack")])
    assert 10 not in {hit.row for hit in index.search("clock")}
    index.remove(range(3))
    assert 10 in {hit.row for hit in index.search("clock")}


def test_of_equals_the_newer_comes_first_then_the_series() -> None:
    same = replace(entries()[0], date=50)
    index = FuzzyIndex.build(
        [
            replace(same, row=1),
            replace(same, row=2, date=90),
            replace(same, row=3, is_series=True),
            replace(same, row=4),
        ]
    )
    assert [hit.row for hit in index.search("pmu partitioning")] == [2, 3, 4, 1]


def test_the_newest_of_very_many_equals_comes_first() -> None:
    rows = [
        replace(entries()[0], row=row, date=row, subject=f"{'long ' * (row % 9)}title {row}")
        for row in range(3000)
    ]
    assert FuzzyIndex.build(rows).search("colton")[0].row == 2999


def test_a_part_of_a_message_id_is_in_one_id_and_found_once() -> None:
    ids = ["first.1234567@a", "1234567.1234567.1234567@b", "before-98765", "43210-after"]
    rows = [replace(entries()[0], row=row, message_id=each) for row, each in enumerate(ids)]
    index = FuzzyIndex.build(rows)
    assert [hit.row for hit in index.search("234567.1234")] == [1]
    assert [hit.row for hit in index.search("rst.1234567")] == [0]
    assert index.search("9876543210") == []


def test_a_version_is_a_condition_and_in_a_pasted_subject_a_wish() -> None:
    rows = [replace(entries()[0], row=version, version=version) for version in (1, 2, 3)]
    index = FuzzyIndex.build(rows)
    assert [hit.row for hit in index.search("pmu v2")] == [2]
    assert [hit.row for hit in index.search("v3")] == [3]
    assert index.search("pmu v4") == []
    assert index.search("[PATCH v2 1/3] KVM: arm64: PMU partitioning")[0].row == 2
    assert index.search("[PATCH v4 1/3] KVM: arm64: PMU partitioning")[0].row == 3


@pytest.mark.parametrize(
    ("query", "lit"),
    [
        ("pmu part", ("KVM: arm64: «PMU» «part»itioning for guests", "Colton Lewis", "")),
        ("titio", ("KVM: arm64: PMU par«titio»ning for guests", "Colton Lewis", "")),
        ("kvmpmupart", ("«KVM»: arm64: «PMU» «part»itioning for guests", "Colton Lewis", "")),
        ("colton", ("", "«Colton» Lewis", "")),
        ("coltonlew", ("", "«Colton» «Lew»is", "")),
        ("coltonlewis@goo", ("", "", "«coltonlewis@goo»gle.example")),
        ("schlameuss", ("", "Christoph «Schlameuß»", "")),
        ("schlameus", ("", "Christoph «Schlameuß»", "")),
        ("krcmar", ("", "Radim «Krčmář»", "")),
        ("krmcar", ("", "Radim «Kr»č«mář»", "")),
        ("yamada", ("", "山田太郎", "t.«yamada»@panel.example")),
        ("panel.ex", ("", "", "t.yamada@«panel.ex»ample")),
    ],
)
def test_matched_letters_are_lit(index: FuzzyIndex, query: str, lit: tuple[str, str, str]) -> None:
    hit = index.search(query)[0]
    subject, name, address = ROWS[hit.row]
    assert lit[0] in ("", marked(subject, hit.subject))
    assert lit[1] in ("", marked(name, hit.name))
    assert lit[2] in ("", marked(address, hit.address))


def marked(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    for start, end in reversed(spans):
        text = f"{text[:start]}«{text[start:end]}»{text[end:]}"
    return text


def test_a_search_can_be_cancelled(index: FuzzyIndex) -> None:
    stop = Event()
    assert index.search("pmu", stop=stop)
    stop.set()
    for query in ("pmu", "20250606192702.6-1", "kvmpmupart"):
        with pytest.raises(Cancelled):
            index.search(query, stop=stop)
    with pytest.raises(Cancelled):
        FuzzyIndex.build(entries(), stop=stop)


def test_no_more_hits_than_asked_for(index: FuzzyIndex) -> None:
    assert len(index.search("kvm", limit=2)) == 2
    rows = [replace(entries()[0], row=row) for row in range(1000)]
    assert len(FuzzyIndex.build(rows).search("pmu", limit=700)) == 700


def test_it_is_not_imported_before_it_is_wanted() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import core.search, core.desk.target_desk, sys; print(*sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "numpy" not in said
