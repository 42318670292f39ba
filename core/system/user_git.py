"""The few settings of the user's git that say which mail servers to ask, and how mail leaves."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

_WANTED: Final = ("user.", "b4.midmask", "b4.linkmask", "lore.", "liblore.")
_CERTIFICATES: Final = (".sslcainfo", ".sslcapath")
_SECONDS: Final = 5


def read_global() -> dict[str, tuple[str, ...]]:
    """Return the user's *global* `user.*`, `b4.midmask`, `b4.linkmask`, `lore.*`, `liblore.*` and `http.*.sslCA*`, all
    values of each.

    Keys are as git writes them: section and name in lower case. A repository's own configuration is not read, wherever
    the program was started: an untrusted clone could send every question elsewhere. Without git, or where git cannot
    read its files, there are none.
    """
    return _read(lambda key: key.startswith(_WANTED) or _is_certificate(key))


def _is_certificate(key: str) -> bool:
    return key.startswith("http.") and key.endswith(_CERTIFICATES)


def read_sendmail(identity: str = "") -> str:
    """Return the sendmail-like command of the user's *global* git configuration, as a shell reads it; "" for none.

    It is `sendemail.sendmailCmd`, else a `sendemail.smtpServer` that is a path, with its options; those of the identity
    come first (git-send-email(1)).
    """
    sections = [f"sendemail.{identity}."] if identity else []
    sections.append("sendemail.")
    names = ("sendmailcmd", "smtpserver", "smtpserveroption")
    wanted = {section + name for section in sections for name in names}
    found = _read(wanted.__contains__)

    def values(name: str) -> tuple[str, ...]:
        keys = (section + name for section in sections)
        return next((found[key] for key in keys if key in found), ())

    if command := values("sendmailcmd"):
        return command[-1]
    server = next(iter(values("smtpserver")[-1:]), "")
    return shlex.join([server, *values("smtpserveroption")]) if server.startswith("/") else ""


def has_send_email() -> bool:
    """Whether git here has its `send-email`, which is often a package of its own."""
    folder = _output(["git", "--exec-path"]).decode(errors="surrogateescape").strip()
    is_there = bool(folder) and Path(folder, "git-send-email").exists()
    return is_there or shutil.which("git-send-email") is not None


def _read(is_wanted: Callable[[str], bool]) -> dict[str, tuple[str, ...]]:
    """Return the wanted keys of the user's global configuration, all values of each."""
    content = _output(["git", "config", "--global", "--includes", "--list", "-z"])
    found: dict[str, tuple[str, ...]] = {}
    for entry in content.decode(errors="surrogateescape").split("\0"):
        key, newline, value = entry.partition("\n")
        if is_wanted(key):
            found[key] = (*found.get(key, ()), value if newline else "true")
    return found


def _output(command: Sequence[str]) -> bytes:
    try:
        # In "/", so that no `includeIf "gitdir:…"` speaks of the folder that the program was started in.
        done = subprocess.run(
            command, capture_output=True, timeout=_SECONDS, check=False, cwd=os.sep
        )
    except (OSError, subprocess.SubprocessError):
        return b""
    return done.stdout
