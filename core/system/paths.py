"""Where the program keeps its files (XDG Base Directory Specification 0.8), and how it writes them safely."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from core.errors import PatchdeskError

_NAME = "patchdesk"


def _folder(variable: str, default: str) -> Path:
    """Return this program's folder under an XDG variable; a relative value is ignored, as the specification asks.

    Raises PatchdeskError where there is neither variable nor home.
    """
    base = os.environ.get(variable, "")
    return (Path(base) if base.startswith("/") else _home() / default) / _NAME


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:  # neither $HOME nor an entry of the user
        raise PatchdeskError("There is no home folder.", "Set $HOME.") from error


def program_folder() -> str:
    """Return the folder that holds this program's packages: the only PYTHONPATH of its child processes.

    The user's PYTHONPATH may name a folder with another `core`, such as an untrusted checkout.
    """
    return str(Path(__file__).resolve().parents[2])


def config_file() -> Path:
    """Return the file a user writes; it may not exist."""
    return _folder("XDG_CONFIG_HOME", ".config") / "config.toml"


def data_dir() -> Path:
    """Return the folder of data that must not be lost."""
    return _folder("XDG_DATA_HOME", ".local/share")


def cache_dir() -> Path:
    """Return the folder of caches, which are fetched or built again."""
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


def open_folder(folder: Path) -> int:
    """Open a folder to lock it; closing it unlocks it. Raises PatchdeskError."""
    try:
        return os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise PatchdeskError(
            f"{folder} cannot be opened: {error.strerror}.", "Make it a folder that is yours."
        ) from error


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file at `path`, or leave it as it was; mode 0600, its folder made where there is none.

    Raises PatchdeskError where it cannot be written.
    """
    private_dir(path.parent)
    replace_file(path, content, mode=0o600)


def replace_file(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Replace a file, or leave it as it was; where no `mode` is given it keeps its own, a new one has 0600.

    A link stays one: the file that it names is replaced. Anything but a file (a pipe, `/dev/stdout`) is written to.
    Raises PatchdeskError where that cannot be done.
    """
    try:
        path = Path(os.path.realpath(path))
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        if mode is None:
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), mode)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PatchdeskError(
            f"{path} cannot be written: {reason}.",
            "Check the folder, free space and permissions.",
        ) from error
