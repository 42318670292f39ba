"""The author's changelog in its many forms, cut by version and by patch."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mail.message import parse_mail
from core.model import OpenedMessage
from core.versions.changelog import ChangelogItem, attribute, between, read_changelog
from tests.core.versions.patches import diff, lines, mail, patch


def cover(text: str) -> OpenedMessage:
    return parse_mail(
        f"From: a <a@b.c>\nSubject: [PATCH v4 0/7] x\nMessage-ID: <c@x>\n\n{text}".encode()
    )


def said(text: str, version: int = 4) -> list[tuple[int, str]]:
    return [(item.version, item.text) for item in read_changelog(cover(text), 0, version)]


@pytest.mark.parametrize(
    ("heading", "version"),
    [
        ("Changes in v3:", 3),
        ("Changes since v2:", 3),
        ("Change since v1", 2),
        ("Changes from v2:", 3),
        ("v2 -> v3", 3),
        ("v1→v2:", 2),
        ("v1->v2:", 2),
        ("RFC -> v1:", 1),
        ("Changes v2 -> v3:", 3),
        ("V3:", 3),
        ("v2:", 2),
        ("* v2:", 2),
        ("v3 changes:", 3),
        ("Changes in V2 (2024-01-01):", 2),
        ("since v1:", 2),
        ("Updates since v1:", 2),
        ("Changelog:", 4),
        ("Changelog:\n\nv3:", 3),
        ("Changes:", 4),
        ("Main changes since v1 [1]:", 2),
        ("Version 2:", 2),
    ],
)
def test_a_heading_says_which_version(heading: str, version: int) -> None:
    assert said(f"Words.\n\n{heading}\n- one thing\n  goes on\n- another\n") == [
        (version, "one thing\ngoes on"),
        (version, "another"),
    ]


@pytest.mark.parametrize(
    "line", ["This was in v2 already.", "Add support for v2 of it", "- Link to v2: https://x.example", "In v2 we do: that"]
)  # fmt: skip
def test_what_only_speaks_of_a_version_is_no_heading(line: str) -> None:
    assert said(f"{line}\n- one\n") == []


def test_a_text_may_stand_on_the_line_of_its_version() -> None:
    assert said("v3: fix a leak\nv2: rebase\n  on for-next\n") == [
        (3, "fix a leak"),
        (2, "rebase\non for-next"),
    ]


def test_it_ends_where_prose_follows_its_items_or_a_shortlog() -> None:
    assert said(
        "Changes in v3:\n- one\n\nThis series is good.\n\nv2:\n- two\n\nAda (3):\n  x: y\n"
    ) == [
        (3, "one"),
        (2, "two"),
    ]


def test_links_to_other_versions_are_no_items() -> None:
    text = "Changes in v3:\n- one\n- Link to v2: https://lore.example/x\n\nChanges in v2:\n- two\n"
    assert said(text) == [(3, "one"), (2, "two")]


def test_notes_below_the_dashes_speak_of_their_patch() -> None:
    (item,) = read_changelog(
        mail("t", diff("a.c", "+b"), notes="v2:\n - check it\n", number=3), 3, 2
    )
    assert (item.version, item.text, item.number, item.patches) == (2, "check it", 3, (3,))


def test_a_message_may_say_it_in_brackets() -> None:
    (item,) = read_changelog(
        mail("t", diff("a.c", "+b"), message="Why.\n\n[v2: use it, too]"), 1, 2
    )
    assert (item.version, item.text) == (2, "use it, too")


def item(version: int, text: str = "x") -> ChangelogItem:
    return ChangelogItem(
        version=version, text=text, message_id=mail("t").message.message_id, number=0
    )


def test_only_what_came_between_two_versions_is_shown() -> None:
    items = [item(number) for number in (1, 2, 3, 4)]
    assert [one.version for one in between(items, 2, 4)] == [3, 4]
    assert [one.version for one in between(items, 4, 4)] == [4]


@pytest.mark.parametrize(
    ("text", "patches"),
    [
        ("patch 2: check the length", (2,)),
        ("Patches 1-3: rebase", (1, 2, 3)),
        ("patches 1, 3 and 4: rename", (1, 3, 4)),
        ("3/4: fix it", (3,)),
        ("3/9 of the pages", ()),
        ("patch 40: no such", ()),
        ("drop the lock in b_3()", (2,)),
        ("rework frobnicate the lantern (Ada)", (4,)),
        ("address comments", ()),
        ("shared_0 is in two patches", ()),
    ],
)
def test_an_item_names_its_patches(text: str, patches: tuple[int, ...]) -> None:
    all_patches = [
        patch("one", diff("a.c", *lines("a", 4), "+shared_0()"), number=1),
        patch("two", diff("b.c", *lines("b", 4), "+shared_0()"), number=2),
        patch("three", diff("c.c", *lines("c", 4)), number=3),
        patch("frobnicate the lantern", diff("d.c", *lines("d", 4)), number=4),
    ]
    (found,) = attribute([item(2, text)], all_patches)
    assert found.patches == patches


def test_of_a_lone_patch_every_item_speaks_of_it() -> None:
    (found,) = attribute([item(2, "address comments")], [patch("t", diff("a.c", "+b"))])
    assert found.patches == (1,)


@given(st.text(alphabet="vV123 ->:\n-[]()chanesi/", max_size=400))
def test_it_never_raises(text: str) -> None:
    read_changelog(cover(text), 0, 3)


@pytest.mark.parametrize(
    "text",
    ["v1" * 100_000, "changes " * 50_000, "- \n" * 100_000, "v2 -> " * 50_000, "[v2: " * 50_000],
)
def test_hostile_texts_are_bounded(text: str) -> None:
    started = time.process_time()
    read_changelog(cover(text), 0, 3)
    read_changelog(mail("t", diff("a.c", "+b"), message=text, notes=text), 1, 3)
    assert time.process_time() - started < 2
