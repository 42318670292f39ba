"""Which postings are versions of one series, and which are rather not."""

from __future__ import annotations

import pytest

from core.model import Identity, Message
from tests.core.series.threads import ANN, DAY, REX, mail, only, outline, versions

YEAR = 365 * DAY
HOME = Identity("Ann Author", "ann@home.example")
RELAY = Identity("Ann Author via B4 Relay", "devnull+ann.example.org@relay.example")


def posting(
    prefix: str,
    label: str,
    title: str,
    *patches: str,
    at: float,
    above: tuple[str, ...] = (),
    sender: Identity = ANN,
    change_id: str | None = None,
) -> list[Message]:
    """Return a cover letter named `prefix` and its patches, `prefix1` and so on."""
    total = len(patches)
    cover = mail(
        prefix, f"[{label} 0/{total}] {title}", *above, at=at, sender=sender, change_id=change_id
    )
    return [
        cover,
        *(
            mail(
                f"{prefix}{n}",
                f"[{label} {n}/{total}] {patch}",
                *above,
                prefix,
                at=at + n / 60,
                sender=sender,
            )
            for n, patch in enumerate(patches, 1)
        ),
    ]


JOINED: dict[str, tuple[list[Message], str]] = {
    "in threads of their own, by title": (
        posting("a", "PATCH", "all", "one", "two", at=0)
        + posting("b", "PATCH v2", "all", "one", "2", at=DAY),
        "v1 0=a 1=a1 2=a2 /2 | v2 0=b 1=b1 2=b2 /2",
    ),
    "in reply to the cover letter before": (
        posting("a", "PATCH", "all", "one", at=0)
        + posting("b", "PATCH v2", "all", "one", at=DAY, above=("a",)),
        "v1 0=a 1=a1 /1 | v2 0=b 1=b1 /1",
    ),
    "in reply to the discussion": (
        [
            *posting("a", "PATCH", "all", "one", at=0),
            mail("r", "Re: [PATCH 1/1] one", "a", "a1", at=5, sender=REX),
            *posting("b", "PATCH v2", "all of it", "won", at=DAY, above=("a", "a1", "r")),
        ],
        "v1 0=a 1=a1<r /1 | v2 0=b 1=b1 /1",
    ),
    "a lone patch, with another title but in the same thread": (
        [
            mail("p", "[PATCH] fix the build"),
            mail("q", "[PATCH v2] silence a warning of gcc", "p", at=9),
        ],
        "v1 1=p /1 | v2 1=q /1",
    ),
    "without a cover letter, by half of the patches": (
        [
            mail("p", "[PATCH 1/2] one"),
            mail("q", "[PATCH 2/2] two", "p", at=1),
            mail("r", "[PATCH v2 1/3] zero", at=DAY),
            mail("s", "[PATCH v2 2/3] one", "r", at=DAY + 1),
            mail("t", "[PATCH v2 3/3] two", "r", at=DAY + 2),
        ],
        "v1 1=p 2=q /2 | v2 1=r 2=s 3=t /3",
    ),
    "one patch that became two": (
        [mail("p", "[PATCH] one"), *posting("b", "PATCH v2", "all", "zero", "one", at=DAY)],
        "v1 1=p /1 | v2 0=b 1=b1 2=b2 /2",
    ),
    "the title nearly the same": (
        [
            mail("p", "[PATCH] net: mend the thing"),
            mail("q", "[PATCH v2] net: mend that thing", at=DAY),
        ],
        "v1 1=p /1 | v2 1=q /1",
    ),
    "by change-id, whatever the titles and who sent it": (
        posting("a", "PATCH", "all", "one", at=0, change_id="x-1")
        + posting("b", "PATCH v2", "else", "two", at=DAY, sender=REX, change_id="x-1"),
        "v1 0=a 1=a1 /1 | v2 0=b 1=b1 /1",
    ),
    "whole and next in number, though its change-id was made anew": (
        [
            *posting("a", "PATCH v3", "all", "one", "two", at=0, change_id="x-1"),
            *posting("b", "PATCH v4", "all", "one", "2", at=DAY, change_id="x-2"),
        ],
        "v3 0=a 1=a1 2=a2 /2 | v4 0=b 1=b1 2=b2 /2",
    ),
    "a lone patch that grew into a series of its name": (
        [
            mail("p", "[PATCH] mend it"),
            *posting("b", "PATCH v2", "mend it", "prepare", "do", at=DAY),
        ],
        "v1 1=p /1 | v2 0=b 1=b1 2=b2 /2",
    ),
    "the next in number soon after, by most of the words": (
        [
            mail("p", "[PATCH] tests: test under submit link fails"),
            mail("q", "[PATCH v2] tests: test early-submit link fails", at=DAY),
        ],
        "v1 1=p /1 | v2 1=q /1",
    ),
    "for the same release, in other words": (
        [mail("p", "[PATCH 5.13] one"), mail("q", "[PATCH v2 for-5.13] one", at=60)],
        "v1 5.13 1=p /1 | v2 for-5.13 1=q /1",
    ),
    "from another address of the same person": (
        posting("a", "PATCH", "all", "one", at=0)
        + posting("b", "PATCH v2", "all", "one", at=DAY, sender=HOME)
        + posting("c", "PATCH v3", "all", "one", at=2 * DAY, sender=RELAY),
        "v1 0=a 1=a1 /1 | v2 0=b 1=b1 /1 | v3 0=c 1=c1 /1",
    ),
    "after years of silence, but one version missing": (
        [mail("p", "[PATCH v2] one"), mail("q", "[PATCH v5] one", at=YEAR)],
        "v2 1=p /1 | v5 1=q /1",
    ),
    "an RFC that became a patch": (
        posting("a", "RFC PATCH v2", "all", "one", "two", at=0)
        + posting("b", "PATCH", "all", "one", "two", at=100 * DAY),
        "v2 RFC 0=a 1=a1 2=a2 /2 | v1 0=b 1=b1 2=b2 /2",
    ),
    "a RESEND": (
        posting("a", "PATCH v2", "all", "one", at=0)
        + posting("b", "PATCH RESEND v2", "all", "one", at=30 * DAY),
        "v2 0=a 1=a1 /1 | v2 RESEND 0=b 1=b1 /1",
    ),
    "posted again in the next hour": (
        posting("a", "PATCH", "all", "one", at=0) + posting("b", "PATCH", "all", "one", at=90),
        "v1 0=a 1=a1 /1 | v1 0=b 1=b1 /1",
    ),
    "posted again without a number, days later": (
        posting("a", "PATCH", "all", "one", at=0)
        + posting("b", "PATCH", "all", "one", at=4 * DAY)
        + posting("c", "PATCH v3", "all", "one", at=8 * DAY),
        "v1 0=a 1=a1 /1 | v2 0=b 1=b1 /1 | v3 0=c 1=c1 /1",
    ),
    "posted again without a number, though the next has it": (
        posting("a", "PATCH", "all", "one", at=0)
        + posting("b", "PATCH", "all", "one", at=4 * DAY)
        + posting("c", "PATCH v2", "all", "one", at=8 * DAY),
        "v1 0=a 1=a1 /1 | v1 0=b 1=b1 /1 | v2 0=c 1=c1 /1",
    ),
    "a lone patch posted again within the day": (
        [mail("p", "[PATCH] one"), mail("q", "[PATCH] one", at=20 * 60)],
        "v1 1=p /1 | v2 1=q /1",
    ),
    "a lone patch posted again below the first": (
        [mail("p", "[PATCH] one"), mail("q", "[PATCH] one", "p", at=20 * DAY)],
        "v1 1=p /1 | v2 1=q /1",
    ),
    "counted in the cover letter's title": (
        [
            mail("a", "all of it"),
            mail("a1", "[PATCH] one", "a", at=1),
            mail("b", "all of it v2", at=DAY),
            mail("b1", "[PATCH] one", "b", at=DAY + 1),
        ],
        "v1 0=a 1=a1 /1 | v2 0=b 1=b1 /1",
    ),
    "a partial re-roll with a version of its own": (
        [
            *posting("a", "PATCH v5", "all", "one", "two", at=0),
            mail("p", "[PATCH v5.1 2/2] two", "a", "a2", at=DAY),
        ],
        "v5 0=a 1=a1 2=a2 /2 | v5.1 2=p /2",
    ),
    "two patches re-rolled alone, on different days": (
        [
            *posting("a", "PATCH", "all", "one", "two", "three", at=0),
            mail("p", "[PATCH v2 2/3] zwei", "a", "a2", at=DAY),
            mail("q", "[PATCH v2 3/3] drei", "a", "a3", at=3 * DAY),
        ],
        "v1 0=a 1=a1 2=a2 3=a3 /3 | v2 2=p 3=q /3",
    ),
    "a version dated before the one it follows, by minutes": (
        [mail("q", "[PATCH v2] one", at=0), mail("p", "[PATCH] one", at=30)],
        "v2 1=q /1 | v1 1=p /1",
    ),
    "for a branch that only the first names": (
        [mail("p", "[PATCH 5.8] one"), mail("q", "[PATCH v2] one", at=60)],
        "v1 5.8 1=p /1 | v2 1=q /1",
    ),
}


