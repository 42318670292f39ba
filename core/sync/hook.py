"""Starts `[hooks] after_sync` when a sync has ended, without waiting for it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from core.config import Config
from core.errors import PatchdeskError
from core.index.index import open_index
from core.system.paths import program_folder

log = logging.getLogger(__name__)


class AfterSync:
    """Around a sync: notes where the index was before, and starts the user's hook once the sync is over."""

    def __init__(self, config: Config, path: Path) -> None:
        """Take the configuration and the path of the index."""
        self._command = config.after_sync.strip()
        self._path = path
        self._before = 0

    def __enter__(self) -> Self:
        if self._command:
            self._before = self._last_number()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._command and self._last_number() > self._before:
            self._start()

    def _last_number(self) -> int:
        if not self._path.exists():
            return 0
        try:
            index = open_index(self._path)
        except PatchdeskError as error:
            log.warning("after_sync: %s", error.message)
            return 0
        try:
            return index.mails.last_number()
        finally:
            index.close()

    def _start(self) -> None:
        try:
            subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "core.desk.after_sync",
                    str(self._path),
                    str(self._before),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": program_folder()},
                start_new_session=True,  # it outlives the sync, and Ctrl-C is not for it
            )
        except OSError as error:
            log.warning("after_sync cannot be started: %s", error)
