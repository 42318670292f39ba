"""The programs that get copied text."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from core.system.clipboard import copy_text


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH: a program in it is written by a test."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(folder: Path, name: str, status: int = 0) -> None:
    path = folder / name
    path.write_text(
        f'#!/bin/sh\necho "$@" >{folder}/{name}.args\n/bin/cat >{folder}/{name}.text\nexit {status}\n'
    )
    path.chmod(0o755)


def environment(folder: Path, *variables: str) -> dict[str, str]:
    return {"PATH": str(folder), **dict.fromkeys(variables, "x")}


def test_tmux_comes_first_and_hands_it_on(programs: Path) -> None:
    for name in ("tmux", "wl-copy", "xclip"):
        program(programs, name)
    everything = environment(programs, "TMUX", "WAYLAND_DISPLAY", "DISPLAY")
    assert copy_text("naïve\n", everything) == "tmux"
    assert (programs / "tmux.args").read_text() == "load-buffer -w -\n"
    assert (programs / "tmux.text").read_text() == "naïve\n"
    assert not (programs / "xclip.text").exists()


def test_one_whose_display_is_not_there_is_left_out(programs: Path) -> None:
    for name in ("tmux", "wl-copy", "xclip", "pbcopy"):
        program(programs, name)
    assert copy_text("x", environment(programs, "WAYLAND_DISPLAY", "DISPLAY")) == "wl-copy"
    assert copy_text("x", environment(programs, "DISPLAY")) == "xclip"
    assert copy_text("x", environment(programs)) == "pbcopy"


def test_the_next_one_is_tried_where_one_fails(programs: Path) -> None:
    program(programs, "tmux", status=1)
    program(programs, "xclip")
    assert copy_text("x", environment(programs, "TMUX", "DISPLAY")) == "xclip"


def test_nobody_may_be_there(programs: Path) -> None:
    assert copy_text("x", environment(programs, "TMUX", "DISPLAY")) == ""


def test_one_that_hangs_is_given_up(programs: Path) -> None:
    (programs / "xclip").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (programs / "xclip").chmod(0o755)
    began = time.monotonic()
    assert copy_text("x", environment(programs, "DISPLAY")) == ""
    assert time.monotonic() - began < 10
