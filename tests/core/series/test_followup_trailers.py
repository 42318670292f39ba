"""Which trailers replies give, to which patch, and whose count."""

from __future__ import annotations

import pytest

from core.model import FollowupTrailer, Identity, Message
from core.series.followup_trailers import names_sender
from tests.core.series.threads import DAY, REX, mail, only

REVIEWED = "Reviewed-by: Rex Reviewer <rex@example.com>"


def thread(*replies: Message) -> list[Message]:
    return [
        mail("c", "[PATCH v2 0/2] all"),
        mail("p", "[PATCH v2 1/2] one", "c", at=1),
        mail("q", "[PATCH v2 2/2] two", "c", at=2),
        *replies,
    ]


def reply(name: str, subject: str, *above: str, at: float = 9, trailer: str = REVIEWED) -> Message:
    return mail(name, "Re: " + subject, *above, at=at, sender=REX, trailers=[trailer])


def given(messages: list[Message]) -> list[tuple[str, int, int, str]]:
    return [(t.name, t.number, t.version, t.message_id) for t in only(messages).trailers]


def test_a_trailer_is_for_the_patch_it_answers_and_from_the_cover_letter_for_all() -> None:
    messages = thread(
        reply("r", "[PATCH v2 2/2] two", "c", "q"),
        reply("s", "[PATCH v2 0/2] all", "c"),
        mail("t", "Re: [PATCH v2 1/2] one", "c", "p", at=3),
        reply("u", "[PATCH v2 1/2] one", "c", "p", "t", at=20),
    )
    assert only(messages).trailers[0] == FollowupTrailer(
        name="Reviewed-by",
        value="Rex Reviewer <rex@example.com>",
        number=0,
        version=2,
        posting=messages[0].message_id,
        message_id=messages[4].message_id,
    )
    assert given(messages) == [
        ("Reviewed-by", 0, 2, "s"),
        ("Reviewed-by", 1, 2, "u"),
        ("Reviewed-by", 2, 2, "r"),
    ]


def test_what_is_given_twice_counts_once() -> None:
    messages = thread(
        reply("r", "[PATCH v2 2/2] two", "c", "q", at=9),
        reply("s", "[PATCH v2 2/2] two", "c", "q", at=8, trailer=REVIEWED.replace("Rev", "rev")),
    )
    assert given(messages) == [("reviewed-by", 2, 2, "s")]


def test_each_version_has_its_own() -> None:
    messages = [
        mail("p", "[PATCH] one"),
        mail("q", "[PATCH v2] one", at=DAY),
        reply("r", "[PATCH] one", "p"),
        reply("s", "[PATCH v2] one", "q", at=2 * DAY),
    ]
    assert given(messages) == [("Reviewed-by", 1, 1, "r"), ("Reviewed-by", 1, 2, "s")]


def test_two_postings_of_one_number_have_their_own() -> None:
    item = only(
        [
            mail("p", "[PATCH] one"),
            mail("q", "[PATCH RESEND] one", at=DAY),
            reply("r", "[PATCH] one", "p"),
            reply("s", "[PATCH RESEND] one", "q", at=2 * DAY),
        ]
    )
    assert [(t.version, t.posting, t.message_id) for t in item.trailers] == [
        (1, "p", "r"),
        (1, "q", "s"),
    ]


def test_a_commit_that_a_reply_names_counts() -> None:
    messages = thread(
        reply("r", "[PATCH v2 2/2] two", "c", "q", trailer='Fixes: 0123456789ab ("x")')
    )
    assert given(messages) == [("Fixes", 2, 2, "r")]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Bill O'Sample <other@example.com>", "Bill O'Sample"),
        ("Bill O’Sample <other@example.com>", "Bill O'Sample"),
        ('"O\'Sample, Bill" <other@example.com>', "Bill O'Sample via A List"),
    ],
)
def test_an_apostrophe_in_a_name_is_no_other_person(value: str, name: str) -> None:
    assert names_sender(value, Identity(name, "bill@example.com"))


@pytest.mark.parametrize(
    ("subject", "above", "numbers"),
    [
        ("[PATCH v2 3/2] three", ("c", "gone"), [3]),
        ("[PATCH v2 1/2] one", ("c", "p", "gone"), [1]),
        ("one, but renamed", ("c", "p", "gone"), [1]),
        ("[PATCH v2 0/2] all", ("c", "gone"), [0]),
        ("anything", ("c", "gone"), []),
        ("[PATCH v3 2/2] two", ("c", "gone"), []),
        ("[PATCH v2 2/5] two", ("c", "gone"), []),
    ],
)
def test_with_a_mail_missing_between_the_subject_decides(
    subject: str, above: tuple[str, ...], numbers: list[int]
) -> None:
    messages = thread(reply("r", subject, *above))
    assert [number for _, number, _, _ in given(messages)] == numbers


def test_a_trailer_in_somebody_elses_name_does_not_count() -> None:
    messages = thread(
        reply("r", "[PATCH v2 2/2] two", "c", "q", trailer="Acked-by: Big Name <big@example.net>")
    )
    item = only(messages)
    assert item.trailers == ()
    assert [(t.name, t.number, t.message_id) for t in item.mismatched_trailers] == [
        ("Acked-by", 2, "r")
    ]


def test_repeating_what_the_patch_carries_is_no_offence() -> None:
    acked = "Acked-by: Big Name <big@example.net>"
    messages = [
        mail("p", "[PATCH] one", trailers=[acked]),
        reply("r", "[PATCH] one", "p", trailer=acked),
    ]
    assert only(messages).mismatched_trailers == ()


@pytest.mark.parametrize(
    ("value", "name", "address", "expected"),
    [
        ("Rex R <rex@example.com>", "Someone", "rex@example.com", True),
        ("Rex R <REX@example.com>", "Someone", "rex@Example.com", True),
        ("rex@example.com", "Someone", "rex@example.com", True),
        ("Rex R <rex+kernel@example.com>", "Someone", "rex@example.com", True),
        ("Rex R <rex@linux.example.com>", "Someone", "rex@example.com", True),
        ("Rex R <rex@example.com>", "Someone", "rex@linux.example.com", True),
        ("Rex R <rex@a.b.example.com>", "Someone", "rex@example.com", False),
        ("Rex R <rex@notexample.com>", "Someone", "rex@example.com", False),
        ("Rex R <rex@work.example>", "rex r", "rex@home.example", True),
        ("Rex R <rex@work.example>", "R, Rex", "rex@home.example", True),
        ("R, Rex <rex@work.example>", "Rex R", "rex@home.example", True),
        ("Rex R <rex@work.example>", "Rex R via Some List", "list@lists.example", True),
        ("Rex R <rex@work.example>", "Mallory", "mallory@home.example", False),
        ("Rex R <rex@work.example>", "", "mallory@home.example", False),
        ("<rex@work.example>", "", "mallory@home.example", False),
        ('abcdef012345 ("a fix")', "Mallory", "mallory@home.example", True),
        ("https://example.org/1", "Mallory", "mallory@home.example", True),
    ],
)
def test_whose_trailer_it_is(value: str, name: str, address: str, expected: bool) -> None:
    assert names_sender(value, Identity(name, address)) is expected
