"""The content of a digest: series, discussions, reviewers, newcomers."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.digest.archive import MailboxArchive
from core.digest.build import DigestOptions
from core.digest.epoch_archive import EpochArchive
from core.digest.page import read_digest
from core.digest.people import Mailmap
from core.digest.values import CodeChanges, Diffstat, Digest
from core.model import Identity
from core.series.identities import Bots
from core.sources.mailbox import open_bytes
from core.sources.mbox import to_mboxrd
from core.sources.public_inbox import open_archive
from tests.core.inboxes import START, Epoch, mail, patch

NOW = datetime(2025, 7, 1, tzinfo=UTC)
DAY = 86400
ADA, BOB, CAROL = "Ada <ada@example.org>", "Bob <bob@example.net>", "Carol <carol@example.com>"
LKP = "kernel test robot <lkp@robots.example.org>"


def digest(folder: Path, range_text: str = "from..", **options: object) -> Digest:
    archive = EpochArchive(open_archive(folder / "list"))
    return read_digest(archive, range_text, now=NOW, options=DigestOptions(**options))  # type: ignore[arg-type]


def names(digest: Digest) -> list[str]:
    return [one.person.name for one in digest.newcomers]


@pytest.fixture(params=["commits that tell", "commits that tell nothing"])
def told(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A list on which, from the tag `from` on, the rest of a v2 arrives, and more."""
    epoch = Epoch(tmp_path / "list", anonymous=request.param == "commits that tell nothing")

    def on(day: float, raw: bytes) -> None:
        epoch.add(raw, at=int(START + day * DAY))

    def when(day: float) -> int:
        return int(START + day * DAY)

    on(0, mail("[PATCH 0/2] pump: prime", mid="v1.0", date=when(0)))
    on(0, patch("[PATCH 1/2] pump: one", mid="v1.1", answers="v1.0", date=when(0)))
    on(0, patch("[PATCH 2/2] pump: two", mid="v1.2", answers="v1.0", date=when(0)))
    on(3, mail("A bug", mid="bug", sender=BOB, date=when(3)))
    on(4, patch("[PATCH] old: single", mid="old", sender=BOB, date=when(4)))
    on(9, mail("[PATCH v2 0/3] pump: prime", mid="v2.0", date=when(9)))
    on(9, patch("[PATCH v2 1/3] pump: one", mid="v2.1", answers="v2.0", path="a.c", date=when(9)))
    epoch.tag("from")
    on(9.1, patch("[PATCH v2 2/3] pump: two", mid="v2.2", answers="v2.0", path="b.c", date=when(9)))
    on(
        9.1,
        patch("[PATCH v2 3/3] pump: three", mid="v2.3", answers="v2.0", path="b.c", date=when(9)),
    )
    on(
        10,
        mail(
            "Re: [PATCH v2 2/3] pump: two",
            f"> x\nReviewed-by: {CAROL}\n",
            sender=CAROL,
            mid="r1",
            answers="v2.2",
            date=when(10),
        ),
    )
    on(
        10,
        mail(
            "Re: [PATCH v2 0/3] pump: prime",
            f"Tested-by: {BOB}\nAcked-by: {BOB}\n",
            sender=BOB,
            mid="r2",
            answers="v2.0",
            date=when(10),
        ),
    )
    on(10, mail("Re: [PATCH v2 2/3] pump: two", "Thanks.\n", mid="r3", answers="r1", date=when(10)))
    on(
        10,
        mail(
            "Re: [PATCH v2 2/3] pump: two",
            "It breaks.\n",
            sender=LKP,
            mid="r4",
            answers="v2.2",
            date=when(10),
        ),
    )
    on(11, patch("[PATCH] quiet: nobody answers", mid="quiet", sender=CAROL, date=when(11)))
    on(
        11,
        mail(
            "Re: [PATCH] old: single",
            f"Acked-by: {CAROL}\n",
            sender=CAROL,
            mid="r5",
            answers="old",
            date=when(11),
        ),
    )
    on(12, mail("Re: A bug", "Still there.\n", mid="r6", answers="bug", date=when(12)))
    on(12, mail("A question", mid="question", sender=CAROL, date=when(12)))
    return tmp_path


