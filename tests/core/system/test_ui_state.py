"""The state kept from run to run; a broken file counts as none."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from core.system.ui_state import UiState, ui_state_file


def test_what_was_told_is_there_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "state" / "remembered.json"
    first = UiState(path)
    first.set("reader", {"layout": "sides", "words": False})
    first.set("tree", {"at": "a@example.org"})
    first.set("reader", {"layout": "stacked"})
    assert not path.exists(), "the screen does not wait for the disk"
    first.write()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = UiState(path)
    assert again.get("reader") == {"layout": "stacked"}
    assert again.get("tree") == {"at": "a@example.org"}
    assert again.get("nothing") == {}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"reader": 3}', b"\xff\xfe", b"[" * 100_000, b'{"reader": {"layout": "' + b"x" * (2 << 20)],
)  # fmt: skip
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "remembered.json"
    path.write_bytes(content)
    store = UiState(path)
    assert store.get("reader") == {}
    store.set("reader", {"layout": "sides"})
    store.write()
    assert UiState(path).get("reader") == {"layout": "sides"}


def test_what_is_told_to_nobody_stays_here(tmp_path: Path) -> None:
    store = UiState()
    store.set("reader", {"layout": "sides"})
    store.write()
    assert store.get("reader") == {"layout": "sides"}


def test_where_nothing_can_be_written_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = UiState(tmp_path / "file" / "remembered.json")
    store.set("reader", {"layout": "sides"})
    store.write()
    assert store.get("reader") == {"layout": "sides"}


def test_the_users_file_is_in_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    assert ui_state_file() == Path("/somewhere/patchdesk/remembered.json")
