"""Views: the shipped ones, the user's changes to them, and saving one without touching other text."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.config import load_config
from core.errors import ConfigError, PatchdeskError, QueryError
from core.query.query import read_query
from core.search.saved_views import BUILTIN_VIEWS, SavedView, save_view, saved_views


def names(configured: dict[str, str]) -> list[str]:
    return [view.name for view in saved_views(configured)]


def test_every_shipped_view_can_be_asked() -> None:
    assert [view.name for view in saved_views({})] == list(BUILTIN_VIEWS)
    assert all(view.shipped for view in saved_views({}))
    for query in BUILTIN_VIEWS.values():
        read_query(query)
    assert BUILTIN_VIEWS["All"] == ""
    for name in (
        "Inbox",
        "New versions",
        "Needs review",
        "Waiting",
        "Flagged",
        "Mine",
        "Since I last looked",
    ):
        assert BUILTIN_VIEWS[name]


def test_the_configuration_changes_adds_and_leaves_out() -> None:
    found = saved_views({"waiting": "is:later", "Mine": "  ", "ARM": "dfn:arch/arm64", "Empty": ""})
    assert SavedView("Waiting", "is:later", shipped=False) in found
    assert "Mine" not in [view.name for view in found]
    assert found[-1] == SavedView("ARM", "dfn:arch/arm64", shipped=False)
    assert names({"All": ""})[-1] == "All"
    assert "Empty" not in [view.name for view in found]


KEPT = """\
# my own
[me]
name = "Ann" # that is me

[views] # as I like them
# the first
Waiting = 'is:later' # not yet

[lists.kvm]
target = "/a"
"""


@pytest.mark.parametrize(
    ("before", "name", "query"),
    [
        ("", "ARM", "dfn:arch/arm64"),
        (KEPT, "ARM", 's:"PMU \\" x" OR f:李'),
        (KEPT, "waiting", "is:waiting"),
        ('views = { A = "s:x" }\n', "B", "s:y"),
        ('views.A = "s:x"\n', "B", "s:y"),
        ("[lists]\n", "With blanks and ümlauts", "s:y"),
        ("# nothing but words", "B", "s:y"),
    ],
)
def test_saving_a_view_keeps_all_other_words(
    tmp_path: Path, before: str, name: str, query: str
) -> None:
    query = query.replace('\\"', "")
    file = tmp_path / "folder" / "config.toml"
    if before:
        file.parent.mkdir()
        file.write_text(before)
    save_view(name, query, file)
    text = file.read_text()
    there = {key.casefold(): value for key, value in load_config(file).views.items()}
    assert there[name.casefold()] == query
    assert load_config(file).problems == ()
    was, now = tomllib.loads(before), tomllib.loads(text)
    old_views, new_views = was.pop("views", {}), now.pop("views")
    assert was == now
    assert len(new_views) == len(old_views | {name: query}) - (name == "waiting")
    for line in before.splitlines():
        if "#" in line:
            assert line.partition("#")[2] in text
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\x1bb", "\u202e"])
def test_a_name_that_cannot_be_shown_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        save_view(name, "s:x", tmp_path / "config.toml")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", [b"views = 5\n", b"[views\n", b"\xff\xfe", b"[[views]]\na = 1\n"]
)
def test_a_file_that_cannot_be_used_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    with pytest.raises(PatchdeskError):
        save_view("A", "s:x", file)
    assert file.read_bytes() == content


def test_a_query_that_cannot_be_read_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(QueryError):
        save_view("A", "is:nonsense", tmp_path / "config.toml")
    assert not list(tmp_path.iterdir())
