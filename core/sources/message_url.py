"""Message-IDs, and the addresses under which public-inbox servers show a message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from core.errors import TargetError
from core.model import MessageId

_ID_CAP: Final = 998  # a header line's, RFC 5322
_PREFIX: Final = re.compile(r"(?:message-id|rfc822msgid|msgid|mid|id):\s*", re.IGNORECASE)
_ID: Final = re.compile(r"[^\s<>@]{1,900}@[^\s<>]{1,900}")
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_VIEWS: Final = frozenset({"T", "t", "raw", "t.mbox.gz", "t.atom", "R", "d", "s"})
"""What public-inbox serves below a message's address."""

_REDIRECTORS: Final = frozenset({"patch.msgid.link", "msgid.link", "lkml.kernel.org"})
"""Hosts that hold no mail themselves: they lead to lore by Message-ID."""


@dataclass(frozen=True, slots=True)
class MessageUrl:
    """A message, and the server it is on: `base` is an inbox's address without `/` at its end, "" for the usual one."""

    base: str
    message_id: MessageId


def message_id_of(text: str) -> MessageId | None:
    """Read a bare Message-ID, with or without `<>` and a prefix such as `id:`; None where it is none."""
    text = text.strip()
    if prefix := _PREFIX.match(text):
        text = text[prefix.end() :]
    text = text.removeprefix("<").removesuffix(">")
    return MessageId(text) if len(text) <= _ID_CAP and _ID.fullmatch(text) else None


def scheme_of(text: str) -> str:
    """Return the scheme of what looks like an address (`https://…`), in lower case; else ""."""
    match = _SCHEME.match(text)
    return match[1].lower() if match else ""


def read_url(text: str) -> MessageUrl:
    """Read the address of a message or of its thread, on any host.

    Raises TargetError where it is none, or carries a password.
    """
    try:
        url = urlsplit(text.strip())
        host, port = url.hostname, url.port
    except ValueError as error:
        raise TargetError(f"{text} is no address: {error}.", _HINT) from error
    if url.scheme not in {"http", "https"} or not host:
        raise TargetError(
            f"{url.scheme}:// addresses cannot be opened, only http:// and https://.", _HINT
        )
    if url.username is not None or url.password is not None:
        raise TargetError(
            f"The address of {host} carries a user name or password.",
            "Leave it out: nothing is sent to a server but the question.",
        )
    # Lore would lead there itself, but a search loses its question on the way.
    scheme = "https" if host == "lore.kernel.org" else url.scheme
    return _message_in(text, url, _origin(scheme, host, port))


_HINT: Final = "Open a message's address, such as https://lore.kernel.org/all/MESSAGE-ID/."


def _origin(scheme: str, host: str, port: int | None) -> str:
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}:{port}" if port is not None else f"{scheme}://{host}"


def _message_in(text: str, url: SplitResult, origin: str) -> MessageUrl:
    parts = [part for part in url.path.split("/") if part]
    at = _id_place(parts)
    found = message_id_of(unquote(parts[at])) if at is not None else None
    if at is not None and found is None:
        found = _bare_id(unquote(parts[at]))
    if at is None or found is None:
        raise TargetError(
            f"{text} has no Message-ID in it: it is a list's or a search's address.",
            "Open the address of one message or thread in it; whole lists can be read from a clone on disk.",
        )
    inbox = parts[:at]
    if url.hostname in _REDIRECTORS or "patch" in inbox[-1:]:  # the latter is a Patchwork
        return MessageUrl("", found)
    return MessageUrl(f"{origin}/{'/'.join(inbox) if inbox not in ([], ['r']) else 'all'}", found)


def _id_place(parts: list[str]) -> int | None:
    """Say which part of the path is the Message-ID: one with an `@`, else the one that a view or `r` gives away."""
    for place, part in enumerate(parts):
        if "@" in unquote(part):
            return place
    for place in range(1, len(parts)):
        if parts[place] in _VIEWS and place > 1:
            return place - 1
    return 1 if len(parts) > 1 and parts[0] == "r" else None


def _bare_id(text: str) -> MessageId | None:
    """Accept an id without `@`, as some mailers make them, where its place says that it is one."""
    plain = 0 < len(text) <= _ID_CAP and not re.search(r"[\s<>]", text)
    return MessageId(text) if plain else None
