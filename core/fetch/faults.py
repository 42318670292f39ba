"""The failures of a server, each with its sentence and its hint."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from core.errors import FetchError
from core.progress import byte_size

_TRY: Final = "Try again, or open a copy on disk."
_FAULTS: Final[dict[str, tuple[str, str]]] = {
    "refused": (
        "{server} refuses the connection.",
        "Is the server running there? Check the address, or try later.",
    ),
    "dns": ("The name of {server} is not known.", "Check the address and your network connection."),
    "tls": (
        "No safe connection to {server} could be made: {detail}",
        "Check the address and your certificates{certificates}.",
    ),
    "certificates": (
        "The certificates for {server} cannot be read{certificates}.",
        "Fix or unset it.",
    ),
    "proxy": (
        "The proxy on the way to {server} failed: {detail}",
        "Check {proxy} in your environment.",
    ),
    "socks": (
        "The SOCKS proxy on the way to {server} needs the package PySocks, which is not installed.",
        "Install it beside patchdesk (pipx inject patchdesk pysocks), or change {proxy}.",
    ),
    "elsewhere": (
        "{server} redirects the search to {detail}, a server that you did not name.",
        "If you trust that one, follow the list at its address there.",
    ),
    "timeout": ("{server} does not answer.", _TRY),
    "broken-off": ("{server} broke the connection off.", _TRY),
    "url": ("{server} is not an address.", "Check the address."),
    "redirect": (
        "{server} redirects in a circle, or to an unsupported address.",
        "Check the address.",
    ),
    "page": (
        "{server} answered with a web page instead of mail.",
        "It may admit only browsers. Try later, or set another server.",
    ),
    "not-gzip": (
        "{server} did not answer as a mail archive.",
        "Check that the address is a public-inbox server's.",
    ),
    "damaged": ("The answer of {server} is damaged and cannot be unpacked.", _TRY),
    "cut-off": ("The answer of {server} was cut off before its end.", _TRY),
    "empty": ("{server} gave an empty answer.", _TRY),
    "encoding": ("{server} used an encoding that was not requested: {detail}.", _TRY),
    "too-large": (
        "The answer of {server} is larger than {limit}.",
        "Raise max_size in [fetch] of config.toml, or read a clone of the list on disk.",
    ),
    "deadline": (
        "{server} did not complete its answer within {deadline:g} s.",
        "Try again, or raise deadline in [fetch] of config.toml.",
    ),
    "other-message": (
        "{server} answered with a different message: {asked} is not in it.",
        "Check the Message-ID. If it is right, the server is at fault.",
    ),
    "settings": (
        "Git's settings for {server} cannot be used: {detail}",
        "Fix [lore] or [liblore] in your git configuration.",
    ),
    "child": (
        "The fetch process ended unexpectedly.",
        "Try again; the log has its last output.",
    ),
}
_STATUS: Final[dict[int, tuple[str, str]]] = {
    401: ("{server} asks for a password.", "Such servers cannot be read; clone the list instead."),
    403: (
        "{server} refuses access (403).",
        "It may block programs. Try later, or set another server.",
    ),
    404: (
        "{server} has no {asked}.",
        "Check the Message-ID; a new mail can take minutes to arrive there.",
    ),
    410: ("{server} no longer has {asked}.", "Look for it on another server."),
    429: ("{server} refuses: too many requests (429).", "Try again {after}."),
    501: (
        "{server} cannot search (501).",
        "Other versions can only be found on a server that can.",
    ),
    503: ("{server} is too busy or under maintenance (503).", "Try again {after}."),
}


_LIST_HINTS: Final[dict[int, str]] = {
    403: "It may block programs. Try later, or follow another copy of the list.",
    404: "Check the list's address.",
    410: "Follow another copy of the list.",
    501: "Clone the list instead: remove “clone = false” from its table in config.toml.",
}
"""Hints for requests of a list, not of a message."""
_PROXIES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy")


def fetch_error(
    kind: str,
    server: str,
    *,
    asked: str = "answer",
    detail: str = "",
    status: int | None = None,
    retry_after: str = "",
    limit: int = 0,
    deadline: float = 0,
    certificates: str = "",
) -> FetchError:
    """Return the error for one of the protocol's kinds of fault, or for a status of the server's answer.

    `server` is its host, `asked` the phrase for the requested thing; `limit` is in bytes, `deadline` in seconds;
    `certificates` is the variable or setting that names them.
    """
    message, hint = _status_message(status) if kind == "status" and status else _message(kind)
    if not asked.startswith("message "):
        hint = _LIST_HINTS.get(status or 0, hint)
    words = {
        "server": server,
        "asked": asked,
        "detail": detail[:200] or "no reason given",
        "after": _after(retry_after),
        "limit": byte_size(limit),
        "deadline": deadline,
        "certificates": f", which {certificates} names" if certificates else "",
        "proxy": _proxy_variable(),
    }
    return FetchError(
        message.format(**words),
        hint.format(**words),
        status=status,
        kind=kind,
        wait=wait_seconds(retry_after, datetime.now(UTC)),
    )


def wait_seconds(retry_after: str, now: datetime) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3), seconds or a date; None where it is neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(int(retry_after[:9]))
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _proxy_variable() -> str:
    return next((name for name in _PROXIES if os.environ.get(name)), "https_proxy")


def _message(kind: str) -> tuple[str, str]:
    return _FAULTS.get(kind, ("{server} could not be asked: {detail}.", _TRY))


def _status_message(status: int) -> tuple[str, str]:
    if status in _STATUS:
        return _STATUS[status]
    if status >= 500:
        return f"{{server}} failed ({status}).", "The fault is on the server. Try again later."
    return f"{{server}} did not accept the request ({status}).", "Check the address."


def _after(retry_after: str) -> str:
    """Put a Retry-After header, seconds or a date, into words."""
    if retry_after.isascii() and retry_after.isdigit():
        return f"in {int(retry_after)} s"
    return f"after {retry_after}" if retry_after else "later"
