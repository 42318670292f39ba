"""The recipients of a reply: To and Cc as mailing lists expect them (RFC 5322 3.6.3; Mail-Followup-To as mutt reads it)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from core.mail.headers import parse_addresses, parse_headers
from core.model import Identity, Message

ASK_ABOVE: Final = 30
"""The user confirms the recipients where there are more than this many."""

_WANTED: Final = frozenset(
    {
        "to", "cc", "reply-to", "mail-followup-to", "x-original-from", "list-post", "x-mailing-list",
    }
)  # fmt: skip
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.:\[\]-]{1,255}")
_MAILTO: Final = re.compile(r"<\s*mailto:([^<>?\s]{3,320})", re.IGNORECASE)
_LIST_HOST: Final = re.compile(
    r"@(?:vger\.kernel\.org|lists?\.[^@]+|[^@]+\.lists?\.[^@]+|nongnu\.org)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """The two address headers of a reply, and the addresses left out of them."""

    to: tuple[Identity, ...]
    cc: tuple[Identity, ...]
    left_out: tuple[str, ...] = ()
    """Addresses that no mail can be sent to as they stand."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The bare addresses, To first."""
        return tuple(one.address for one in (*self.to, *self.cc))


def reply_recipients(
    raw: bytes, message: Message, me: Iterable[str], never: Iterable[str] = ()
) -> Recipients:
    """Return the recipients of a reply to everybody.

    To is Reply-To's person, else the author; Cc is everybody else of To and Cc, mailing lists last, one spelling
    each. `me` and `never` are addresses that get none; `raw` is the mail that is answered, since a decoded header can
    no longer be split at its commas. A list that hides its authors ("munging") is looked through:
    Reply-To, X-Original-From and an in-body From come before its own address.
    """
    headers = _Headers(raw)
    lists = _list_addresses(headers)
    mine = {_key(address) for address in me}
    barred = mine | {_key(address) for address in never}
    followup = headers.people("mail-followup-to")
    if followup and any(_is_list(one, lists) for one in followup):
        to, others = _split(followup, lists)
        if not to:
            to, others = _author(message, headers, lists), followup
    else:
        to = _author(message, headers, lists)
        others = [*headers.people("to"), *headers.people("cc")]
        if all(_key(one.address) in mine for one in to):  # my own mail: its readers again
            to, others = headers.people("to"), headers.people("cc")
    chooser = _Chooser(barred)
    chosen_to = chooser.take(to)
    people, list_people = _split(others, lists)
    chosen_cc = chooser.take(people)
    if not any(_is_list(one, lists) for one in [*to, *others]):
        list_people += [Identity("", address) for address in lists.values()]
    chosen_cc += chooser.take(list_people)
    if not chosen_to:  # nobody is left but lists: the first of them is written to
        chosen_to, chosen_cc = chosen_cc[:1], chosen_cc[1:]
    return Recipients(to=tuple(chosen_to), cc=tuple(chosen_cc), left_out=tuple(chooser.left_out))


def is_address(address: str) -> bool:
    """Whether mail can be sent to an address: plain ASCII, nothing that a header or an option could misread."""
    return _ADDRESS.fullmatch(address) is not None and not address.startswith("-")


class _Headers:
    """The address headers of a mail by lower-case name."""

    def __init__(self, raw: bytes) -> None:
        self._headers = parse_headers(raw, 0, len(raw), _WANTED)

    def texts(self, name: str) -> Sequence[str]:
        return self._headers.get_all(name)

    def people(self, name: str) -> list[Identity]:
        return [one for value in self.texts(name) for one in parse_addresses(value)]


class _Chooser:
    """Takes each address once, and none that is barred."""

    def __init__(self, barred: set[str]) -> None:
        self._seen = set(barred)
        self.left_out: list[str] = []

    def take(self, people: Iterable[Identity]) -> list[Identity]:
        chosen = []
        for one in people:
            key = _key(one.address)
            if key in self._seen:
                continue
            self._seen.add(key)
            if is_address(one.address):
                chosen.append(one)
            elif one.address:
                self.left_out.append(one.address)
        return chosen


def _key(address: str) -> str:
    return address.strip().casefold()


def _list_addresses(headers: _Headers) -> dict[str, str]:
    """Return the addresses of the lists that a mail came through, by their key."""
    found: dict[str, str] = {}
    for value in headers.texts("list-post"):
        for address in _MAILTO.findall(value):
            found.setdefault(_key(address), address)
    for value in headers.texts("x-mailing-list"):
        for one in parse_addresses(value):
            if is_address(one.address):
                found.setdefault(_key(one.address), one.address)
    return found


def _is_list(one: Identity, lists: dict[str, str]) -> bool:
    key = _key(one.address)
    return key in lists or _LIST_HOST.search(key) is not None


def _split(
    people: Iterable[Identity], lists: dict[str, str]
) -> tuple[list[Identity], list[Identity]]:
    """Return persons and lists apart, each in their order."""
    persons: list[Identity] = []
    list_people: list[Identity] = []
    for one in people:
        (list_people if _is_list(one, lists) else persons).append(one)
    return persons, list_people


def _author(message: Message, headers: _Headers, lists: dict[str, str]) -> list[Identity]:
    """Return the person to answer; of a mail that a list relayed in its own name, its true author."""
    replies_to = [one for one in headers.people("reply-to") if not _is_list(one, lists)]
    if replies_to:
        return replies_to
    candidates = [
        message.sender,
        *headers.people("x-original-from"),
        message.author,
    ]
    for one in candidates:
        if one.address and not _is_list(one, lists):
            return [one]
    return [message.sender]