def test_a_series_is_told_whole(told: Path) -> None:
    found = digest(told)
    assert [news.subject for news in found.series] == ["quiet: nobody answers", "pump: prime"]
    pump = found.series[1]
    assert pump.id == "v1.0"
    assert [version.tag for version in pump.versions] == ["[PATCH]", "[PATCH v2]"]
    assert pump.newest.version == 2
    assert (pump.newest.arrived, pump.newest.before, pump.newest.missing) == ((2, 3), (1,), ())
    assert pump.message_ids == ("v2.2", "v2.3")
    assert pump.replies == 4
    assert [(one.name, one.number, one.version) for one in pump.trailers] == [
        ("Tested-by", 0, 2),
        ("Acked-by", 0, 2),
        ("Reviewed-by", 2, 2),
    ]
    assert pump.diffstat == Diffstat(files=2, added=6, removed=3)
    assert pump.newest.patches[1].diffstat == Diffstat(files=1, added=2, removed=1)
    assert pump.newest.patches[1].replies == 3
    assert pump.text == "Hello."
    assert pump.code == CodeChanges(since="v1", changed=(2,)), "the others are not opened"
    first = pump.versions[0]
    assert not first.is_news
    assert first.date.date().isoformat() == "2025-05-31"


def test_what_moved_but_brought_no_patch_is_a_discussion(told: Path) -> None:
    found = {news.subject: news for news in digest(told).threads}
    assert set(found) == {"old: single", "A bug", "A question"}
    assert found["old: single"].is_series
    assert [one.name for one in found["old: single"].trailers] == ["Acked-by"]
    bug = found["A bug"]
    assert (bug.began, bug.replies, bug.people, bug.author.name) == (False, 1, 1, "Bob")
    question = found["A question"]
    assert (question.began, question.replies, question.unanswered) == (True, 0, True)


def test_numbers_people_and_days(told: Path) -> None:
    found = digest(told)
    assert found.messages == 10 == sum(count for _, count in found.days)
    assert found.days == (
        ("2025-06-09", 2),
        ("2025-06-10", 4),
        ("2025-06-11", 2),
        ("2025-06-12", 2),
    )
    assert [(str(who), count) for who, count in found.contributors] == [
        (CAROL, 4),
        (ADA, 4),
        (LKP, 1),
        (BOB, 1),
    ]
    assert found.domains == (
        ("example.org", 4),
        ("example.com", 4),
        ("robots.example.org", 1),
        ("example.net", 1),
    )
    assert found.list_name == "TEST"
    assert (found.start, found.end) == ("from", found.end)


def test_reviewers_are_told_by_what_their_replies_gave(told: Path) -> None:
    found = digest(told)
    assert [(one.person.name, one.trailers, one.series) for one in found.reviewers] == [
        ("Carol", 2, 2),
        ("Bob", 2, 1),
        ("kernel test robot", 0, 1),
    ]


def test_newcomers_had_written_nothing_before(told: Path) -> None:
    found = digest(told)
    assert names(found) == ["Carol", "kernel test robot"]
    assert found.newcomers[0].message_id == "r1"
    assert found.newcomers[0].mails == 4
    assert names(digest(told, mailmap=Mailmap("Bob <bob@example.net> <carol@example.com>"))) == [
        "kernel test robot"
    ]


def test_unanswered_is_what_began_and_got_no_reply(told: Path) -> None:
    assert [one.id for one in digest(told).unanswered_items()] == ["quiet", "question"]
    # At an earlier end the second version had no reply yet; but part of it had come before.
    assert [one.id for one in digest(told, "from..HEAD~8").unanswered_items()] == []


def test_bots_are_kept_apart(told: Path) -> None:
    found = digest(told, bots=Bots(["kernel test robot"]))
    assert [who.name for who, _ in found.bots] == ["kernel test robot"]
    assert "kernel test robot" not in [who.name for who, _ in found.contributors]
    assert "robots.example.org" not in dict(found.domains)
    assert names(found) == ["Carol"]
    assert [one.person.name for one in found.reviewers] == ["Carol", "Bob"]
    assert found.messages == 10


