"""Which lists are followed: `[lists.NAME]` tables of config.toml, which stays the user's own file."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from core.config import LIST_NAME, LIST_NAME_WORDS, FollowedList
from core.config_edit import edit_config
from core.errors import ConfigError, TargetError
from core.progress import ProgressCallback
from core.sources.message_url import message_id_of, scheme_of
from core.sync.list_folder import DataDirs, list_lock

_CAP: Final = 2000
_BELOW: Final = re.compile(
    r"(?<=[^/])/(?:git/\d{1,6}(?:\.git)?|\d{1,6}|manifest\.js\.gz|new\.(?:atom|html)|_/.*)$"
)
"""Paths of public-inbox below a list's address."""

_HINT: Final = "Follow a list's address, such as https://lore.kernel.org/kvm/, or a public-inbox folder, a maildir or an mbox."


class SyncMethod(Enum):
    """How a list's mail comes."""

    EPOCHS = "epochs"
    """A public-inbox server's git epochs are mirrored."""
    WINDOWS = "windows"
    """Search a public-inbox server by time of arrival."""
    DISK = "disk"
    """It is on this machine already."""


def sync_method_of(followed: FollowedList) -> SyncMethod:
    """Return how a list's mail comes."""
    if not scheme_of(followed.target):
        return SyncMethod.DISK
    return SyncMethod.EPOCHS if followed.clone else SyncMethod.WINDOWS


def check_name(name: str) -> None:
    """Raise ConfigError where a list cannot be called that."""
    if not LIST_NAME.fullmatch(name):
        raise ConfigError(
            f"‘{name[:100]}’ is not a valid name for a list.",
            f"A name consists of {LIST_NAME_WORDS}.",
        )


def check_target(target: str) -> str:
    """Return a target in its recorded form: a list's address without `/` at its end, or an absolute path.

    Nothing is fetched. Raises TargetError, which names the kind of target it was read as.
    """
    if target == "-":
        raise TargetError("Standard input cannot be followed: it ends.", _HINT)
    path = Path(os.path.expanduser(target))  # noqa: PTH111 - never raises
    with contextlib.suppress(OSError, ValueError):
        if target.strip() and path.exists():
            return _check_path(path)
    target = target.strip()
    if scheme_of(target):
        return read_inbox_url(target)
    if message_id_of(target) is not None:
        raise TargetError(f"‘{target}’ is one message, not a list.", _HINT)
    raise TargetError(f"‘{target}’ is not a file or folder here, nor an address (no “://”).", _HINT)


def read_inbox_url(text: str) -> str:
    """Return the address of a list on a public-inbox server, in its recorded form.

    An address below a list, such as that of an epoch, is read as the list's. Raises TargetError.
    """
    text = text.strip()
    try:
        url = urlsplit(text[:_CAP])
        host, port = url.hostname, url.port
    except ValueError as error:
        raise TargetError(f"{text[:_CAP]} is not a valid address: {error}.", _HINT) from error
    if (
        url.scheme not in {"http", "https"}
        or not host
        or len(text) > _CAP
        or not text.isprintable()
    ):
        raise TargetError("Only http:// and https:// addresses of lists can be followed.", _HINT)
    if url.username is not None or url.password is not None:
        raise TargetError(
            f"The address of {host} carries a user name or password.",
            "Leave it out: lists that want one cannot be followed.",
        )
    path = _BELOW.sub("", url.path.rstrip("/")).rstrip("/")
    if "@" in unquote(path):
        raise TargetError(
            f"{text} is the address of a message, not of a list.",
            "Leave out the Message-ID to follow the list; “patchdesk open” reads the message.",
        )
    if url.query:
        raise TargetError(f"{text} is the address of a search.", "Leave out “?” and what follows.")
    if not path:
        raise TargetError(f"{text} is a server's address, not a list's.", _HINT)
    scheme = "https" if host == "lore.kernel.org" else url.scheme
    place = f"[{host}]" if ":" in host else host
    return f"{scheme}://{place}{f':{port}' if port is not None else ''}{path}"


def name_from_target(target: str) -> str:
    """Return a name for a list by its address or folder, `kvm` of https://lore.kernel.org/kvm/; "" where none follows."""
    last = target.strip().rstrip("/").rpartition("/")[2].casefold()
    for ending in (".gz", ".mbox", ".git", ".eml"):
        last = last.removesuffix(ending)
    name = re.sub(r"[^a-z0-9_-]+", "-", last).strip("-")[:64]
    return name if LIST_NAME.fullmatch(name) else ""


