"""The quality of the search and the time of a key, beside fzf and a scan with rapidfuzz's WRatio.

The strings are those of the git repositories in PATCHDESK_BENCH_REPOS (paths joined by `:`), their halves recombined
above their number; without it, a made-up list's.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.search.fuzzy.index import FuzzyEntry, FuzzyIndex
from tests.core.search.search_archive import BUNDLE, kvm_ppc, nothing, questions
from tests.core.search.search_corpus import Asker, Question, corpus

HELD_OUT_SEED = 424_242
TYPED = 120
"""Queries that are typed, key by key."""

ASKED_OF_FZF = 25
ASKED_OF_WRATIO = {100_000: 12, 1_000_000: 4}
"""Keys that the peers are asked too: they take their time."""

ASKED = {
    100_000: "p95 < 8 ms, max < 50 ms; < 60 MB",
    1_000_000: "p95 < 25 ms, max < 120 ms; < 300 MB; load < 100 ms",
}

Rows = Callable[[str], list[int]]
"""The rows a peer gives for a query, the best first."""


def run(folder: Path) -> list[str]:
    """Return the lines of the table."""
    lines = _quality(folder)
    for count in ASKED:
        lines += _speed(folder, count)
    return lines


def _quality(folder: Path) -> list[str]:
    entries = corpus(HELD_OUT_SEED)
    lines = _compared("made up", entries, Asker(entries, HELD_OUT_SEED).questions(14), folder)
    if BUNDLE.exists():
        real = kvm_ppc(folder)
        lines += _compared("kvm-ppc", real, questions(real), folder)
    return lines


def _compared(
    name: str, entries: list[FuzzyEntry], asked: list[Question], folder: Path
) -> list[str]:
    index = FuzzyIndex.build(entries)
    entries = sorted(
        entries, key=lambda entry: -entry.date
    )  # so that peers too have the newer first
    engines: list[tuple[str, Rows]] = [
        ("patchdesk", lambda query: [hit.row for hit in index.search(query, limit=10)]),
        ("WRatio", _wratio(entries)),
    ]
    if shutil.which("fzf"):
        engines.append(("fzf --filter", _fzf(entries, folder / "lines")))
    return [f"find, {name:<8} {_shares(rows, asked)}   {engine}" for engine, rows in engines]


def _shares(rows: Rows, asked: list[Question]) -> str:
    """Return how often the right row comes first, and in the first ten; and how often nothing is found."""
    kinds: dict[str, list[tuple[bool, bool]]] = {}
    for question in asked:
        found = rows(question.query)[:10]
        kinds.setdefault(question.kind, []).append(
            (found[:1] == [question.row], question.row in found)
        )
    every = [pair for pairs in kinds.values() for pair in pairs]
    absent = nothing()
    parts = " ".join(
        f"{kind} {_share(pairs, 0):.0%}/{_share(pairs, 1):.0%}" for kind, pairs in kinds.items()
    )
    return (
        f"first {_share(every, 0):6.1%} in ten {_share(every, 1):6.1%} of {len(every)}, nothing"
        f" {sum(not rows(query) for query in absent)} of {len(absent)} (asked: 90 %, 99 %, 95 %)  {parts}"
    )


def _share(pairs: list[tuple[bool, bool]], which: int) -> float:
    return sum(pair[which] for pair in pairs) / len(pairs)


def _line(entry: FuzzyEntry) -> str:
    """Return the text of a row for the peers."""
    return f"{entry.subject} {entry.name} {entry.address}".replace("\n", " ").replace("\0", " ")


def _fzf(entries: list[FuzzyEntry], path: Path) -> Rows:
    lines = (f"{entry.row}\t{_line(entry)}" for entry in entries)
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace")

    def rows(query: str) -> list[int]:
        with path.open("rb") as given:
            command = ["fzf", "--delimiter", "\t", "--nth", "2..", "--filter", query]
            said = subprocess.run(command, stdin=given, capture_output=True, check=False).stdout
        return [int(line.split(b"\t")[0]) for line in said.splitlines()[:10]]

    return rows


def _wratio(entries: list[FuzzyEntry]) -> Rows:
    from rapidfuzz import fuzz, process, utils

    lines = [_line(entry) for entry in entries]

    def rows(query: str) -> list[int]:
        found = process.extract(
            query, lines, scorer=fuzz.WRatio, processor=utils.default_process, limit=10
        )
        return [entries[at].row for _, _, at in found]

    return rows


@dataclass(frozen=True, slots=True)
class _Measured:
    load: float
    memory: float
    """MiB, that the process grew by with the arrays mapped and all keys answered."""
    keys: list[float]
    """Seconds."""


def _speed(folder: Path, count: int) -> list[str]:
    entries = list(_entries(count))
    keys = [query[:end] for query in _queries(entries, 7) for end in range(1, len(query) + 1)]
    started = time.process_time()
    index = FuzzyIndex.build(entries)
    built = time.process_time() - started
    index.save(folder / f"search-{count}")
    del index
    # In a process of its own, so that what it needs can be told.
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        measured = pool.apply(_typed, (folder / f"search-{count}", keys))
    ours = sorted(measured.keys)
    lines = [
        f"key of {len(keys)}, {count:>9,} strings: p50 {ours[len(ours) // 2] * 1e3:.1f} ms  p95"
        f" {ours[len(ours) * 95 // 100] * 1e3:.1f} ms  p99 {ours[len(ours) * 99 // 100] * 1e3:.1f} ms"
        f"  max {ours[-1] * 1e3:.1f} ms; memory {measured.memory:.0f} MB, load {measured.load * 1e3:.1f}"
        f" ms, build {built:.1f} s CPU   asked: {ASKED[count]}"
    ]
    chance = random.Random(1)
    if shutil.which("fzf"):
        fzf = _fzf(entries, folder / "lines")
        lines.append(
            _against("fzf --filter", fzf, keys, measured.keys, ASKED_OF_FZF, chance, ">= 10x")
        )
    wratio = _wratio(entries)
    lines.append(
        _against(
            "WRatio scan", wratio, keys, measured.keys, ASKED_OF_WRATIO[count], chance, ">= 50x"
        )
    )
    return lines


def _against(
    name: str,
    peer: Rows,
    keys: list[str],
    ours: list[float],
    some: int,
    chance: random.Random,
    asked: str,
) -> str:
    """Return the medians of ours and of a peer over the same keys."""
    chosen = chance.sample(range(len(keys)), some)
    theirs = []
    for at in chosen:
        started = time.perf_counter()
        peer(keys[at])
        theirs.append(time.perf_counter() - started)
    our, their = statistics.median(ours[at] for at in chosen), statistics.median(theirs)
    return (
        f"    median of {some} of them {our * 1e3:9.1f} ms   {name:<14} {their * 1e3:9.1f} ms"
        f"   theirs/ours {their / our:7.1f}   asked: {asked}"
    )


def _typed(folder: Path, keys: list[str]) -> _Measured:
    """Load a saved index and answer every key, once."""
    before = _resident()
    started = time.perf_counter()
    index = FuzzyIndex.load(folder)
    load = time.perf_counter() - started
    assert index is not None
    took = []
    for key in keys:
        started = time.perf_counter()
        index.search(key)
        took.append(time.perf_counter() - started)
    return _Measured(load, _resident() - before, took)


def _resident() -> float:
    """Return the MiB of this process that are in memory, mapped files included (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _entries(count: int) -> Iterator[FuzzyEntry]:
    """Yield rows of real titles and authors, each once; above their number, of halves of two titles."""
    chance = random.Random(1)
    known = _known()
    chance.shuffle(known)
    for row in range(count):
        title, name, address, date = known[row % len(known)]
        if row >= len(known):
            start, end = chance.choice(known)[0].split(" "), chance.choice(known)[0].split(" ")
            title = " ".join(start[: (len(start) + 1) // 2] + end[len(end) // 2 :])
            _, name, address, _ = chance.choice(known)
            date = chance.randrange(10**9, 17 * 10**8)
        yield FuzzyEntry(
            row=row,
            subject=title,
            name=name,
            address=address,
            message_id=f"{date}.{row}-{row % 7}-{address}",
            date=date,
            version=1 + row % 5 * (row % 11 == 0),
            is_series=row % 9 == 0,
        )


def _known() -> list[tuple[str, str, str, int]]:
    """Return titles, names, addresses and dates."""
    found: dict[tuple[str, str], tuple[str, str, str, int]] = {}
    for repository in filter(None, os.environ.get("PATCHDESK_BENCH_REPOS", "").split(":")):
        command = [
            "git",
            "-C",
            repository,
            "log",
            "--all",
            "--no-merges",
            "--format=%s%x00%an%x00%ae%x00%at",
        ]
        said = subprocess.run(command, capture_output=True, check=True).stdout
        for line in said.decode("utf-8", "replace").split("\n"):
            if line.count("\0") == 3:
                title, name, address, date = line.split("\0")
                found.setdefault((title, name), (title, name, address, int(date)))
    if not found:
        return [(e.subject, e.name, e.address, e.date) for e in corpus(1, titles=20_000)]
    return list(found.values())


def _queries(entries: list[FuzzyEntry], seed: int) -> list[str]:
    """Return queries of every kind, made from rows."""
    chance = random.Random(seed)
    found: list[str] = []
    while len(found) < TYPED:
        entry = chance.choice(entries)
        words = [word for word in re.findall(r"[^\W_]+", entry.subject.lower()) if len(word) > 2]
        names = [word for word in re.findall(r"[^\W_]+", entry.name.lower()) if len(word) > 2]
        if len(words) < 4 or not names:
            continue
        at = chance.randrange(len(words) - 2)
        three = chance.sample(words, 3)
        kinds = [
            entry.subject,
            " ".join(three),
            " ".join(word[: max(3, len(word) // 2)] for word in three),
            f"{_slip(max(words, key=len), chance)} {three[0]}",
            _slip(max(words, key=len), chance),
            "".join(word[: chance.randint(3, 4)] for word in words[at : at + 3]),
            "".join(word[0] for word in words[:5]),
            _slip(chance.choice(names), chance),
            f"{chance.choice(names)[:4]} {_slip(three[0], chance)} {three[1]}",
            entry.address,
            entry.message_id,
            f"{three[0]} qzxwvkj",
        ]
        found.append(kinds[len(found) % len(kinds)])
    return found


def _slip(word: str, chance: random.Random) -> str:
    if len(word) < 4:
        return word
    at = chance.randrange(1, len(word) - 1)
    return chance.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + chance.choice("etaoinshr") + word[at + 1 :],
        )
    )