def test_a_bots_reply_is_no_answer(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    epoch.add(patch("[PATCH] a", mid="a"))
    epoch.add(mail("Re: [PATCH] a", sender=LKP, mid="r", answers="a"))
    assert digest(tmp_path, "..").unanswered_items() == ()
    (one,) = digest(tmp_path, "..", bots=Bots(["lkp@*"])).unanswered_items()
    assert one.id == "a"


def test_identities_are_joined_unless_asked_as_written(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    epoch.add(mail("1", sender="Ada <ada@example.org>"))
    epoch.add(mail("2", sender="Ada Byron <ADA@example.org>"))
    assert len(digest(tmp_path, "..").contributors) == 1
    assert len(digest(tmp_path, "..").merges) == 1
    assert len(digest(tmp_path, "..", as_written=True).contributors) == 2
    mapped = digest(tmp_path, "..", mailmap=Mailmap("Ada <ada@new.example> <ada@example.org>"))
    assert mapped.contributors == ((Identity("Ada", "ada@new.example"), 2),)
    assert mapped.domains == (("new.example", 2),)


def test_a_relay_brings_no_newcomer(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    epoch.add(mail("hello"))
    epoch.tag("from")
    relay = "Ada via B4 Relay <devnull+ada.example.org@relay.example>"
    epoch.add(
        mail(
            "[PATCH] a", f"From: {ADA}\n\n" + patch("x").decode().partition("\n\n")[2], sender=relay
        )
    )
    epoch.add(
        mail(
            "[PATCH] b", f"From: {CAROL}\n\n" + patch("x").decode().partition("\n\n")[2], sender=ADA
        )
    )
    found = digest(tmp_path)
    assert names(found) == []
    assert [(str(who), count) for who, count in found.contributors] == [(CAROL, 1), (ADA, 1)]


def test_an_in_body_author_counts_in_patches_and_never_in_replies(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    epoch.add(mail("Re: [PATCH] a", f"From: {CAROL}\n\nI said.\n", sender=ADA))
    epoch.add(mail("A report", f"From: {CAROL}\n\nI said.\n", sender=ADA))
    epoch.add(
        mail("[PATCH 0/1] c", f"From: {CAROL}\n\nCover.\n", sender=ADA)
    )  # git mailinfo agrees
    patched = f"From: {CAROL}\n\n" + patch("x").decode().partition("\n\n")[2]
    epoch.add(mail("[PATCH 1/1] d", patched, sender=ADA))
    epoch.add(mail("Re: [PATCH 1/1] d", patched, sender=ADA))
    assert [(str(who), count) for who, count in digest(tmp_path, "..").contributors] == [
        (ADA, 4),
        (CAROL, 1),
    ]


def test_the_list_is_named_by_the_commonest_list_id(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    for name in ("zeta", "alpha", "zeta", "alpha", "beta"):
        raw = mail(f"to {name}").replace(
            b"<test.example.org>", f"A list <{name}.example.org>".encode()
        )
        epoch.add(raw)
    assert digest(tmp_path, "..").list_name == "ALPHA"
    assert digest(tmp_path, "..", name="kvm").list_name == "KVM"
    assert digest(tmp_path, "HEAD..").list_name == "LIST"


def test_an_empty_range_is_a_quiet_day(told: Path) -> None:
    found = digest(told, "HEAD..HEAD")
    assert (found.messages, found.series, found.first, found.newcomers) == (0, (), None, ())


def test_an_mbox_gives_the_same_as_an_archive(told: Path) -> None:
    epoch = digest(told, "2025-06-09T14:30..")
    source = EpochArchive(open_archive(told / "list"))
    everything = list(source.arrivals(source.resolve_range("", "", NOW)))
    mails = [
        f"Received: from x; {datetime.fromtimestamp(one.time, UTC):%a, %d %b %Y %H:%M:%S} +0000\n".encode()
        + one.raw
        for one in everything
    ]
    random.Random(1).shuffle(mails)
    box = MailboxArchive(open_bytes(to_mboxrd(mails), "list"))
    same = read_digest(box, "2025-06-09T14:30..", now=NOW, options=DigestOptions())
    assert epoch.messages == 10
    for part in (
        "messages",
        "days",
        "domains",
        "contributors",
        "reviewers",
        "series",
        "threads",
        "newcomers",
    ):
        assert getattr(same, part) == getattr(epoch, part), part


def test_hostile_mails_are_counted_like_others(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "list")
    hostile = [
        b"",
        b"\n\n",
        b"From: \xff\xfe\nSubject: [PATCH 1/9999] \x1b]0;x\x07\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        b"Subject: [PATCH v9 0/1]\nMessage-ID: <a>\nReferences: <a>\n\n" + b"x" * 100_000,
        b"Subject: =?utf-8?q?=00=1b?=\nFrom: a@b@c <<>>\nDate: never\n\n 1 file changed\n" * 50,
    ]
    for raw in hostile:
        epoch.add(raw)
    found = digest(tmp_path, "..", entries=True)
    assert found.messages == 4  # nothing is left of an empty one