def test_many_patches_for_a_release_join_by_the_cover_letter() -> None:
    patches = [f"part {n}" for n in range(20)]
    item = only(
        [
            *posting("a", "PATCH for-5.13", "all", *patches, at=0),
            *posting("b", "PATCH v2", "all", *patches, at=DAY),
        ]
    )
    assert [len(version.patches) for version in item.versions] == [20, 20]


@pytest.mark.parametrize("case", JOINED)
def test_versions_of_one_series(case: str) -> None:
    messages, expected = JOINED[case]
    assert versions(only(messages)) == expected


APART: dict[str, list[Message]] = {
    "the same title a year apart": [
        mail("p", "[PATCH] fixes"),
        mail("q", "[PATCH] fixes", at=YEAR),
    ],
    "a lone patch under the same title in another week": [
        mail("p", "[PATCH] update translations"),
        mail("q", "[PATCH] update translations", at=5 * DAY),
    ],
    "the same general title, but other patches": posting("a", "PATCH", "fixes", "one", "two", at=0)
    + posting("b", "PATCH", "fixes", "three", "four", at=5 * DAY),
    "the same general title and another's number, but other patches": posting(
        "a", "PATCH", "fixes", "one", "two", at=0
    )
    + posting("b", "PATCH v2", "fixes", "three", "four", at=90 * DAY),
    "the same title by two people": [
        mail("p", "[PATCH] fix a typo"),
        mail("q", "[PATCH v2] fix a typo", at=5, sender=REX),
    ],
    "the same title for two branches": [
        mail("p", "[PATCH 5.10 v1] one"),
        mail("q", "[PATCH 5.15 v2] one", at=5),
    ],
    "nearly the same title, but of another thing": [
        mail("p", "[PATCH] arm64: dts: add the board x4"),
        mail("q", "[PATCH v2] arm64: dts: add the board x7", at=5),
    ],
    "most of the words, but not soon": [
        mail("p", "[PATCH] tests: test under submit link fails"),
        mail("q", "[PATCH v2] tests: test early-submit link fails", at=30 * DAY),
    ],
    "nearly the same as two others": [
        mail("p", "[PATCH] dts: describe the board alpha"),
        mail("q", "[PATCH] dts: describe the board alpho", at=1),
        mail("r", "[PATCH v2] dts: describe the board alphi", at=5),
    ],
    "patches split off into a series of their own": [
        *posting("a", "PATCH v4", "all", "one", "two", "three", at=0),
        *posting("b", "PATCH", "first of all", "one", "two", at=60),
    ],
    "two change-ids, and only the title in common": [
        *posting("a", "PATCH", "all", "one", at=0, change_id="x-1"),
        *posting("b", "PATCH v2", "all", "two", at=DAY, change_id="x-2"),
    ],
    "two change-ids, and nearly the same title": [
        *posting("a", "PATCH", "mend all of it", "one", at=0, change_id="x-1"),
        *posting("b", "PATCH v2", "mend all of this", "one", at=DAY, change_id="x-2"),
    ],
    "two change-ids, and both the first version": [
        *posting("a", "PATCH", "all", "one", at=0, change_id="x-1"),
        *posting("b", "PATCH", "all", "one", at=60, change_id="x-2"),
    ],
    "one change-id, taken over by another series": posting(
        "a", "PATCH", "all", "one", at=0, change_id="x-1"
    )
    + posting("b", "PATCH", "else", "two", at=DAY, sender=REX, change_id="x-1"),
    "a new lone patch in one's own thread": [
        mail("p", "[PATCH] one"),
        mail("q", "[PATCH] two", "p", at=5),
    ],
    "a second version of something else in one's own thread": posting(
        "a", "PATCH", "mend the scheduler", "one", "two", at=0
    )
    + posting("b", "PATCH v2", "prepare networking", "three", "four", at=9, above=("a",)),
}


