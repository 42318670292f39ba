"""Message-IDs, and the addresses under which servers show a message, as people paste them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from core.errors import TargetError
from core.mail.charsets import read_stray_bytes
from core.model import MessageId

_ID_CAP: Final = 998  # a header line's, RFC 5322
_PREFIX: Final = re.compile(
    r"(?:(?:message-id|rfc822msgid|msgid|mid|id|news|in-reply-to|references|mailto):(?!//)|message:(?://)?)\s*",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(r"(?:[a-z-]{2,20}:\s+)?(?=<?https?://)", re.IGNORECASE)
# lore.kernel.org/r/ID, without its scheme
_NO_SCHEME: Final = re.compile(
    r"(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/[^\s<>]*(?:@|%40)[^\s<>]*", re.IGNORECASE
)
_QUERIED_ID: Final = re.compile(
    r"(?:^|[?&])(?:q=(?:mid|msgid|m)(?::|%3a)|i=)([^&]+)", re.IGNORECASE
)
_ID: Final = re.compile("[^\\s<>@\ud800-\udfff]{1,900}@[^\\s<>\ud800-\udfff]{1,900}")
"""Without halves of characters, which an argument that is no UTF-8 has: no server can be asked for those."""

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_VIEWS: Final = frozenset({"T", "t", "raw", "t.mbox.gz", "t.atom", "R", "d", "s"})
"""The pages that public-inbox serves below a message's address."""

_REDIRECTORS: Final = frozenset({"patch.msgid.link", "msgid.link", "lkml.kernel.org"})
"""Hosts that hold no mail themselves: they lead to lore by Message-ID."""


@dataclass(frozen=True, slots=True)
class MessageUrl:
    """A message, and the server it is on: `base` is an inbox's address without `/` at its end, "" for the usual one."""

    base: str
    message_id: MessageId


def message_id_of(text: str) -> MessageId | None:
    """Read a bare Message-ID; None where it is none.

    With or without `<>`, quotes and a prefix such as `id:` or `Message-ID:`; folding blanks are no part of it.
    """
    text = text.strip().strip("\"'")
    if prefix := _PREFIX.match(text):
        text = unquote(text[prefix.end() :]) if "%" in text else text[prefix.end() :]
    text = text.strip().rstrip(",;")
    wrapped = text.startswith("<") and text.endswith(">")
    if wrapped or prefix or "." in text.rpartition("@")[2]:
        text = "".join(text.split())
    if "://" in text:
        return None
    text = text.removeprefix("<").removesuffix(">")
    return MessageId(text) if len(text) <= _ID_CAP and _ID.fullmatch(text) else None


def url_in(text: str) -> str:
    """Return the address in a pasted text, without brackets, label or final punctuation; "" for none.

    `<https://…>`, `Link: https://…`, `lore.kernel.org/r/ID`.
    """
    text = text.strip().strip("\"'")
    if label := _LABEL.match(text):
        text = text[label.end() :]
    text = text.removeprefix("<").rstrip(">).,;\"'")
    if scheme_of(text) in {"http", "https"} and not any(map(str.isspace, text)):
        return text
    return f"https://{text}" if _NO_SCHEME.fullmatch(text) else ""


def message_id_in(text: str) -> MessageId | None:
    """Return the Message-ID that a pasted text is or holds: bare, or in the address of a message; None for neither."""
    if url := url_in(text):
        try:
            return read_url(url).message_id
        except TargetError:
            return None
    return message_id_of(text)


def named_message_id(text: str) -> MessageId:
    """Return the Message-ID that a person names in a call, as `message_id_in` reads it; else the text itself.

    Bytes that are no UTF-8 are read as in the header of a mail, so that the id of such a mail can be named.
    """
    text = read_stray_bytes(text)
    return message_id_in(text) or MessageId(text.strip().removeprefix("<").removesuffix(">"))


def scheme_of(text: str) -> str:
    """Return the scheme of a text like `https://…`, in lower case; else ""."""
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
        raise TargetError(f"{text} is not a valid address: {error}.", _HINT) from error
    if url.scheme not in {"http", "https"} or not host:
        raise TargetError(
            f"{url.scheme}:// addresses cannot be opened, only http:// and https://.", _HINT
        )
    if url.username is not None or url.password is not None:
        raise TargetError(
            f"The address of {host} carries a user name or password.",
            "Leave it out: patchdesk sends no passwords.",
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
    if _is_hyperkitty(parts):
        raise TargetError(
            f"{text} is a page of HyperKitty: its address does not say the Message-ID.",
            "Open the Message-ID: the page shows it under “view source”, in the header of that name.",
        )
    if queried := _QUERIED_ID.search(url.query):
        found = message_id_of(unquote(queried[1]))
        if found is not None:
            base = f"{origin}/{'/'.join(parts)}" if parts and queried[0][-1:] else ""
            return MessageUrl(base if "q=" in queried[0] else "", found)
    at = _id_place(parts)
    first = _id_start(parts, at, url.hostname or "")
    found = message_id_of(unquote("/".join(parts[first : at + 1])).rstrip("/")) if at >= 0 else None
    if at >= 0 and found is None:
        found = _bare_id(unquote(parts[at]))
    if at < 0 or found is None:
        raise TargetError(
            f"{text} has no Message-ID in it: it is a list's or a search's address.",
            "Open the address of one message or thread in it; whole lists can be read from a clone on disk.",
        )
    inbox = parts[:first]
    is_patchwork = not {"patch", "cover"}.isdisjoint(inbox[-1:]) and "project" in inbox[:1]
    if url.hostname in _REDIRECTORS or is_patchwork:
        return MessageUrl("", found)
    return MessageUrl(f"{origin}/{'/'.join(inbox) if inbox not in ([], ['r']) else 'all'}", found)


def _is_hyperkitty(parts: list[str]) -> bool:
    """Whether a path is `…/list/LIST@HOST/message/HASH/`, a thread's, or the list's own page."""
    place = next((at for at, part in enumerate(parts) if "@" in unquote(part)), 0)
    if place == 0 or parts[place - 1] != "list":
        return False
    return "archives" in parts[:place] or parts[place + 1 : place + 2] in (["message"], ["thread"])


def _id_place(parts: list[str]) -> int:
    """Return which part of the path ends the Message-ID: one with an `@`, else the one that a view or `r` gives away; -1."""
    for place, part in enumerate(parts):
        if "@" in unquote(part):
            return place
    for place in range(1, len(parts)):
        if parts[place] in _VIEWS and place > 1:
            return place - 1
    return 1 if len(parts) > 1 and parts[0] == "r" else -1


def _id_start(parts: list[str], end: int, host: str) -> int:
    """Return the part of the path at which the Message-ID begins; it may have slashes below a known prefix."""
    if host in _REDIRECTORS and parts[:1] != ["r"]:
        return 0
    if host == "lore.kernel.org" or parts[:1] == ["r"]:
        return min(1, max(end, 0))
    return max(end, 0)


def _bare_id(text: str) -> MessageId | None:
    """Accept an id without `@`, as some mailers make them, where its place says that it is one."""
    plain = 0 < len(text) <= _ID_CAP and not re.search(r"[\s<>]", text)
    return MessageId(text) if plain else None
