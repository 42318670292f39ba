"""One log file; nothing is logged to the terminal, and nothing a mail contains can act on who reads the log."""

from __future__ import annotations

import logging
from pathlib import Path

from core.errors import PatchdeskError
from core.paths import private_dir
from core.text import shown_lines

_LARGEST = 1 << 20


class _SafeFormatter(logging.Formatter):
    """Makes control characters visible, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n    ".join(shown_lines(super().format(record)))


def start_logging(path: Path) -> None:
    """Send this program's log to `path`, two files of 1 MiB at most.

    A log that cannot be written is done without: reading mail matters more.
    """
    from logging.handlers import RotatingFileHandler

    root = logging.getLogger()
    root.setLevel(logging.INFO)
    try:
        private_dir(path.parent)
        path.touch(mode=0o600)
        handler: logging.Handler = RotatingFileHandler(
            path, maxBytes=_LARGEST, backupCount=1, encoding="utf-8", errors="backslashreplace"
        )
    except (PatchdeskError, OSError):
        handler = logging.NullHandler()
    handler.setFormatter(_SafeFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.handlers[:] = [handler]
    logging.captureWarnings(capture=True)
