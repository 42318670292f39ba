"""The commands `config` and `doctor`: the effective configuration, and a check of the installation."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Final

from core.text import shown_line
from tui.cli.console import load_config, load_config_and_warn, print_error, print_lines
from tui.cli.parser import Command

if TYPE_CHECKING:
    from core.config import Config


def config(_: argparse.Namespace) -> int:
    """Print the configuration, after its errors, those of themes and keys included."""
    from core.config import describe, with_git
    from core.system.paths import config_file
    from tui.themes import DEFAULT_THEME, theme_problem

    config = load_config_and_warn()
    theme = theme_problem(config.theme)
    for problem in _interface_problems(config):
        print_error(f"{config_file()}: {problem}")
    if theme:
        sources = {key: file for key, file in config.sources.items() if key != "display.theme"}
        config = replace(config, theme=DEFAULT_THEME, sources=sources)
    print_lines(describe(with_git(config)))
    return 0


def _interface_problems(config: Config) -> list[str]:
    """Return the problems of the configured theme and keys."""
    from tui.keys.keymap import keymap_for
    from tui.themes import theme_problem

    theme = theme_problem(config.theme)
    return [*filter(None, [theme]), *keymap_for(config.keys_preset, config.keys)[1]]


def doctor(_: argparse.Namespace) -> int:
    """Print a line for each check, as it is made. Returns 1 where one is an error, else 0."""
    from core.config import fetch_options
    from core.desk.check import Level
    from core.desk.doctor import DoctorContext, run_checks
    from core.sync.list_folder import DataDirs
    from core.system.paths import cache_dir, config_file, log_file

    config = load_config()
    about = DoctorContext(
        config=config,
        config_file=config_file(),
        log_file=log_file(),
        home=DataDirs.default(),
        fetch=fetch_options(config, cache_dir()),
        environment=os.environ,
        is_terminal=sys.stdin.isatty() and sys.stdout.isatty(),
        interface_problems=_interface_problems(config),
    )
    status = 0
    for check in run_checks(about, stop=Event()):
        if check.level is Level.ERROR:
            status = 1
        fix = f". {check.fix}" if check.fix else ""
        text = f"{check.level.value + ':':9}{check.finding.rstrip('.')}{fix}"
        print_lines([shown_line(text)])  # at once: servers may take a while
    return status


COMMANDS: Final = (
    Command("config", "show the effective configuration and where each value is set", config),
    Command("doctor", "check the installation and suggest fixes", doctor),
)
