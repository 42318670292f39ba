"""Changing config.toml: two programs lose nothing of each other's, and the result is checked."""

from __future__ import annotations

import threading
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import Config, describe, load_config
from core.config_edit import ConfigEdit, edit_config
from core.errors import ConfigError
from core.search.saved_views import save_view
from core.sync.follow import follow, unfollow
from core.text import shown_line

EDITS = 20


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path / "config" / "config.toml"


def test_a_view_and_a_list_saved_at_once_are_both_there(file: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_text("From a Mon Jan  1 00:00:00 2024\nSubject: x\n\nx\n")
    file.write_text("# mine\n[me]\nname = 'Ann'\n")
    start = threading.Barrier(2)

    def views() -> None:
        start.wait()
        for number in range(EDITS):
            save_view(f"v{number}", "s:x", file)

    def lists() -> None:
        start.wait()
        for number in range(EDITS):
            follow(f"l{number}", str(tmp_path / "a.mbox"), file)

    workers = [threading.Thread(target=views), threading.Thread(target=lists)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    config = load_config(file)
    assert config.problems == ()
    assert (len(config.views), len(config.lists)) == (EDITS, EDITS)
    assert file.read_text().startswith("# mine\n")
    assert config.me_name == "Ann"


def test_a_byte_order_mark_is_no_error(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf[me]\r\nname = 'Ann'\r\n")
    config = load_config(file)
    assert (config.problems, config.me_name) == ((), "Ann")
    save_view("Mine", "f:ann", file)
    again = load_config(file)
    assert (again.problems, again.me_name, again.views) == ((), "Ann", {"Mine": "f:ann"})


def test_nothing_is_written_where_the_result_would_say_something_else(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = "[views]\nA = 's:x'\n"
    file.write_text(before)
    monkeypatch.setattr(ConfigEdit, "content", lambda _: "[views]\nA = 's:y'\n")
    with pytest.raises(ConfigError, match="cannot edit"):
        save_view("B", "s:x", file)
    assert file.read_text() == before


def test_nothing_is_written_where_nothing_changes(file: Path) -> None:
    file.write_text("[views]\nA = 's:x'\n")
    before = file.stat()
    save_view("A", "s:x", file)
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_was_set_can_be_removed(file: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_text("From a Mon Jan  1 00:00:00 2024\nSubject: x\n\nx\n")
    file.write_text("[views]\nA = 's:x'\n")
    follow("a", str(tmp_path / "a.mbox"), file)
    with edit_config(file) as edit:
        edit.remove("views", "A")
    unfollow("a", file)
    assert tomllib.loads(file.read_text()) in ({}, {"views": {}}, {"views": {}, "lists": {}})


@given(
    views=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    ),
    name=st.text(st.characters(exclude_categories=["Cs"])),
)  # fmt: skip
def test_what_is_described_is_toml_and_says_the_same(views: dict[str, str], name: str) -> None:
    lines = describe(Config(views=views, me_name=name))
    assert all(shown_line(line) == line for line in lines)
    read = tomllib.loads("\n".join(lines))
    assert read.get("views", {}) == views
    assert read["me"]["name"] == name
