"""The log: private, short, and without control characters."""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.system.log import last_lines, start_logging


@pytest.fixture(autouse=True)
def the_handlers_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def test_each_file_is_private_and_there_are_two_of_them(tmp_path: Path) -> None:
    path = tmp_path / "state" / "patchdesk.log"
    start_logging(path)
    for _ in range(40):
        logging.getLogger("x").info("y" * 100_000)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["patchdesk.log", "patchdesk.log.1"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert all(file.stat().st_size <= 1 << 20 for file in files)


def test_what_is_logged_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "patchdesk.log"
    start_logging(path)
    try:
        raise ValueError("\x1b]52;c;ZXZpbA==\x07 \u202e")  # noqa: TRY301
    except ValueError:
        logging.getLogger("x").exception("\x1b[2J \udc80")
    written = path.read_text(encoding="utf-8")
    assert not {char for char in written if ord(char) < 32} - {"\n"}
    assert "␛[2J" in written
    assert "<U+202E>" in written
    assert "␛[2J <U+DC80>" in "".join(last_lines(path))


def test_a_log_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    start_logging(tmp_path / "file" / "patchdesk.log")
    logging.getLogger("x").error("nobody hears")
    assert last_lines(tmp_path / "file" / "patchdesk.log") == []