@pytest.mark.parametrize("case", APART)
def test_what_stays_apart(case: str) -> None:
    lines = outline(APART[case])
    assert len(lines) > 1
    assert all("|" not in line for line in lines)


def test_the_second_version_joins_the_latest_of_two_namesakes() -> None:
    messages = [
        mail("p", "[PATCH] update the notes"),
        mail("q", "[PATCH] update the notes", at=80 * DAY),
        mail("r", "[PATCH v2] update the notes", at=83 * DAY),
    ]
    assert outline(messages) == ["v1 1=p /1", "v1 1=q /1 | v2 1=r /1"]


def test_a_second_version_does_not_join_a_series_that_has_one() -> None:
    messages = [
        mail("p", "[PATCH] update the notes"),
        mail("p2", "[PATCH v2] update the notes", at=DAY),
        mail("q2", "[PATCH v2] update the notes", at=80 * DAY),
    ]
    assert outline(messages) == ["v1 1=p /1 | v2 1=p2 /1", "v2 1=q2 /1"]


def test_five_thousand_versions() -> None:
    messages = [mail(f"p{n:04}", f"[PATCH v{n}] one", at=n * DAY) for n in range(1, 5001)]
    item = only(messages)
    assert [version.version for version in item.versions] == list(range(1, 5001))
    assert item.id == "p0001"
