"""One log file; nothing is logged to the terminal, and control characters from mail are escaped."""

from __future__ import annotations

import contextlib
import logging
import os
from io import TextIOWrapper
from pathlib import Path

from core.errors import PatchdeskError
from core.system.paths import private_dir
from core.text import SafeText, shown_lines

_LARGEST = 1 << 20
_TAIL = 64 << 10
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _SafeFormatter(logging.Formatter):
    """Makes control characters visible, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n    ".join(shown_lines(super().format(record)))


def start_logging(path: Path) -> None:
    """Send this program's log to `path`, two files of 1 MiB at most.

    A log that cannot be written is done without: reading mail matters more.
    """
    from logging.handlers import RotatingFileHandler

    class PrivateFileHandler(RotatingFileHandler):
        """Every file that it begins is this user's alone."""

        def _open(self) -> TextIOWrapper:
            handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            return TextIOWrapper(
                os.fdopen(handle, "ab"),
                encoding=self.encoding,
                errors=self.errors,
                line_buffering=True,
            )

    root = logging.getLogger()
    root.setLevel(logging.INFO)
    try:
        private_dir(path.parent)
        handler: logging.Handler = PrivateFileHandler(
            path, maxBytes=_LARGEST, backupCount=1, encoding="utf-8", errors="backslashreplace"
        )
    except (PatchdeskError, OSError):
        handler = logging.NullHandler()
    handler.setFormatter(_SafeFormatter(_FORMAT))
    root.handlers[:] = [handler]
    logging.captureWarnings(capture=True)


def log_target() -> str:
    """Return the path of this program's log, "" where none was started; children get it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler) and isinstance(
            handler.formatter, _SafeFormatter
        ):
            return handler.baseFilename
    return ""


def start_child_logging(path: str) -> None:
    """Send a child process's log to the parent's file, to standard error where it has none.

    The parent alone begins a new file; the child follows it there.
    """
    from logging.handlers import WatchedFileHandler

    handler: logging.Handler = logging.StreamHandler()
    if path:
        with contextlib.suppress(OSError):
            handler = WatchedFileHandler(path, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_SafeFormatter(_FORMAT))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.handlers[:] = [handler]
    logging.captureWarnings(capture=True)


def last_lines(path: Path) -> list[SafeText]:
    """Return the end of the log, 64 KiB at most; nothing where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL))
            return shown_lines(file.read().decode("utf-8", "replace").rstrip("\n"))
    except OSError:
        return []
