"""Identities joined to people.

Identities are joined by a mailmap (gitmailmap(5)), by the same address, and by the same name at the same domain; by
nothing else, since two people of one name at two firms are two people. An identity that a list or relay sends for (`A
Person via Some List <some-list@…>`) shares its address with others, so of those only name and domain count. Bots are
named by the user, and kept apart.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import ConfigError
from core.model import Identity
from core.series.identities import normalise
from core.series.threading import DisjointSets

_LARGEST: Final = 4 << 20
_MAILMAP_LINE: Final = re.compile(r"([^<>]*)<([^<>]*)>(?:([^<>]*)<([^<>]*)>)?\s*(?:#.*)?")
_VIA: Final = " via "


def domain_of(identity: Identity) -> str:
    """Return the domain of an address in lower case; of one without `@`, `(none)`."""
    return (
        identity.address.rpartition("@")[2].strip().lower() if "@" in identity.address else "(none)"
    )


class Mailmap:
    """The rules of a mailmap; a rule that also names the commit's name comes before one that does not."""

    def __init__(self, text: str = "") -> None:
        self._rules: dict[tuple[str, str], Identity] = {}
        self._old: dict[str, list[str]] = {}
        for line in text.splitlines():
            match = _MAILMAP_LINE.fullmatch(line.strip())
            if match is None or line.lstrip().startswith("#"):
                continue
            name, address, old_name, old_address = match.groups()
            if old_address is None:
                self._rules["", normalise(address)] = Identity(name.strip(), "")
            else:
                rule = Identity(name.strip(), address.strip())
                self._rules[normalise(old_name), normalise(old_address)] = rule
                self._old.setdefault(normalise(rule.address), []).append(normalise(old_address))

    def resolve(self, identity: Identity) -> Identity | None:
        """Return the person of an identity, None where no rule applies."""
        address = normalise(identity.address)
        rule = self._rules.get((normalise(identity.name), address)) or self._rules.get(
            ("", address)
        )
        if rule is None:
            return None
        return Identity(rule.name or identity.name, rule.address or identity.address)

    def others(self, proper: Identity) -> list[str]:
        """Return the addresses that the rules turn into a person's proper one."""
        return self._old.get(normalise(proper.address), [])


def read_mailmap(path: str) -> Mailmap:
    """Return the mailmap of a file, an empty one for "". Raises ConfigError where it cannot be read."""
    if not path:
        return Mailmap()
    try:
        with Path(path).expanduser().open("rb") as file:
            return Mailmap(file.read(_LARGEST).decode("utf-8", "replace"))
    except (OSError, RuntimeError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"The mailmap {path} cannot be read: {words}.", "Fix [identity] mailmap in config.toml."
        ) from error


@dataclass(frozen=True, slots=True)
class IdentityMerge:
    """Identities that were taken for one person."""

    person: Identity
    members: tuple[tuple[Identity, int, str], ...]
    """Each with its mails and why it is this person; the first is the one that the others were joined to."""


class People:
    """The identities of a range, joined; `merge` False takes each as it is written."""

    def __init__(
        self, counts: Counter[Identity], *, mailmap: Mailmap | None = None, merge: bool = True
    ) -> None:
        """Take every identity of the range with its mails."""
        self._person: dict[Identity, Identity] = {}
        self._addresses: dict[Identity, set[str]] = {}
        self.merges: tuple[IdentityMerge, ...] = ()
        self._mailmap = mailmap or Mailmap()
        if merge:
            self._join(counts)

    def canonical(self, identity: Identity) -> Identity:
        """Return the identity that represents a person."""
        return self._person.get(identity, identity)

    def mapped(self, identity: Identity) -> Identity:
        """Return an identity as the mailmap replaces it, else unchanged."""
        return self._mailmap.resolve(identity) or identity

    def addresses(self, person: Identity) -> set[str]:
        """Return the addresses that a person is known by, as `normalise` writes them."""
        return {
            normalise(person.address),
            *self._addresses.get(person, ()),
            *self._mailmap.others(person),
        }

    def _join(self, counts: Counter[Identity]) -> None:
        # The same whatever the order of mails: the most frequent identity first, then by its letters.
        everyone = sorted(counts, key=lambda one: (-counts[one], one.name, one.address))
        propers = [self._mailmap.resolve(one) for one in everyone]
        groups = DisjointSets(len(everyone))
        home: dict[tuple[str, ...], int] = {}
        why: list[str] = []
        for at, identity in enumerate(everyone):
            reasons = ["mailmap"] if propers[at] else []
            for key, words in _keys(propers[at] or identity):
                if key in home:
                    groups.join(home[key], at)
                    reasons.append(words)
                else:
                    home[key] = at
            why.append(reasons[0] if reasons else "")
        members: dict[int, list[int]] = {}
        for at in range(len(everyone)):
            members.setdefault(groups.find(at), []).append(at)
        merges = []
        for same in members.values():
            person = next((proper for at in same if (proper := propers[at])), everyone[same[0]])
            if not person.name:
                name = next((everyone[at].name for at in same if everyone[at].name), "")
                person = Identity(name, person.address)
            self._person.update((everyone[at], person) for at in same)
            self._addresses.setdefault(person, set()).update(
                normalise(everyone[at].address) for at in same
            )
            if len(same) > 1 or person != everyone[same[0]]:
                merges.append(
                    IdentityMerge(
                        person, tuple((everyone[at], counts[everyone[at]], why[at]) for at in same)
                    )
                )
        self.merges = tuple(sorted(merges, key=lambda merge: format_identity(merge.person)))


def _keys(identity: Identity) -> list[tuple[tuple[str, ...], str]]:
    """Return the keys of an identity, each with a description."""
    name, address, domain = (
        normalise(identity.name),
        normalise(identity.address),
        domain_of(identity),
    )
    shared = _VIA in identity.name
    keys: list[tuple[tuple[str, ...], str]] = []
    if address and not shared:
        keys.append((("address", address), "equal address"))
    if name and "@" not in name and "@" in address:
        keys.append((("name", name, domain), "equal name, shared domain"))
    if not keys:
        keys.append((("written", name, address), "equal"))
    return keys


def rank_people(counts: Counter[Identity]) -> tuple[tuple[Identity, int], ...]:
    """Sort people as `LC_ALL=C sort | uniq -c | sort -rn` sorts lines: by count, then by bytes, both falling."""
    return tuple(
        sorted(
            counts.items(),
            key=lambda item: (item[1], _bytes(format_identity(item[0]))),
            reverse=True,
        )
    )


def ranked_names(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Sort strings in the same way."""
    return tuple(sorted(counts.items(), key=lambda item: (item[1], _bytes(item[0])), reverse=True))


def format_identity(identity: Identity) -> str:
    """Return `Name <address>`; without a name the address stands for it too, as in a public-inbox commit."""
    return f"{identity.name or identity.address} <{identity.address}>"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
