"""`[hooks] after_sync`: a process that runs the user's command with the series a sync changed.

Started by `core.sync.hook` as `python -P -m core.desk.after_sync INDEX NUMBER` and not waited for, so that no sync is
delayed. Errors go to the log.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Final

from core.config import load_config
from core.desk.current_index import open_current_index
from core.desk.new_mail import new_items, new_record
from core.errors import Cancelled, PatchdeskError
from core.json_records import to_line
from core.system.log import start_logging
from core.system.paths import config_file, log_file
from core.system.programs import pipe_to_command

log = logging.getLogger(__name__)

_DEADLINE: Final = 600.0
"""Seconds after which the command is ended."""
_TOLD: Final = 500
"""Characters of the output of a command that fails, for the log."""


def run_hook(command: str, path: Path, number: int) -> int | None:
    """Run a command with the `new` objects since a number; return its exit status, None where nothing is new.

    Raises PatchdeskError.
    """
    index = open_current_index(path)
    if index is None:
        return None
    try:
        lines = [to_line(new_record(item, new)) for item, new in new_items(index, number)]
    finally:
        index.close()
    if not lines:
        return None
    stop = threading.Event()
    timer = threading.Timer(_DEADLINE, stop.set)
    timer.daemon = True
    timer.start()
    try:
        done = pipe_to_command(command, "".join(f"{line}\n" for line in lines).encode(), stop=stop)
    except Cancelled:
        log.warning("after_sync: ended after %d seconds", _DEADLINE)
        return -1
    finally:
        timer.cancel()
    if done.status:
        log.warning("after_sync: exit status %d: %s", done.status, done.text[:_TOLD])
    return done.status


def main(path: str, number: str) -> None:
    """Run the hook that the configuration has. The process's main."""
    os.environ.pop("PYTHONPATH", None)  # the command is to have none of ours
    start_logging(log_file())
    try:
        command = load_config(config_file()).after_sync
        if command:
            run_hook(command, Path(path), int(number))
    except PatchdeskError as error:
        log.warning("after_sync: %s", error.message)
    except Exception:
        log.exception("after_sync failed")


if __name__ == "__main__":
    main(*sys.argv[1:3])
