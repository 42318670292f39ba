"""Which two postings are compared: numbers, letters, Message-IDs, partial re-rolls."""

from __future__ import annotations

import pytest

from core.errors import PatchdeskError
from core.versions.choose import choose, postings
from tests.core.versions.series import Mails, raw_mail, raw_patch


def versions(*numbers: int) -> list[str]:
    """Return series of two patches each, a day apart; a number that comes again is a RESEND."""
    mails: list[str] = []
    for day, number in enumerate(numbers, 1):
        tag = f"v{number} " if number > 1 else ""
        resend = "RESEND " if number in numbers[: day - 1] else ""
        mails.append(raw_mail(f"c{day}", f"[{resend}PATCH {tag}0/2] lamp: light", day=day))
        mails += [
            raw_patch(f"p{day}{at}", f"[{resend}PATCH {tag}{at}/2] lamp: {name}", [f"+{name}"], day=day, answers=f"c{day}")
            for at, name in ((1, "wick"), (2, "oil"))
        ]  # fmt: skip
    return mails


def names(mails: list[str], old: str | None = None, new: str | None = None) -> tuple[str, str]:
    choice = choose(Mails(mails).series(), old, new)
    return choice.old.name, choice.new.name


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (None, None, ("v2", "v3")),
        ("1", None, ("v1", "v3")),
        (None, "2", ("v1", "v2")),
        ("1", "2", ("v1", "v2")),
        ("3", "1", ("v3", "v1")),
        ("v1", "V3", ("v1", "v3")),
        ("p12@x.example", "<c3@x.example>", ("v1", "v3")),
    ],
)
def test_versions_are_named_by_number_or_by_any_mail(
    old: str | None, new: str | None, found: tuple[str, str]
) -> None:
    assert names(versions(1, 2, 3), old, new) == found


def test_of_several_postings_of_one_number_the_newest_counts() -> None:
    mails = versions(1, 2, 2)
    assert names(mails) == ("v2", "v2b")
    assert names(mails, "1", "2") == ("v1", "v2b")
    assert names(mails, "2", "2") == ("v2", "v2b")
    assert names(mails, "1", "2b") == ("v1", "v2b")
    assert names(mails, "1", "c2@x.example") == ("v1", "v2")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("9", None, "There is no version 9"),
        (None, "nobody@x.example", "is neither a version nor the Message-ID"),
        ("3", "3", "cannot be compared with itself"),
        ("c3@x.example", "3", "cannot be compared with itself"),
        (None, "1", "There is nothing before v1"),
    ],
)
def test_what_cannot_be_compared_is_said(old: str | None, new: str | None, says: str) -> None:
    with pytest.raises(PatchdeskError, match=says):
        choose(Mails(versions(1, 2, 3)).series(), old, new)


def test_one_version_alone_has_nothing_before_it() -> None:
    with pytest.raises(PatchdeskError, match="nothing before"):
        names(versions(1))


def test_postings_of_other_series_are_named_by_their_mails() -> None:
    other = raw_patch("other", "[PATCH] ship: sail", ["+sail"])
    items = Mails([*versions(1), other]).listing().items
    lamp, ship = sorted(items, key=lambda item: item.subject)
    choice = choose(lamp, "other@x.example", "1", [ship])  # type: ignore[arg-type, list-item]
    assert (choice.old.series.subject, choice.new.series.subject) == ("ship: sail", "lamp: light")


def test_a_partial_reroll_has_the_patches_that_it_does_not_repeat() -> None:
    mails = [
        *versions(1),
        raw_patch("again", "[PATCH v1.1 2/2] lamp: oil", ["+more"], day=2, answers="p12"),
    ]
    first, second = postings(Mails(mails).series())
    assert (first.name, second.name) == ("v1", "v1.1")
    ids = [patch.message.message_id for patch in second.version.patches]
    assert ids == ["p11@x.example", "again@x.example"]
    assert second.version.missing == ()
    assert second.id == "again@x.example"


def test_a_patch_sent_anew_in_the_thread_rerolls_the_version_above() -> None:
    mails = [
        *versions(1),
        raw_patch("again", "[PATCH v2 2/2] lamp: oil", ["+more"], day=2, answers="p12"),
    ]
    *_, last = postings(Mails(mails).series())
    assert [patch.message.message_id for patch in last.version.patches] == [
        "p11@x.example",
        "again@x.example",
    ]


def test_a_version_with_missing_patches_elsewhere_stays_as_it_is() -> None:
    mails = [*versions(1), raw_patch("again", "[PATCH v2 2/2] lamp: oil", ["+more"], day=2)]
    *_, last = postings(Mails(mails).series())
    assert last.version.missing == (1,)
