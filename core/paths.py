"""Where the program keeps its files (XDG Base Directory Specification 0.8), and how it writes them safely."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from core.errors import PatchdeskError

_NAME = "patchdesk"


def _folder(variable: str, default: str) -> Path:
    """Return this program's folder under an XDG variable; a relative value is ignored, as the specification asks."""
    base = os.environ.get(variable, "")
    return (Path(base) if base.startswith("/") else Path.home() / default) / _NAME


def config_file() -> Path:
    """Return the file a user writes; it may not exist."""
    return _folder("XDG_CONFIG_HOME", ".config") / "config.toml"


def data_dir() -> Path:
    """Return the folder of what must not be lost."""
    return _folder("XDG_DATA_HOME", ".local/share")


def cache_dir() -> Path:
    """Return the folder of what can be fetched or built again."""
    return _folder("XDG_CACHE_HOME", ".cache")


def log_file() -> Path:
    """Return the log's file; it may not exist."""
    return _folder("XDG_STATE_HOME", ".local/state") / "patchdesk.log"


def private_dir(folder: Path) -> Path:
    """Make `folder` for this user alone, where it is not there yet, and return it.

    Raises PatchdeskError where it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise PatchdeskError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            "Make it by hand, or point its XDG variable somewhere writable.",
        ) from error
    return folder


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file at `path`, or leave it as it was; mode 0600.

    Raises PatchdeskError where it cannot be written.
    """
    private_dir(path.parent)
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PatchdeskError(
            f"{path} cannot be written: {error.strerror}.", "Check the disk's room and the rights."
        ) from error