def follow(
    name: str, target: str, config_file: Path, *, clone: bool = True, inbox_since: str = ""
) -> FollowedList:
    """Record that a list is followed, and return it; its mail comes with the next sync.

    `inbox_since` says where its inbox begins, as the configuration has it; "" for the default.

    Raises ConfigError where the name is another list's, or the file cannot be edited, and TargetError.
    """
    check_name(name)
    followed = FollowedList(target=check_target(target), clone=clone, inbox_since=inbox_since)
    with edit_config(config_file) as edit:
        there = edit.table("lists").get(name)
        if there is None:
            values: dict[str, str | bool] = {"target": followed.target}
            if not clone:
                values["clone"] = False
            if inbox_since:
                values["inbox_since"] = inbox_since
            edit.set("lists", name, values)
        elif not _same(there, followed):
            raise ConfigError(
                f"A list called {name} is followed already.",
                f"Choose another name, or “patchdesk unfollow {name}” first.",
            )
    return followed


def unfollow(name: str, config_file: Path) -> None:
    """Take a list's table out of the file. Raises ConfigError where there is none."""
    with edit_config(config_file) as edit:
        lists = edit.table("lists")
        if name not in lists:
            known = ", ".join(lists) or "none yet"
            raise ConfigError(f"There is no list called {name[:100]}.", f"You follow: {known}.")
        edit.remove("lists", name)


def list_web(followed: FollowedList | None) -> str:
    """Return the web address of a list's messages: its `web`, else the server it is followed from; "" where it has none."""
    if followed is None:
        return ""
    target = followed.target if followed.target.startswith(("https://", "http://")) else ""
    return followed.web or target


def followed_target(name: str, followed: FollowedList) -> str:
    """Return the place to read a followed list from: its clone, or its target.

    Raises TargetError for a list on a server that has no clone here.
    """
    if "://" not in followed.target or "@" in followed.target:
        return followed.target
    clone = DataDirs.default().clone(name)
    if clone is None and followed.clone:
        raise TargetError(f"{name} has no clone yet.", f"“patchdesk sync {name}” makes it.")
    if clone is None:
        raise TargetError(
            f"The mail of {name} is in the index alone: the list is followed without a clone.",
            f"“patchdesk series --list {name}” prints it.",
        )
    return str(clone)


@dataclass(frozen=True, slots=True)
class UnfollowResult:
    """The removed parts of a list that is no longer followed."""

    mails: int
    """Mails of it that were in the index."""
    clone: Path | None
    """The folder of its clone, where that was kept."""


def unfollow_and_delete(
    name: str,
    home: DataDirs,
    config_file: Path,
    *,
    delete_clone: bool,
    stop: Event,
    report: ProgressCallback,
) -> UnfollowResult:
    """Take a list out of the configuration and out of the index; its clone only where that is asked for.

    A list that only the index has left can be taken out too. Raises ConfigError where there is none of that name, other
    PatchdeskErrors and Cancelled; the rest is removed the next time.
    """
    from core.index.index import open_index

    folder = home.folder(name) if LIST_NAME.fullmatch(name) else None
    mails = _mails(name, home)
    there = mails is not None or (delete_clone and folder is not None and folder.is_dir())
    try:
        unfollow(name, config_file)
    except ConfigError:
        if not there:
            raise
    if folder is None:
        return UnfollowResult(0, None)
    with list_lock(folder, name, stop=stop, report=report):
        if mails is not None:
            with contextlib.closing(open_index(home.index)) as index:
                index.writer.forget(name, stop=stop, report=report)
        clone = folder / "git"
        if clone.is_dir() and not delete_clone:
            return UnfollowResult(mails or 0, clone)
        shutil.rmtree(folder, ignore_errors=True)
    return UnfollowResult(mails or 0, None)


def _mails(name: str, home: DataDirs) -> int | None:
    """Return how many mails of a list the index has; None where it does not know it."""
    from core.index.index import open_index

    if not home.index.exists():
        return None
    with contextlib.closing(open_index(home.index)) as index:
        return next((info.messages for info in index.rows.lists() if info.name == name), None)


def _check_path(path: Path) -> str:
    from core.sources.target import open_target

    open_target(str(path)).close()  # says what else it is
    absolute = str(path.absolute())
    try:
        absolute.encode()
    except UnicodeEncodeError as error:
        raise TargetError(
            f"{absolute} cannot be followed: its name is not UTF-8, as config.toml is.",
            "Rename it, or make a link to it that has a plain name, and follow that.",
        ) from error
    return absolute


def _same(there: Any, followed: FollowedList) -> bool:
    return (
        isinstance(there, dict)
        and there.get("target") == followed.target
        and there.get("clone", True) == followed.clone
    )
