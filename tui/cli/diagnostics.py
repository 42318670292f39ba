"""The `doctor` command: what is installed, reachable, writable."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from threading import Event
from typing import TYPE_CHECKING

from core.text import shown_line

if TYPE_CHECKING:
    from core.config import Config


def run(config: Config, write: Callable[[Iterable[str]], None]) -> int:
    """Print a line for each check. Returns 1 where one is an error, else 0."""
    from core.config import fetch_options
    from core.desk.doctor import DoctorContext, Level, run_checks
    from core.sync.list_folder import DataDirs
    from core.system.paths import cache_dir, config_file, log_file

    about = DoctorContext(
        config=config,
        config_file=config_file(),
        log_file=log_file(),
        home=DataDirs.default(),
        fetch=fetch_options(config, cache_dir()),
        environment=os.environ,
        is_terminal=sys.stdin.isatty() and sys.stdout.isatty(),
    )
    worst = Level.OK

    def lines() -> Iterator[str]:
        nonlocal worst
        for check in run_checks(about, stop=Event()):
            if check.level is Level.ERROR:
                worst = Level.ERROR
            mend = f". {check.mend}" if check.mend else ""
            yield shown_line(f"{check.level.value + ':':9}{check.what.rstrip('.')}{mend}")

    for line in lines():
        write([line])  # at once: servers may take a while
    return 1 if worst is Level.ERROR else 0
