"""The person that a review trailer names, and whether two identities are one person."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from core.model import Identity

_PERSON: Final = re.compile(r"\s*(?P<name>[^<>#]{0,200}?)\s*<(?P<address>[^<>\s]{1,320})(?:>|\s*$)")
_BARE: Final = re.compile(r"\s*(?P<address>[^<>\s@]{1,64}@[^<>\s]{1,255})")
_LONGEST: Final = 400
"""Characters of a name that are compared."""
_FEWEST_WORDS: Final = 2
"""Words of a name that tell one person from another."""


def named_person(value: str) -> Identity:
    """Return the person of a trailer; text after the address (`# for the docs`) does not count."""
    if match := _PERSON.match(value):
        return Identity(match["name"].strip(' "'), match["address"])
    if match := _BARE.match(value):
        return Identity("", match["address"])
    return Identity(value.partition("#")[0].strip(), "")


def is_same_person(one: Identity, other: Identity) -> bool:
    """Whether two identities have the same address, or the same name of at least two words."""
    if one.address and one.address.casefold() == other.address.casefold():
        return True
    name = _name_words(one.name)
    return len(name) >= _FEWEST_WORDS and name == _name_words(other.name)


@lru_cache(maxsize=1024)  # the people of a series are compared again and again
def _name_words(name: str) -> tuple[str, ...]:
    return tuple(sorted(name[:_LONGEST].partition(" via ")[0].casefold().replace(",", " ").split()))
