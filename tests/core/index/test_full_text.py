"""The search tables: kept right as mails come and go, and built for an index without them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.index.codec import join_pair
from core.index.full_text import fts_text, phrase_fts_text
from core.index.index import open_index
from tests.core.indexing import Log, bring
from tests.core.search.finding import MAILS, letter

CLASH = [letter("same", "one subject", "Ann <a@x.org>"), letter("same", "another", "Bo <b@x.org>")]
TABLES = ("phrase_words", "subject_words", "involved", "sent", "facet")
SUBJECTS = ("pmu", "words", "naive", "subject", "another", "100", "sic")
PEOPLE = ("ann", "krcmar", "example", "bo", "lkp", "李")


def told(path: Path) -> dict[str, object]:
    """Return the search terms of mails, by Message-ID and not by number."""
    with closing(sqlite3.connect(path)) as connection:

        def ask(question: str, *values: str) -> list[tuple[object, ...]]:
            return sorted(connection.execute(question, values).fetchall(), key=repr)

        found: dict[str, object] = {
            "involved": ask(
                "SELECT text, name, involvement FROM participant JOIN phrase ON phrase.id = person JOIN node ON node.id = node"
            ),
            "sent": ask("SELECT date, name FROM message_date JOIN node ON node.id = node"),
            "facet": ask(
                "SELECT name, series_facts.thread, version, versions, received, total, trailers"
                " FROM series_facts JOIN list_row ON list_row.id = series_facts.list_row JOIN node ON node.id = lead"
            ),
        }
        for word in SUBJECTS:
            found[f"s {word}"] = ask(
                "SELECT hex(blob) FROM message WHERE id IN"
                " (SELECT rowid FROM subject_words WHERE subject_words MATCH ?)",
                word,
            )
        for word in PEOPLE:
            found[f"p {word}"] = ask(
                "SELECT text FROM phrase WHERE id IN"
                " (SELECT rowid FROM phrase_words WHERE phrase_words MATCH ?)"
                " AND id IN (SELECT person FROM participant)",
                word,
            )
    return found


def indexed(path: Path, *steps: list[tuple[bytes, bool]]) -> dict[str, object]:
    """Ingest additions and removals, step by step; return the search terms."""
    index = open_index(path)
    log = Log("letters")
    for step in steps:
        log.entries += step
        bring(index, log)
    index.close()
    return told(path)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


mails = st.lists(st.sampled_from([*MAILS, *CLASH]), max_size=8, unique=True)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stay=mails, go=mails)
def test_what_went_leaves_nothing_behind(folder: Path, stay: list[bytes], go: list[bytes]) -> None:
    for file in folder.glob("*.sqlite3*"):
        file.unlink()
    go = [raw for raw in go if raw not in stay]
    came = [(raw, True) for raw in (*stay, *go)]
    after = indexed(folder / "a.sqlite3", came, [(raw, False) for raw in go])
    assert after == indexed(folder / "b.sqlite3", [(raw, True) for raw in stay])


def test_words_are_folded_as_they_are_in_memory() -> None:
    assert (
        fts_text("[PATCH] Größe_of ﬁles—naïve ŁÓDŹ 李明") == "patch grosse of files naive lodz 李明"
    )
    assert fts_text("") == fts_text("\0 —") == ""
    assert (
        phrase_fts_text(join_pair("Zdeněk Krčmář", "z@example.cz")) == "zdenek krcmar z example cz"
    )
    assert phrase_fts_text("kvm.vger.kernel.org") == "kvm vger kernel org"
    assert phrase_fts_text("12:x") == "x"
