"""Review trailers against the newest posting: fresh, stale, forgotten, first seen, taken back."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.coverage.given_tags import ReplyFacts
from core.coverage.people import is_same_person, named_person
from core.coverage.ready import read_ready_rule
from core.coverage.retractions import named_patches, names_part, retracted_names
from core.coverage.trailer_states import coverage, lines_to_add, stale_tags
from core.coverage.values import Coverage, TagState
from core.desk.coverage import series_coverage
from core.model import Identity, Message, MessageId
from core.versions.compare import Change, PairChange, PatchRef
from core.versions.comparison import Comparison
from tests.core.series.threads import DAY, REX, mail, only
from tests.core.versions.series import Mails, raw_mail, raw_patch

REVIEWED = "Reviewed-by: Rex Reviewer <rex@example.com>"
BOT = Identity("syzbot ci", "syzbot@syzkaller.appspotmail.com")
TESTED = REVIEWED.replace("Reviewed", "Tested")
BOTH = REVIEWED.replace("Reviewed", "Reviewed-and-tested")
CHECKED = "Tested-by: syzbot@syzkaller.appspotmail.com"
ACKED = "Acked-by: Rex Reviewer <rex@example.com>"


def pair(old: int, new: int | None, *change: Change, merged: int | None = None) -> PairChange:
    def ref(number: int) -> PatchRef:
        return PatchRef(number=number, message_id=MessageId(f"p{number}"), title="t")

    return PairChange(
        old=ref(old), new=None if new is None else ref(new), change=change, merged_into=merged
    )


def version(number: int, *trailers: Sequence[str], at: float = 0) -> list[Message]:
    """Return a posting of two patches, with the trailers that each carries."""
    name = f"[PATCH v{number} {{}}/2] {{}}"
    own = [*trailers, *[()] * (2 - len(trailers))]
    return [
        mail(f"v{number}-0", name.format(0, "all of it"), at=at),
        mail(f"v{number}-1", name.format(1, "one"), f"v{number}-0", at=at + 1, trailers=own[0]),
        mail(f"v{number}-2", name.format(2, "two"), f"v{number}-0", at=at + 2, trailers=own[1]),
    ]


def reply(name: str, above: str, *trailers: str, at: float = 10, **more: Identity) -> Message:
    number = above[-1]
    title = {"0": "all of it", "1": "one", "2": "two"}[number]
    return mail(
        name, f"Re: [PATCH {above[:2]} {number}/2] {title}", f"{above[:2]}-0", above,
        at=at, trailers=trailers, diff=False, sender=more.get("sender", REX),
    )  # fmt: skip


def cover(
    mails: Sequence[Message],
    *pairs: PairChange,
    facts: dict[MessageId, ReplyFacts] | None = None,
) -> Coverage:
    series = only(mails)
    comparison = Comparison(pairs=pairs) if pairs else None
    return coverage(series, [comparison] * (len(series.versions) - 1), facts)


def states(found: Coverage) -> list[list[str]]:
    return [[f"{tag.letter}:{tag.state.value}" for tag in patch.tags] for patch in found.patches]


def test_a_trailer_given_here_is_fresh() -> None:
    found = cover([*version(1), reply("r", "v1-1", REVIEWED)])
    assert states(found) == [["R:fresh"], []]
    assert found.reviewed == 1
    assert lines_to_add(found, 1) == (REVIEWED,)


def test_a_trailer_for_the_cover_is_for_every_patch() -> None:
    found = cover([*version(1), reply("r", "v1-0", ACKED)])
    assert states(found) == [["A:fresh"], ["A:fresh"]]


def test_all_trailers_of_replies_are_written_as_b4_writes_them() -> None:
    """Those for the patch before those for all, no matter of which kind; not one that is carried, nor a Nacked-by."""
    found = "Reported-by: Rex Reviewer <rex@example.com>"
    own, nack = "Tested-by: Ann Author <ann@example.org>", REVIEWED.replace("Reviewed", "Nacked")
    mails = [
        *version(1, [found]),
        reply("c", "v1-0", ACKED, at=10),
        reply("r", "v1-1", found, REVIEWED, REVIEWED, at=11),
        reply("t", "v1-2", nack, found, at=12),
        reply("o", "v1-2", own, at=13, sender=Identity("Ann Author", "ann@example.org")),
    ]
    covered = cover(mails)
    assert lines_to_add(covered, 1) == (REVIEWED, ACKED)
    assert lines_to_add(covered, 2, stale_tags(covered)) == (found, own, ACKED)


def test_the_line_above_a_trailer_names_its_patches() -> None:
    facts = {MessageId("r"): ReplyFacts(patches={ACKED: frozenset({2})})}
    found = cover([*version(1), reply("r", "v1-0", ACKED)], facts=facts)
    assert states(found) == [[], ["A:fresh"]]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ((), "fresh"),
        (("rebased",), "fresh"),
        (("message", "tags"), "fresh"),
        (("code",), "stale"),
        (("binary",), "stale"),
        (("code", "whitespace"), "fresh"),
        (("code", "whitespace", "mode"), "stale"),
    ],
)
def test_code_that_changed_since_makes_it_stale(change: tuple[Change, ...], state: str) -> None:
    mails = [
        *version(1),
        reply("r", "v1-1", REVIEWED),
        *version(2, [REVIEWED], at=DAY),
    ]
    found = cover(mails, pair(1, 1, *change), pair(2, 2))
    assert states(found) == [[f"R:{state}"], []]
    assert found.patches[0].tags[0].version == 1
    assert found.patches[0].tags[0].carried
    assert found.forgotten == ()
    assert found.stale == (state == "stale")


def test_a_trailer_that_is_not_carried_though_nothing_changed_is_forgotten() -> None:
    mails = [*version(1), reply("r", "v1-1", REVIEWED), *version(2, at=DAY)]
    found = cover(mails, pair(1, 2), pair(2, 1))
    assert states(found) == [[], ["R:fresh"]]
    assert [(one.number, one.tag.message_id) for one in found.forgotten] == [(2, "r")]
    assert lines_to_add(found, 2) == (REVIEWED,)


@pytest.mark.parametrize(
    ("given", "carried", "forgotten"),
    [
        ((REVIEWED,), (), 1),
        ((ACKED,), (), 1),
        ((ACKED,), (REVIEWED,), 0),
        ((REVIEWED,), (ACKED,), 1),
        ((REVIEWED.replace("Reviewed", "Nacked"),), (), 0),
        ((REVIEWED,), (REVIEWED.rstrip(">"),), 0),
        ((CHECKED,), (), 0),
        ((REVIEWED,), (BOTH,), 0),
        ((REVIEWED, TESTED), (BOTH,), 0),
        ((BOTH,), (REVIEWED,), 1),
    ],
)
def test_the_trailers_that_are_forgotten(
    given: Sequence[str], carried: Sequence[str], forgotten: int
) -> None:
    """Neither an Acked-by that a Reviewed-by of the same person stands for, nor a Nacked-by, nor the check of a bot."""
    sender = BOT if CHECKED in given else REX
    mails = [*version(1), reply("r", "v1-1", *given, sender=sender), *version(2, carried, at=DAY)]
    assert len(cover(mails, pair(1, 1), pair(2, 2)).forgotten) == forgotten


def test_a_trailer_for_a_part_of_the_code_is_not_forgotten() -> None:
    mails = [*version(1), reply("r", "v1-0", ACKED), *version(2, at=DAY)]
    facts = {MessageId("r"): ReplyFacts(parts=frozenset({ACKED}))}
    found = cover(mails, pair(1, 1), pair(2, 2), facts=facts)
    assert states(found) == [["A:fresh"], ["A:fresh"]]
    assert found.forgotten == ()


def test_two_reviews_in_one_trailer() -> None:
    found = cover([*version(1), reply("r", "v1-1", BOTH)])
    assert states(found) == [["R:fresh", "T:fresh"], []]
    assert lines_to_add(found, 1) == (BOTH,)


def test_the_check_of_a_bot_is_written_and_is_no_review() -> None:
    found = cover([*version(1), reply("r", "v1-1", CHECKED, sender=BOT)])
    assert states(found) == [[], []]
    assert lines_to_add(found, 1) == (CHECKED,)


def test_a_trailer_of_a_merged_patch_is_stale() -> None:
    mails = [*version(1), reply("r", "v1-2", REVIEWED), *version(2, at=DAY)]
    found = cover(mails, pair(1, 1), pair(2, None, merged=1))
    assert states(found) == [["R:stale"], []]
    assert lines_to_add(found, 1) == ()
    assert lines_to_add(found, 1, stale_tags(found)) == (REVIEWED,)


def test_a_trailer_that_no_mail_gave_is_first_seen_here() -> None:
    found = cover(version(1, ["Reviewed-by: Bob Else <bob@example.net>"]))
    assert states(found) == [["R:first-seen"], []]


def test_the_authors_own_trailers_are_no_review() -> None:
    own = "Reviewed-by: Ann Author <ann@example.org>"
    assert states(cover(version(1, [own]))) == [[], []]
    signed = ["Signed-off-by: Bob Else <bob@example.net>", "Reviewed-by: Bob Else <b@other.org>"]
    assert states(cover(version(1, signed))) == [[], []]


def test_a_trailer_given_late_belongs_to_the_version_it_answers() -> None:
    mails = [*version(1), *version(2, at=DAY), reply("r", "v1-1", REVIEWED, at=2 * DAY)]
    found = cover(mails, pair(1, 1, "code"), pair(2, 2))
    assert states(found) == [["R:stale"], []]


def test_a_newer_trailer_of_the_same_person_counts() -> None:
    mails = [
        *version(1),
        reply("r", "v1-1", REVIEWED),
        *version(2, at=DAY),
        reply("s", "v2-1", REVIEWED, at=2 * DAY),
    ]
    found = cover(mails, pair(1, 1, "code"), pair(2, 2))
    assert states(found) == [["R:fresh"], []]
    assert found.patches[0].tags[0].message_id == "s"


def test_a_trailer_that_is_taken_back_is_none() -> None:
    mails = [*version(1), reply("r", "v1-1", REVIEWED), reply("s", "v1-1", at=20)]
    facts = {MessageId("s"): ReplyFacts(retracts=frozenset({"reviewed-by"}))}
    assert states(cover(mails, facts=facts)) == [[], []]
    facts = {MessageId("r"): ReplyFacts(retracts=frozenset({"reviewed-by"}))}
    assert states(cover(mails, facts=facts)) == [["R:fresh"], []]
    mails.append(reply("other", "v1-2", REVIEWED))
    facts = {MessageId("s"): ReplyFacts(retracts=frozenset({"reviewed-by"}))}
    assert states(cover(mails, facts=facts)) == [[], ["R:fresh"]]  # of that patch alone
    mails.append(reply("t", "v1-0", at=21))
    facts = {MessageId("t"): ReplyFacts(retracts=frozenset({"reviewed-by"}))}
    assert states(cover(mails, facts=facts)) == [[], []]


@pytest.mark.parametrize(
    ("number", "text", "now"),
    [
        (1, "Why this?\n", [["c"], []]),
        (1, f"{REVIEWED}\n", [["R:fresh"], []]),
        (0, f"For patch 2:\n\n{REVIEWED}\n", [[], ["R:fresh"]]),
        (0, f"{REVIEWED}\n", [["R:fresh"], ["R:fresh"]]),
        (0, f"Please drop my Reviewed-by.\n\n{REVIEWED}\n", [["R:fresh"], ["R:fresh"]]),
        (1, f"{REVIEWED}\n", [["c"], []]),
    ],
)
def test_a_reply_to_the_version_before(number: int, text: str, now: list[list[str]]) -> None:
    """The last row takes its trailer back, from another address."""
    rex = "Rex Reviewer <rex@example.com>"
    raws = [
        raw
        for one in (1, 2)
        for raw in (
            raw_mail(f"c{one}", f"[PATCH v{one} 0/2] all of it", day=one),
            raw_patch(f"p{one}1", f"[PATCH v{one} 1/2] a one", ["+x();"], day=one, answers=f"c{one}"),
            raw_patch(f"p{one}2", f"[PATCH v{one} 2/2] a two", ["+y();"], day=one, answers=f"c{one}"),
        )
    ]  # fmt: skip
    above, subject = (("c1", "0/2] all of it"), ("p11", "1/2] a one"))[number]
    raws.append(raw_mail("r", f"Re: [PATCH v1 {subject}", text, day=1, answers=above, sender=rex))
    if now[0] == ["c"] and REVIEWED in text:
        late, other = "Please drop my Reviewed-by.\n", "Rex Reviewer <rex@home.example>"
        raws.append(raw_mail("s", f"Re: [PATCH v1 {subject}", late, day=3, answers=above, sender=other))  # fmt: skip
    mails = Mails(raws)
    found = series_coverage(mails, mails.series())
    assert [
        [*tags, *("c" for _ in patch.commenters)]
        for patch, tags in zip(found.patches, states(found), strict=True)
    ] == now


def test_who_only_wrote_is_a_commenter() -> None:
    found = cover([*version(1), reply("r", "v1-1")])
    assert [(one.person.address, one.message_id) for one in found.patches[0].commenters] == [
        ("rex@example.com", "r")
    ]
    assert found.patches[1].commenters == ()


def test_an_earlier_posting_that_was_not_compared_makes_it_stale() -> None:
    mails = [*version(1), reply("r", "v1-1", REVIEWED), *version(2, at=DAY)]
    assert states(cover(mails)) == [["R:stale"], []]


@pytest.mark.parametrize(
    ("value", "person"),
    [
        ("A B <a@b.c>", Identity("A B", "a@b.c")),
        ('"B, A" <a@b.c> # for the docs', Identity("B, A", "a@b.c")),
        ("A B <a@b.c> (maintainer)", Identity("A B", "a@b.c")),
        ("A B <a@b.c", Identity("A B", "a@b.c")),
        ("a@b.c", Identity("", "a@b.c")),
        ("A B", Identity("A B", "")),
    ],
)
def test_the_person_of_a_trailer(value: str, person: Identity) -> None:
    assert named_person(value) == person


def test_one_person_under_two_addresses() -> None:
    assert is_same_person(Identity("A B", "a@x"), Identity("B, A", "a@y"))
    assert is_same_person(Identity("A", "a@x"), Identity("Z", "A@X"))
    assert not is_same_person(Identity("Al", "a@x"), Identity("Al", "a@y"))
    assert not is_same_person(Identity("", ""), Identity("", ""))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Please drop my Reviewed-by.\n", {"reviewed-by"}),
        ("I withdraw my R-b, sorry.\n", {"reviewed-by"}),
        ("please remove my tags\n", {"reviewed-by", "acked-by", "tested-by"}),
        ("> please drop my Reviewed-by\nWhy?\n", set()),
        ("I did not drop your Reviewed-by.\n", set()),
    ],
)
def test_what_takes_a_trailer_back(text: str, names: set[str]) -> None:
    assert retracted_names(text) == names


@pytest.mark.parametrize(
    ("above", "numbers"),
    [
        ("For patches 1-3:", {1, 2, 3}),
        ("for 1, 3 and 5", {1, 3, 5}),
        ("Patch 2/7:", {2}),
        ("That being said for patches 1 - 4 and 6 feel free to add", {1, 2, 3, 4, 6}),
        ("Based on this testing for patches 1 to 3", {1, 2, 3}),
        ("Only one comment for patch 3, so", None),
        ("Apart from what I wrote to patch 3", None),
        ("Looks good to me", None),
        ("Tested on 2 machines", None),
        ("For patches 1-99999", None),
    ],
)
def test_the_patches_that_a_line_names(above: str, numbers: set[int] | None) -> None:
    given = f"> quoted\n\n{above}\n\n{REVIEWED}\n{ACKED}\n"
    assert [named_patches(given, one) for one in (REVIEWED, ACKED)] == [numbers] * 2


@pytest.mark.parametrize(
    ("below", "numbers"),
    [
        ("to patches 4 and 5.", {4, 5}),
        ("to patches 1-3 if you wish.", {1, 2, 3}),
        ("For patch 2/7 I have a question", None),
        ("Thanks!", None),
    ],
)
def test_the_patches_that_the_line_below_names(below: str, numbers: set[int] | None) -> None:
    assert named_patches(f"> quoted\n\nFeel free to add\n{ACKED}\n{below}\n", ACKED) == numbers


@pytest.mark.parametrize(
    ("above", "is_part"),
    [
        ("Holy cow, nice work. For the x86 bits:", True),
        ("For the io_uring side:", True),
        ("For drivers/infiniband", True),
        ("For arch/arm/configs:", True),
        ("For the FMan and DPAA drivers,", True),
        ("For all the x86 <asm/pgtable.h> function parameter changes:", True),
        ("for patches 1-3:", False),
        ("For the series:", False),
        ("I only looked for mistakes", False),
    ],
)
def test_the_line_that_names_a_part_of_the_code(above: str, is_part: bool) -> None:
    assert names_part(f"> quoted\n\n{above}\n{ACKED}\n", ACKED) is is_part
    assert names_part(f"{above}\n{ACKED} # riscv\n", f"{ACKED} # riscv")


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    retracted_names(text)
    named_patches(f"{text}\n{ACKED}\n", ACKED)
    named_person(text)


@pytest.mark.parametrize(
    ("rule", "unready"),
    [
        ("R>=1", (2,)),
        ("R>=1 or A>=1", ()),
        ("R>=1 and A>=1 or A>=1", (1,)),
        ("R>=2", (1, 2)),
        ("T>=1", (1, 2)),
        ("R>=0", ()),
    ],
)
def test_the_patches_that_are_not_ready(rule: str, unready: tuple[int, ...]) -> None:
    mails = [*version(1), reply("r1", "v1 1", REVIEWED), reply("r2", "v1 2", ACKED)]
    assert read_ready_rule(rule).unready(cover(mails)) == unready


def test_a_stale_trailer_and_one_first_seen_make_nothing_ready() -> None:
    mails = [*version(1), reply("r1", "v1 1", REVIEWED), *version(2, (), (ACKED,), at=20)]
    found = cover(mails, pair(1, 1, "code"), pair(2, 2))
    assert read_ready_rule("R>=1 or A>=1").unready(found) == (1, 2)
    refused = [*version(1), *(reply(f"r{n}", f"v1 {n}", REVIEWED) for n in (1, 2))]
    refused.append(reply("n", "v1 2", REVIEWED.replace("Reviewed", "Nacked"), at=12))
    assert read_ready_rule("R>=1").unready(cover(refused)) == (2,)


@pytest.mark.parametrize("text", ["?", "R", "R>1", "N>=1", "maintainer", "R>=1 or", "R>=1,A>=1"])
def test_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        read_ready_rule(text)


def test_states_are_words() -> None:
    assert [state.value for state in TagState] == ["fresh", "stale", "first-seen"]
