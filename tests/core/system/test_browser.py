"""The browser that opens an address, and the error where none does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from core.errors import PatchdeskError
from core.system.browser import open_browser

ADDRESS = "https://lore.example.org/r/a%20b@c"


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "address", ["", "file:///etc", "javascript:x", "lore.example.org", "https://a b", "-x"]
)
def test_only_the_web_is_browsed(address: str) -> None:
    with pytest.raises(PatchdeskError):
        open_browser(address, {"BROWSER": "true"})


def test_a_browser_gets_one_argument(tmp_path: Path) -> None:
    tool = program(tmp_path / "browser", f'printf "%s\\n" "$@" >{tmp_path}/out')
    opened = open_browser(ADDRESS, {"BROWSER": f"{tool} --new %s"})
    assert (tmp_path / "out").read_text() == f"--new\n{ADDRESS}\n"
    assert (opened.name, opened.needs_terminal) == ("browser", False)


def test_the_next_one_is_tried_where_one_fails(tmp_path: Path) -> None:
    bad, good = program(tmp_path / "bad", "exit 3"), program(tmp_path / "good", "exit 0")
    assert open_browser(ADDRESS, {"BROWSER": f"/no/such:{bad}:{good}"}).name == "good"


def test_the_address_is_told_where_none_works(tmp_path: Path) -> None:
    bad = program(tmp_path / "bad", "exit 3")
    with pytest.raises(PatchdeskError) as caught:
        open_browser(ADDRESS, {"BROWSER": str(bad)})
    assert (caught.value.message, caught.value.hint) == ("bad failed.", f"The address is {ADDRESS}")


def test_one_that_runs_on_has_opened_it(tmp_path: Path) -> None:
    slow = program(tmp_path / "slow", "exec sleep 4")
    began = time.monotonic()
    assert open_browser(ADDRESS, {"BROWSER": str(slow)}).name == "slow"
    assert time.monotonic() - began < 3.9


def test_a_text_browser_is_not_started_but_lent_the_terminal(tmp_path: Path) -> None:
    tool = program(tmp_path / "lynx", f"touch {tmp_path}/started")
    opened = open_browser(ADDRESS, {"BROWSER": str(tool)})
    assert opened.needs_terminal
    assert opened.command == (str(tool), ADDRESS)
    assert not (tmp_path / "started").exists()
