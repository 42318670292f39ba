"""Identities joined to people."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.digest.people import (
    Mailmap,
    People,
    domain_of,
    format_identity,
    rank_people,
    read_mailmap,
)
from core.errors import ConfigError
from core.model import Identity
from core.series.identities import Bots


def who(text: str) -> Identity:
    name, _, address = text.partition(" <")
    return Identity(name, address.rstrip(">"))


def joined(*texts: str, mailmap: str = "") -> list[set[str]]:
    """Return the identities that were taken for one person, those that stand alone too."""
    people = People(Counter(map(who, texts)), mailmap=Mailmap(mailmap))
    groups: dict[Identity, set[str]] = {}
    for text in texts:
        groups.setdefault(people.canonical(who(text)), set()).add(text)
    return sorted(groups.values(), key=sorted)


@pytest.mark.parametrize(
    "same",
    [
        ("Ada <ada@example.org>", "Ada Byron <ada@example.org>"),  # equal address
        ("Ada <Ada@Example.ORG>", "Ada <ada@example.org>"),
        ("Ada Byron <ada@example.org>", "ada  byron <byron@Example.org>"),  # equal name, one domain
        (
            "Ada <a@example.org>",
            "Ada <b@example.org>",
            "Countess <b@example.org>",
        ),  # through a third
        ("Zoë <z@example.org>", "ZOË <zoe@example.org>"),
        ("王伟 <a@example.cn>", "王伟 <b@example.cn>"),
        ("A via List <list@example.org>", "A via List <a@example.org>"),
    ],
)
def test_equal_addresses_and_equal_names_at_one_domain_are_one_person(
    same: tuple[str, ...],
) -> None:
    assert joined(*same) == [set(same)]
    assert joined(*reversed(same)) == [set(same)]


@pytest.mark.parametrize(
    "apart",
    [
        ("Wei Wang <w@example.org>", "Wei Wang <w@example.net>"),  # equal name, two firms
        ("Ada <a@mail.example.org>", "Ada <b@example.org>"),
        ("A via List <list@example.org>", "B via List <list@example.org>"),  # the list's address
        (" <a@example.org>", " <b@example.org>"),
        ("a@example.org <a@example.org>", "a@example.org <b@example.org>"),
        ("Ada <>", "Bob <>"),
        ("Ada <ada>", "Ada <byron>"),
    ],
)
def test_nothing_else_is(apart: tuple[str, ...]) -> None:
    assert len(joined(*apart)) == len(apart)


MAILMAP = """\
# people
Ada Byron <ada@example.org>
<bob@example.org> <bob@old.example.net>
Carol Danvers <carol@example.org> <cd@old.example.net> # moved
Dan <dan@example.org> Root <root@localhost>
not a rule
Eve <eve@example.org
"""


@pytest.mark.parametrize(
    ("found", "proper"),
    [
        ("A. Byron <ADA@example.org>", "Ada Byron <ADA@example.org>"),
        ("Bob <bob@old.example.net>", "Bob <bob@example.org>"),
        ("cd <CD@old.example.net>", "Carol Danvers <carol@example.org>"),
        ("root <root@localhost>", "Dan <dan@example.org>"),
        ("Somebody <root@localhost>", None),
        ("Eve <eve@example.org>", None),
    ],
)
def test_a_mailmap_is_read_as_git_reads_it(found: str, proper: str | None) -> None:
    assert Mailmap(MAILMAP).resolve(who(found)) == (who(proper) if proper else None)


def test_what_a_mailmap_says_names_the_person() -> None:
    texts = ("cd <cd@old.example.net>", "Carol <carol@example.org>")
    people = People(Counter({who(texts[0]): 9, who(texts[1]): 1}), mailmap=Mailmap(MAILMAP))
    assert {format_identity(people.canonical(who(text))) for text in texts} == {
        "Carol Danvers <carol@example.org>"
    }
    assert people.addresses(people.canonical(who(texts[0]))) == {
        "carol@example.org",
        "cd@old.example.net",
    }
    assert (
        format_identity(people.mapped(who("Bob <bob@old.example.net>"))) == "Bob <bob@example.org>"
    )


def test_the_most_frequent_identity_stands_for_a_person_and_each_merge_is_told() -> None:
    counts = Counter(
        {
            who("Ada <ada@example.org>"): 2,
            who("Ada Byron <ada@example.org>"): 5,
            who("Ada Byron <byron@example.org>"): 1,
            who("Bob <bob@example.org>"): 9,
        }
    )
    people = People(counts)
    (merge,) = people.merges
    assert format_identity(merge.person) == "Ada Byron <ada@example.org>"
    assert [(format_identity(one), mails, why) for one, mails, why in merge.members] == [
        ("Ada Byron <ada@example.org>", 5, ""),
        ("Ada <ada@example.org>", 2, "equal address"),
        ("Ada Byron <byron@example.org>", 1, "equal name, shared domain"),
    ]
    assert People(counts, merge=False).merges == ()


@given(
    st.lists(
        st.tuples(st.sampled_from("ABC "), st.sampled_from(["a@x", "b@x", "a@y", ""])), max_size=8
    )
)
def test_the_order_of_mails_decides_nothing(pairs: list[tuple[str, str]]) -> None:
    counts = Counter(Identity(name.strip(), address) for name, address in pairs)
    backwards = Counter(dict(reversed(counts.items())))
    assert People(counts).merges == People(backwards).merges


def test_bots_are_named_by_address_or_name() -> None:
    bots = Bots(["kernel test robot", "*bot+*@*.example.com", "ci@example.org"])
    assert who("Kernel  Test Robot <lkp@example.net>") in bots
    assert who("syzbot <syzbot+1f@syzkaller.example.com>") in bots
    assert who("CI <CI@example.org>") in bots
    assert who("Ada <ada@example.org>") not in bots
    assert who(" <>") not in Bots([""])


def test_ranks_are_those_of_sort_and_uniq() -> None:
    counts = Counter(
        {
            who(f"{name} <{name}@x>"): n
            for name, n in {"b": 3, "a": 3, "c": 9, "é": 3, "Z": 3}.items()
        }
    )
    assert [one.name for one, _ in rank_people(counts)] == ["c", "é", "b", "a", "Z"]


@pytest.mark.parametrize(
    ("address", "domain"),
    [("a@Example.ORG", "example.org"), ("a@b@c", "c"), ("nobody", "(none)"), ("", "(none)")],
)
def test_domains_are_in_lower_case(address: str, domain: str) -> None:
    assert domain_of(Identity("", address)) == domain


def test_a_mailmap_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert read_mailmap("").resolve(who("a <a@b>")) is None
    (tmp_path / "map").write_bytes(b"Ada <a@b>\nB\xf6b <b@b>\n")
    assert read_mailmap(str(tmp_path / "map")).resolve(who("x <a@b>")) == who("Ada <a@b>")
    with pytest.raises(ConfigError, match="cannot be read") as error:
        read_mailmap(str(tmp_path / "none"))
    assert "mailmap" in error.value.hint
