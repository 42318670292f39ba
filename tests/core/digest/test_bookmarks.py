"""Bookmarks of digests: nothing that another process wrote is lost."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.digest.bookmarks import load_bookmarks, remembered_file, save_bookmark
from core.errors import PatchdeskError

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.mark.parametrize(
    "content",
    [b'{"lamp": {"mark": {"until": "v6', b"\xff", b"[1]", b"[" * 100_000, b" " * (5 << 20)],
)
def test_a_file_that_cannot_be_read_is_not_overwritten(content: bytes) -> None:
    save_bookmark("lamp", "mark", "v6.1", NOW, at=1)
    remembered_file().write_bytes(content)
    assert load_bookmarks("lamp") == {}
    with pytest.raises(PatchdeskError, match="not a bookmark file") as caught:
        save_bookmark("lamp", "mark", "v6.2", NOW, at=2)
    assert str(remembered_file()) in caught.value.message
    assert remembered_file().read_bytes() == content


def test_processes_keep_the_bookmarks_of_each_other() -> None:
    code = (
        "import sys; from datetime import UTC, datetime; from core.digest.bookmarks import save_bookmark\n"
        "for n in range(40): save_bookmark(f'{sys.argv[1]}{n}', 'mark', 'x', datetime(2026, 1, 1, tzinfo=UTC), at=n)"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, name]) for name in ("a", "b")]
    assert [process.wait() for process in running] == [0, 0]
    assert all(load_bookmarks(f"{name}{n}") for name in ("a", "b") for n in range(40))
