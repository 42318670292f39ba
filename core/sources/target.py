"""The target that the user asked to open (a path, a Message-ID, an address or `-`), and the source that reads it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from core.errors import SourceError, TargetError
from core.fetch.options import FetchOptions
from core.sources import mailbox, maildir
from core.sources.archive_folder import is_archive
from core.sources.byte_store import error_reason
from core.sources.mailbox import WHAT_WOULD_DO, MailboxFeed, MailboxSource
from core.sources.maildir import MaildirFeed, MaildirSource
from core.sources.message_url import message_id_of, read_url, scheme_of, url_in
from core.sources.source import IncrementalSource, Source

STDIN: Final = "-"


def open_target(
    target: str,
    *,
    stdin: bytes | None = None,
    fetch: FetchOptions | None = None,
    isolate: bool = True,
) -> Source:
    """Return the source that reads `target`; nothing is fetched yet.

    A path that exists wins. `stdin` is the content of standard input, needed where `target` is `-`. Without `isolate`,
    for a child process, a git repository is opened here. Raises TargetError, which names the kind of target it was read
    as.
    """
    if not target.strip():
        raise TargetError("There is nothing to open.", WHAT_WOULD_DO)
    if target == STDIN:
        return _open_stdin(stdin)
    path = _existing(target)
    if path is not None:
        return _open_path(path, isolate=isolate)
    return _open_remote(target.strip(), fetch or FetchOptions())


def incremental_parts_of(source: Source) -> list[IncrementalSource]:
    """Return the parts of a source that can be followed, the newest first.

    A source that has a method `incremental_parts` says itself. Raises SourceError for one that cannot be followed.
    """
    if callable(own := getattr(source, "incremental_parts", None)):
        found: list[IncrementalSource] = own()
        return found
    if isinstance(source, MailboxSource):
        return [MailboxFeed(source)]
    if isinstance(source, MaildirSource):
        return [MaildirFeed(source)]
    raise SourceError(
        f"{source.name} cannot be followed.",
        "Follow a list's address, a public-inbox folder, a maildir or an mbox.",
    )


def _open_stdin(data: bytes | None) -> Source:
    if not data:
        raise TargetError(
            "Nothing came on standard input.", "Pipe an mbox into it, or name what to open."
        )
    return mailbox.open_bytes(data, "standard input")


def _existing(target: str) -> Path | None:
    for candidate in (target, os.path.expanduser(target)):  # noqa: PTH111 - never raises
        path = Path(candidate)
        try:
            path.lstat()
        except (OSError, ValueError):  # ValueError: a NUL in it
            continue
        return path
    return None


def _open_path(path: Path, *, isolate: bool) -> Source:
    try:
        mode = path.stat().st_mode
    except OSError as error:  # a link to nowhere, or in circles
        raise TargetError(
            f"{path} cannot be read: {error_reason(error)}.", WHAT_WOULD_DO
        ) from error
    if stat.S_ISREG(mode):
        return mailbox.open_file(path)
    if not stat.S_ISDIR(mode):
        raise TargetError(
            f"{path} is neither a file nor a folder, but a device, pipe or socket.",
            "Pipe its mails into standard input and open “-”.",
        )
    return _open_folder(path, isolate=isolate)


def _open_folder(path: Path, *, isolate: bool) -> Source:
    try:
        names = sorted(os.listdir(path))[:1000]  # noqa: PTH208
    except OSError as error:
        raise TargetError(
            f"{path} cannot be read: {error_reason(error)}.", WHAT_WOULD_DO
        ) from error
    if maildir.is_maildir(path):
        return maildir.MaildirSource(path)
    if is_archive(path):
        if isolate:
            from core.sources.isolated_archive import open_isolated

            return open_isolated(path)
        from core.sources.public_inbox import open_archive

        return open_archive(path)
    if not names:
        raise TargetError(f"{path} is an empty folder.", WHAT_WOULD_DO)
    wanted = "a maildir has the folders cur and new, a public-inbox folder has git/0.git."
    mails = [name for name in names if name.endswith((".mbox", ".mbox.gz", ".eml", ".patch"))]
    hint = f"Open a file in it, such as {path / mails[0]}." if mails else WHAT_WOULD_DO
    raise TargetError(f"{path} is a folder, but not of mail: {wanted}", hint)


def _open_remote(target: str, fetch: FetchOptions) -> Source:
    from core.sources.lore import (
        LoreThreadSource,
    )  # it brings in the client of the process that fetches

    message_id = message_id_of(target)
    if message_id is None and scheme_of(target) == "file":
        raise TargetError(f"{target} is a file's address.", "Open it by its path.")
    if (address := url_in(target)) or (message_id is None and scheme_of(target)):
        url = read_url(address or target)
        return LoreThreadSource(url.message_id, base=url.base or fetch.base, options=fetch)
    if message_id is not None:
        return LoreThreadSource(message_id, base=fetch.base, options=fetch)
    if "@" in target:
        raise TargetError(
            f"‘{target}’ is neither a file here nor a valid Message-ID.", WHAT_WOULD_DO
        )
    if "/" in target or target.endswith((".mbox", ".gz", ".eml", ".patch", ".mbx")):
        raise TargetError(f"There is no file or folder ‘{target}’.", WHAT_WOULD_DO)
    raise TargetError(
        f"‘{target}’ is not a file or folder here, nor a Message-ID (no “@”), nor an address (no “://”).",
        WHAT_WOULD_DO,
    )
