"""The manual pages and README hold every command, option, key, configuration key and prefix."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from core.config_keys import KEYS, LIST_KEYS, TREE_KEYS
from core.query.fields import FIELDS, HAS_VALUES, IS_VALUES
from tui.cli.main import COMMANDS
from tui.cli.manual import pages, with_keys
from tui.cli.parser import build_parser
from tui.keys.commands import COMMANDS as KEY_COMMANDS
from tui.keys.presets import PRESETS

README = Path(__file__).resolve().parents[2] / "README.md"


def plain(page: str) -> str:
    """Return the text of a page, as it is read."""
    text = re.sub(r"\\f[BIR]", "", pages()[page])
    escapes = {r"\-": "-", r"\(aq": "'", r"\(ha": "^", r"\(ti": "~", r"\&": "", r"\e": "\\"}
    return re.sub(r"\\(\(..|.)", lambda found: escapes[found[0]], text)


def terms(page: str) -> set[str]:
    """Return the terms that a page explains."""
    lines = plain(page).split("\n")
    return {after for line, after in pairwise(lines) if line == ".TP"}


def test_every_command_and_option_is_in_the_manual() -> None:
    text, items = plain("patchdesk.1"), terms("patchdesk.1")
    parser = build_parser(COMMANDS)
    subparsers = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    assert set(subparsers.choices) == {command.name for command in COMMANDS}
    for name, sub in subparsers.choices.items():
        assert f".SS {name}\n" in text
        for action in sub._actions:
            for option in action.option_strings:
                assert any(option in re.split(r"[ ,]+", item) for item in items), (name, option)


def test_every_configuration_key_is_in_the_manual() -> None:
    text = plain("patchdesk-config.5")
    for name in KEYS:
        table, _, key = name.partition(".")
        section = text[text.index(f".SH [{table}]\n") :].split("\n.SH ", 2)[0]
        assert f".TP\n{key}\n" in section, name
    for key in (*LIST_KEYS, *TREE_KEYS):
        assert f".TP\n{key}\n" in text


def test_every_key_and_its_command_are_in_the_manual() -> None:
    items = terms("patchdesk-keys.7")
    for command in KEY_COMMANDS:
        assert " ".join(filter(None, (command.keys_text, command.name, command.argument))) in items
    text = plain("patchdesk-keys.7")
    for preset, keys in PRESETS.items():
        for name, written in keys.items():
            assert f".TP\n{name}\n{written or 'no key'}\n" in text, (preset, name)


def test_every_prefix_and_value_is_in_the_manual() -> None:
    items = terms("patchdesk-query.7")
    assert items == {
        *(f"{name}:" for name in FIELDS),
        *(f"is:{value}" for value in IS_VALUES),
        *(f"has:{value}" for value in HAS_VALUES),
    }


@pytest.mark.parametrize("page", pages())
def test_groff_finds_nothing_to_complain_of(page: str, tmp_path: Path) -> None:
    if shutil.which("groff") is None:
        pytest.skip("needs groff (apt-get install groff-base)")
    path = tmp_path / page
    path.write_text(pages()[page], encoding="utf-8")
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z", path],
        capture_output=True,
        text=True,
        check=False,
    )
    if "preconv" in done.stderr:
        pytest.skip("needs preconv (apt-get install groff-base)")
    assert done.stderr == ""


def test_the_keys_in_readme_are_those_of_the_registry() -> None:
    """`make readme` writes them."""
    assert with_keys(README.read_text()) == README.read_text()
    for command in KEY_COMMANDS:
        for key in command.keys:
            assert f"`{key}`".replace("|", "\\|") in README.read_text()
