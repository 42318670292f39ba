"""Series and threads as values: replies, clashes, names, dates and bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from core.model import Identity, Series, Subject, Thread
from core.series.grouping import MISSING_LISTED, group_messages
from tests.core.series.threads import ANN, DAY, REX, mail, only, outline, series


def test_replies_stand_under_what_they_answer_in_the_order_of_reading() -> None:
    messages = [
        mail("c", "[PATCH 0/2] all"),
        mail("p", "[PATCH 1/2] one", "c", at=1),
        mail("q", "[PATCH 2/2] two", "c", at=2),
        mail("late", "Re: [PATCH 1/2] one", "c", "p", at=50),
        mail("early", "Re: [PATCH 1/2] one", "c", "p", at=20),
        mail("deep", "Re: [PATCH 1/2] one", "c", "p", "early", at=90),
        mail("all", "Re: [PATCH 0/2] all", "c", at=30),
    ]
    assert outline(messages) == ["v1 0=c<all 1=p<early<<deep<late 2=q /2"]
    assert only(messages).replies == 4
    assert only(messages).date == messages[5].date


def test_answer_to_a_missing_mail_goes_where_its_subject_says() -> None:
    messages = [
        mail("p", "[PATCH v2 1/3] one", "gone", at=1),
        mail("q", "[PATCH v2 2/3] two", "gone", at=2),
        mail("r", "Re: [PATCH v2 0/3] all", "gone", at=3, sender=REX),
        mail("s", "Re: [PATCH v2 3/3] three", "gone", "gone too", at=4, sender=REX),
        mail("t", "Re: what else", "gone", at=5, sender=REX),
        mail("u", "Re: [PATCH v7 1/9] other", "gone", at=6, sender=REX),
    ]
    assert outline(messages) == ["v2 1=p<r<s 2=q /3", "thread t<u"]


def test_discussion_keeps_together_what_names_the_same_missing_mail() -> None:
    messages = [
        mail("r", "Re: what", "gone", at=1),
        mail("s", "Re: what", "gone", at=2, sender=REX),
        mail("t", "Re: what", "gone", "s", at=3),
        mail("x", "Re: what", "elsewhere", at=4),
    ]
    assert outline(messages) == ["thread r<s<<t", "thread x"]


def test_one_mail_through_two_lists_is_one() -> None:
    twice = [
        mail("p", "[PATCH] one", lists=["kvm.vger.kernel.org"]),
        mail("p", "[PATCH] one", lists=["linuxppc-dev.lists.ozlabs.org", "kvm.vger.kernel.org"]),
    ]
    item = only(twice)
    assert item.lists == ("kvm", "linuxppc-dev")
    assert item.versions[0].patches[0].message.id_conflicts == ()
    assert item.versions[0].patches[0].duplicates == ()


def test_mails_that_share_an_id_clash_and_the_first_by_date_is_shown() -> None:
    true = mail("p", "[PATCH] one", at=5, fingerprint="b")
    later = mail("p", "[PATCH] evil", at=6, fingerprint="a")
    same_time = mail("p", "[PATCH] footer", at=5, fingerprint="c")
    undated = replace(
        mail("p", "[PATCH] undated", fingerprint="d"), date=datetime.fromtimestamp(0, UTC)
    )
    for order in ([true, later, same_time, undated], [undated, same_time, later, true]):
        message = only(order).versions[0].patches[0].message
        assert message == replace(true, id_conflicts=(same_time, later, undated))
    again = only([only([true, later]).versions[0].patches[0].message, undated])
    assert [one.subject.title for one in again.versions[0].patches[0].message.id_conflicts] == [
        "evil",
        "undated",
    ]


def test_a_series_says_what_its_newest_version_says() -> None:
    item = only(
        [
            mail("c", "[RFC PATCH 0/1] draft", lists=["kvm.vger.kernel.org"]),
            mail("p", "[RFC PATCH 1/1] one", "c", at=1),
            mail("c2", "[PATCH net-next v2 0/1] Draft.", "c", at=DAY, change_id="abc"),
            mail("p2", "[PATCH net-next v2 1/1] one", "c2", at=DAY + 1),
            mail("p3", "[PATCH net-next v3 1/1] one", "p2", at=2 * DAY),
            mail("r", "Re: [PATCH net-next v3 1/1] one", "p3", at=3 * DAY, sender=REX),
        ]
    )
    assert (item.id, item.subject, item.author, item.change_id) == ("c", "one", ANN, "abc")
    assert item.lists == ("kvm",)
    assert [version.tags for version in item.versions] == [("RFC",), ("net-next",), ("net-next",)]
    assert item.message_ids == {"c", "p", "c2", "p2", "p3", "r"}


def test_a_partial_reroll_keeps_the_name_of_the_whole() -> None:
    item = only(
        [
            mail("c", "[PATCH 0/3] the whole"),
            *(mail(f"p{n}", f"[PATCH {n}/3] part {n}", "c", at=n) for n in (1, 2, 3)),
            mail("q", "[PATCH v2 2/3] part 2", "c", "p2", at=DAY),
        ]
    )
    assert item.subject == "the whole"
    newest = item.versions[-1]
    assert ([p.number for p in newest.patches], newest.missing) == ([2], (1, 3))
    assert not newest.complete


def test_missing_patches_are_listed_up_to_a_bound() -> None:
    subject = Subject(text="x", title="x", is_patch=True, number=7, total=1_000_000)
    (item,) = group_messages([replace(mail("p", "x", diff=True), subject=subject)])
    assert isinstance(item, Series)
    version = item.versions[0]
    assert version.total == 1_000_000
    assert len(version.missing) == MISSING_LISTED
    assert version.missing[:7] == (1, 2, 3, 4, 5, 6, 8)


def test_latest_activity_comes_first() -> None:
    messages = [
        mail("old", "[PATCH] old", at=1),
        mail("talk", "talk", at=2),
        mail("new", "[PATCH] new", at=3),
        mail("r", "Re: [PATCH] old", "old", at=9),
    ]
    assert [item.id for item in group_messages(messages)] == ["old", "new", "talk"]


def test_a_thread_says_who_began_it_and_when_somebody_spoke_last() -> None:
    (item,) = group_messages(
        [
            mail("r", "[BUG] it crashes", lists=["kvm.vger.kernel.org"]),
            mail("s", "Re: [BUG] it crashes", "r", at=4, sender=REX),
        ]
    )
    assert isinstance(item, Thread)
    assert (item.id, item.subject, item.author) == ("r", "it crashes", ANN)
    assert item.date > item.root.date
    assert item.lists == ("kvm",)
    assert item.message_ids == {"r", "s"}


def test_senders_behind_one_list_address_are_not_one() -> None:
    ann = Identity("Ann Author via Some-devel", "some-devel@lists.example.org")
    rex = Identity("Rex Reviewer via Some-devel", "some-devel@lists.example.org")
    messages = [
        mail("p", "[PATCH 1/2] one", sender=ann),
        mail("q", "[PATCH 2/2] two", at=1, sender=rex),
        mail("r", "[PATCH 2/2] two", at=2, sender=ann),
    ]
    assert outline(messages) == ["v1 1=p 2=r /2", "v1 2=q /2"]


def test_nothing_is_nothing() -> None:
    assert group_messages([]) == []
    assert series([mail("r", "talk")]) == []
