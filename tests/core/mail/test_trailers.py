from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mail.trailers import MAX_TRAILER, MAX_TRAILERS, find_followup_trailers, find_trailers
from core.model import Trailer


def lines(trailers: tuple[Trailer, ...]) -> list[str]:
    return [f"{each.name}: {each.value}" for each in trailers]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("a\n\nSigned-off-by: A <a@b>\n", ["Signed-off-by: A <a@b>"]),
        (
            'a\n\nFixes: 123456789012 ("b")\nCc: stable@x # 5.10+\nReviewed-By: B <b@c>\n\n',
            ['Fixes: 123456789012 ("b")', "Cc: stable@x # 5.10+", "Reviewed-By: B <b@c>"],
        ),
        # Folded, with a note that belongs to none
        (
            "a\n\nReported-by: Long Name\n <a@b>\n[c: mend it\n and more]\nAcked-by: C <c@d>\n",
            ["Reported-by: Long Name <a@b>", "Acked-by: C <c@d>"],
        ),
        # Paragraphs of trailers
        ("a\n\nAcked-by: A <a@b>\n\nCc: B <b@c>\n", ["Acked-by: A <a@b>", "Cc: B <b@c>"]),
        ("a\n\nX-y: z\nAcked-by: A <a@b>\n", ["X-y: z", "Acked-by: A <a@b>"]),
        # Prose among them: only known names count
        ("a\n\nthanks to\nwhom: no\nNote: no\nAcked-by: A <a@b>\n", ["Acked-by: A <a@b>"]),
        ("a\n\none\ntwo\nthree\nfour\nAcked-by: A <a@b>\n", []),
        ("a\n\nfoo: bar\nbaz: qux\n", []),
        ("a\n\nSee https://example.org: x\n", []),
        ("a\n\n> Acked-by: A <a@b>\n", []),
        ("Acked-by: A <a@b>", ["Acked-by: A <a@b>"]),
        # The value begins on the next line
        ("a\n\nCloses:\n https://x/1\nAcked-by: A <a@b>\n", ["Closes: https://x/1", "Acked-by: A <a@b>"]),
        ("a\n\nNote:\nAcked-by: A <a@b>\n", ["Acked-by: A <a@b>"]),
        # A note with brackets in it
        ("a\n\nAcked-by: A <a@b>\n[c: see a[1]\n and b]\nCc: D <d@e>\n", ["Acked-by: A <a@b>", "Cc: D <d@e>"]),
        ("a\n\nAcked-by: A <a@b>\n [on x86]\n", ["Acked-by: A <a@b>"]),
        # A diffstat is folded onto nothing, with dashes that somebody escaped or without
        ("a\n\nAcked-by: A <a@b>\n a.c | 2 +-\n b.c | 2 +-\n c.c | 2 +-\n d.c | 2 +-\n 4 files changed, 8 insertions(+)\n", ["Acked-by: A <a@b>"]),
        ("a\n\nAcked-by: A <a@b>\n- ---\n a.c | Bin 0 -> 1 bytes\n create mode 100644 a.c\n", ["Acked-by: A <a@b>"]),
        # What is left of a merge
        ("a\n\nAcked-by: A <a@b>\n\nConflicts:\n\ta.c\n", ["Acked-by: A <a@b>"]),
        # An oops above is no block of trailers
        ("a\n\nBUG: something, address: 1\nCall Trace:\n a+0x1\n\nAcked-by: A <a@b>\n", ["Acked-by: A <a@b>"]),
        ("", []),
    ],
)  # fmt: skip
def test_what_a_commit_message_carries(message: str, expected: list[str]) -> None:
    assert lines(find_trailers(message)) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Reviewed-by: A <a@b>\n", ["Reviewed-by: A <a@b>"]),
        ("> a\n\nfine\n\n  tested-BY :  A <a@b>  \n> b\n", ["tested-BY: A <a@b>"]),
        ("Acked-by: Long Name\n<a@b>\n", ["Acked-by: Long Name <a@b>"]),
        (
            "Acked-by: Long Name\n <a@b>\nTested-by: C <c@d>\n",
            ["Acked-by: Long Name <a@b>", "Tested-by: C <c@d>"],
        ),
        ("Reviewed-and-tested-by: A <a@b> # on x\n", ["Reviewed-and-tested-by: A <a@b> # on x"]),
        # Nothing quoted, nothing without a person, nothing that is no such name
        ("> Reviewed-by: A <a@b>\n>> Acked-by: B <b@c>\n", []),
        ("Reviewed-by: me\n", []),
        ("Reviewed-by:\nA <a@b>\n", []),
        ("Cc: A <a@b>\nLink: https://x/a@b\n", []),
        # A commit, as b4 takes it over
        ('Yes.\nFixes: 0123456789ab ("a: b")\n', ['Fixes: 0123456789ab ("a: b")']),
        ('Fixes: 0123456789ab ("a: long\ntitle")\nfine\n', ['Fixes: 0123456789ab ("a: long title")']),
        ("Fixes: the build\n> Fixes: 0123456789ab\nThis fixes: 0123456789ab\n", []),
        ("I give Reviewed-by: A <a@b>\n", []),
        # Nothing of the signature or of a mail pasted whole
        ("fine\n-- \nSent-by: A <a@b>\n", []),
        ("fine\nAcked-by: B <b@c>\n\nFrom: A <a@b>\nSent: Monday, March 4\nTo: x@y\nSubject: x\n\nSigned-off-by: A <a@b>\n", ["Acked-by: B <b@c>"]),
        ("fine\n\nVon: A <a@b>\nGesendet: Montag, 4. März\nAn: x@y\n\nSigned-off-by: A <a@b>\n", []),
        ("From: A <a@b>\nDate: no block\n\nAcked-by: B <b@c>\n", ["Acked-by: B <b@c>"]),
        ("fine\n\n-----Original Message-----\nSubject: x\n\nSigned-off-by: A <a@b>\n", []),
        ("", []),
    ],
)  # fmt: skip
def test_what_a_reply_gives(reply: str, expected: list[str]) -> None:
    assert lines(find_followup_trailers(reply)) == expected


def test_the_sign_off_of_a_reply_s_own_patch_is_not_given() -> None:
    reply = "How about this?\n\nReported-by: A <a@b>\nSigned-off-by: C <c@d>\n---\n\nAcked-by: E <e@f>\n"
    assert lines(find_followup_trailers(reply, own_patch=True)) == ["Acked-by: E <e@f>"]
    assert len(find_followup_trailers(reply)) == 3


def test_trailers_are_bounded() -> None:
    line = f"Acked-by: {'a' * MAX_TRAILER} <a@b>\n"
    many = "Acked-by: A <a@b>\n" * (MAX_TRAILERS + 10)
    assert len(find_trailers(many)) == len(find_followup_trailers(many)) == MAX_TRAILERS
    assert len(find_trailers(line)[0].value) == MAX_TRAILER
    assert len(find_followup_trailers(line)[0].value) == MAX_TRAILER


@given(st.text(alphabet="Acked-by: <a@b>\n[]#>\r", max_size=120) | st.text(max_size=80))
def test_any_text_is_searched(text: str) -> None:
    for trailer in (*find_trailers(text), *find_followup_trailers(text)):
        assert trailer.name
        assert trailer.value
