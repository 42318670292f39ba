"""Postings: their patches, doubles and gaps."""

from __future__ import annotations

import pytest

from core.model import Message
from tests.core.series.threads import DAY, REX, mail, outline

GIVEN_BY_ITS_CASE: dict[str, tuple[list[Message], list[str]]] = {
    "a cover letter and two patches": (
        [
            mail("c", "[PATCH 0/2] both"),
            mail("p", "[PATCH 1/2] one", "c", at=1),
            mail("q", "[PATCH 2/2] two", "c", at=2),
        ],
        ["v1 0=c 1=p 2=q /2"],
    ),
    "no cover letter": (
        [mail("p", "[PATCH 1/2] one"), mail("q", "[PATCH 2/2] two", "p", at=1)],
        ["v1 1=p 2=q /2"],
    ),
    "each patch answers the one before": (
        [
            mail("c", "[PATCH 0/2] both"),
            mail("p", "[PATCH 1/2] one", "c", at=1),
            mail("q", "[PATCH 2/2] two", "c", "p", at=2),
        ],
        ["v1 0=c 1=p 2=q /2"],
    ),
    "the cover letter is dated after its patches": (
        [
            mail("c", "[PATCH 0/2] both", at=9),
            mail("p", "[PATCH 1/2] one", "c", at=1),
            mail("q", "[PATCH 2/2] two", "c", at=2),
        ],
        ["v1 0=c 1=p 2=q /2"],
    ),
    "the cover letter answers the first patch": (
        [
            mail("p", "[PATCH 1/2] one"),
            mail("c", "[PATCH 0/2] both", "p", at=1),
            mail("q", "[PATCH 2/2] two", "p", at=2),
        ],
        ["v1 0=c 1=p 2=q /2"],
    ),
    "no references at all": (
        [
            mail("q", "[PATCH 2/2] two", at=9),
            mail("c", "[PATCH 0/2] both"),
            mail("p", "[PATCH 1/2] one", at=4),
        ],
        ["v1 0=c 1=p 2=q /2"],
    ),
    "no references, but hours apart": (
        [mail("p", "[PATCH 1/2] one"), mail("q", "[PATCH 2/2] two", at=300)],
        ["v1 1=p /2", "v1 2=q /2"],
    ),
    "no references, but by two people": (
        [mail("p", "[PATCH 1/2] one"), mail("q", "[PATCH 2/2] two", at=1, sender=REX)],
        ["v1 1=p /2", "v1 2=q /2"],
    ),
    "no references, two series in a row": (
        [
            mail("p", "[PATCH 1/2] one"),
            mail("q", "[PATCH 2/2] two", at=1),
            mail("r", "[PATCH 1/2] three", at=2),
            mail("s", "[PATCH 2/2] four", at=3),
        ],
        ["v1 1=p 2=q /2", "v1 1=r 2=s /2"],
    ),
    "only the cover letter of the second version is threaded": (
        [
            mail("c", "[PATCH 0/1] all"),
            mail("p", "[PATCH 1/1] one", at=1),
            mail("c2", "[PATCH v2 0/1] all", "c", at=DAY),
            mail("p2", "[PATCH v2 1/1] one", at=DAY + 1),
        ],
        ["v1 0=c 1=p /1 | v2 0=c2 1=p2 /1"],
    ),
    "the cover letter is not there": (
        [
            mail("p", "[PATCH 1/3] one", "gone", at=1),
            mail("r", "[PATCH 3/3] three", "gone", at=3),
        ],
        ["v1 1=p 3=r /3"],
    ),
    "a cover letter alone": ([mail("c", "[PATCH 0/2] both")], ["v1 0=c /2"]),
    "a cover letter without counter": (
        [
            mail("c", "[PATCH v2] both", diff=False),
            mail("p", "[PATCH v2 1/2] one", "c", at=1),
            mail("q", "[PATCH v2 2/2] two", "c", at=2),
        ],
        ["v2 0=c 1=p 2=q /2"],
    ),
    "a cover letter without brackets": (
        [
            mail("c", "mend all of it"),
            mail("p", "[PATCH 1/2] one", "c", at=1),
            mail("q", "[PATCH 2/2] two", "c", at=2),
        ],
        ["v1 0=c 1=p 2=q /2"],
    ),
    "a bug report, and days later the patch by the one who reported it": (
        [mail("r", "it crashes"), mail("p", "[PATCH] mend it", "r", at=3 * DAY)],
        ["v1 1=p /1", "thread r"],
    ),
    "a bug report by another": (
        [mail("r", "it crashes", sender=REX), mail("p", "[PATCH] mend it", "r", at=10)],
        ["v1 1=p /1", "thread r"],
    ),
    "the version stands in the cover letter alone": (
        [
            mail("c", "[PATCH v3 0/2] both"),
            mail("p", "[PATCH 1/2] one", "c", at=1),
            mail("q", "[PATCH 2/2] two", "c", at=2),
        ],
        ["v3 0=c 1=p 2=q /2"],
    ),
    "the version stands in the patches alone": (
        [
            mail("c", "[PATCH 0/2] both"),
            mail("p", "[PATCH v2 1/2] one", "c", at=1),
            mail("q", "[PATCH v2 2/2] two", "c", at=2),
        ],
        ["v2 0=c 1=p 2=q /2"],
    ),
    "the cover letter kept the version before": (
        [
            mail("c", "[PATCH v4 0/2] both"),
            mail("p", "[PATCH v5 1/2] one", "c", at=1),
            mail("q", "[PATCH v5 2/2] two", "c", at=2),
        ],
        ["v5 0=c 1=p 2=q /2"],
    ),
    "each patch counts its own versions, the cover letter those of the whole": (
        [
            mail("c", "[PATCH v3 0/3] all"),
            mail("p", "[PATCH v5 1/3] one", "c", at=1),
            mail("q", "[PATCH v4 2/3] two", "c", at=2),
            mail("r", "[PATCH 3/3] three", "c", at=3),
        ],
        ["v3 0=c 1=p 2=q 3=r /3"],
    ),
    "one send, its patches for several releases": (
        [
            mail("p", "[PATCH for-5.20 1/3] one"),
            mail("q", "[PATCH 5.19 2/3] two", "p", at=1),
            mail("r", "[PATCH for-5.20 3/3] three", "p", at=2),
        ],
        ["v1 for-5.20 1=p 2=q 3=r /3"],
    ),
    "the next version below the first cover letter, at once": (
        [
            mail("c", "[PATCH 0/2] both"),
            mail("p", "[PATCH 1/2] one", "c", at=1),
            mail("q", "[PATCH 2/2] two", "c", at=2),
            mail("p2", "[PATCH v2 1/2] one", "c", at=30),
            mail("q2", "[PATCH v2 2/2] two", "c", at=31),
        ],
        ["v1 0=c 1=p 2=q /2 | v2 1=p2 2=q2 /2"],
    ),
    "a send without references broken off, and sent again": (
        [
            mail("c", "[PATCH 0/3] all"),
            mail("p", "[PATCH 1/3] one", at=1),
            mail("c2", "[PATCH 0/3] all", at=9),
            mail("p2", "[PATCH 1/3] one", at=10),
            mail("q2", "[PATCH 2/3] two", at=11),
            mail("r2", "[PATCH 3/3] three", at=12),
        ],
        ["v1 0=c 1=p /3 | v1 0=c2 1=p2 2=q2 3=r2 /3"],
    ),
    "the cover letter counts wrongly": (
        [
            mail("c", "[PATCH 0/3] both"),
            mail("p", "[PATCH 1/2] one", "c", at=1),
            mail("q", "[PATCH 2/2] two", "c", at=2),
        ],
        ["v1 0=c 1=p 2=q /2"],
    ),
    "the cover letter counts rightly, others below it count for themselves": (
        [
            mail("c", "[PATCH 0/1] all"),
            mail("p", "[PATCH 1/1] one", "c", at=1),
            mail("q", "[PATCH 1/2] two", "c", at=2),
            mail("r", "[PATCH 2/2] three", "c", at=3),
        ],
        ["v1 0=c 1=p /1", "v1 1=q 2=r /2"],
    ),
    "a word between, and the patch after it": (
        [
            mail("r", "it crashes", sender=REX),
            mail("s", "found it", "r", at=1),
            mail("p", "[PATCH] mend it", "r", "s", at=2),
        ],
        ["v1 1=p /1", "thread r<s"],
    ),
    "a patch too many": (
        [
            mail("c", "[PATCH 0/1] all"),
            mail("p", "[PATCH 1/1] one", "c", at=1),
            mail("q", "[PATCH 2/1] one more", "c", at=90),
        ],
        ["v1 0=c 1=p 2=q /1"],
    ),
    "a patch sent again": (
        [
            mail("c", "[PATCH 0/3] all"),
            mail("p", "[PATCH 1/3] one", "c", at=1),
            mail("q", "[PATCH 2/3] two", "c", at=2),
            mail("r", "[PATCH 3/3] three", "c", at=3),
            mail("again", "[PATCH 2/3] two", "c", at=200),
        ],
        ["v1 0=c 1=p 2=q(again) 3=r /3"],
    ),
    "a patch of the second version sent again without its number": (
        [
            mail("c", "[PATCH v2 0/2] all"),
            mail("p", "[PATCH v2 1/2] one", "c", at=1),
            mail("q", "[PATCH v2 2/2] two", "c", at=2),
            mail("again", "[PATCH RESEND 2/2] two", "c", at=200),
        ],
        ["v2 0=c 1=p 2=q(again) /2"],
    ),
    "a patch sent later without its version": (
        [
            mail("c", "[PATCH v3 0/2] all"),
            mail("p", "[PATCH v3 1/2] one", "c", at=1),
            mail("q", "[PATCH 2/2] two", "c", at=90),
        ],
        ["v3 0=c 1=p 2=q /2"],
    ),
    "tags that say the same in other words": (
        [
            mail("c", "[PATCH next 0/2] all"),
            mail("p", "[PATCH 1/2 next] one", "c", at=1),
            mail("q", "[PATCH net-next 2/2] two", "c", at=2),
        ],
        ["v1 next 0=c 1=p 2=q /2"],
    ),
    "a lost patch sent later, as an answer to who missed it": (
        [
            mail("c", "[PATCH 0/2] all"),
            mail("p", "[PATCH 1/2] one", "c", at=1),
            mail("r", "Re: [PATCH 0/2] all", "c", at=2 * DAY, sender=REX),
            mail("q", "[PATCH 2/2] two", "c", "r", at=3 * DAY),
        ],
        ["v1 0=c<r 1=p 2=q /2"],
    ),
    "one of four sent three times": (
        [mail(name, "[PATCH v2 1/4] one", at=at) for at, name in enumerate("pqr")],
        ["v2 1=p(q)(r) /4"],
    ),
    "the cover letter sent again with its patches": (
        [
            mail("c", "[PATCH 0/1] all"),
            mail("c2", "[PATCH 0/1] all", at=5),
            mail("p", "[PATCH 1/1] one", "c2", at=6),
        ],
        ["v1 0=c(c2) 1=p /1"],
    ),
    "all sent again below the first": (
        [
            mail("p", "[PATCH 1/2] one"),
            mail("q", "[PATCH 2/2] two", "p", at=1),
            mail("p2", "[PATCH 1/2] one", "p", at=9),
            mail("q2", "[PATCH 2/2] two", "p", "p2", at=10),
        ],
        ["v1 1=p 2=q /2 | v1 1=p2 2=q2 /2"],
    ),
    "two series in one thread, by one sender": (
        [
            mail("c", "[PATCH 0/1] all"),
            mail("p", "[PATCH 1/1] one", "c", at=1),
            mail("d", "[PATCH 0/2] prepare", "c", at=2),
            mail("q", "[PATCH 1/2] two", "d", at=3),
            mail("r", "[PATCH 2/2] three", "d", at=4),
        ],
        ["v1 0=c 1=p /1", "v1 0=d 1=q 2=r /2"],
    ),
    "another's series in the thread": (
        [
            mail("c", "[PATCH 0/2] all"),
            mail("p", "[PATCH 1/2] one", "c", at=1),
            mail("q", "[PATCH 2/2] two", "c", at=2),
            mail("d", "[PATCH 0/2] rather so", "c", at=90, sender=REX),
            mail("r", "[PATCH 1/2] one", "d", at=91, sender=REX),
            mail("s", "[PATCH 2/2] two", "d", at=92, sender=REX),
        ],
        ["v1 0=c 1=p 2=q /2", "v1 0=d 1=r 2=s /2"],
    ),
    "one fix for two branches": (
        [
            mail("p", "[PATCH 5.10] mend it"),
            mail("q", "[PATCH 5.15] mend it", at=1),
        ],
        ["v1 5.10 1=p /1", "v1 5.15 1=q /1"],
    ),
    "patches each sent by its author, in one run": (
        [
            mail("c", "[PATCH 0/2] all"),
            mail("p", "[PATCH 1/2] one", "c", at=1),
            mail("q", "[PATCH 2/2] two", "c", at=1, sender=REX),
        ],
        ["v1 0=c 1=p 2=q /2"],
    ),
    "a diff in an answer": (
        [
            mail("p", "[PATCH] one"),
            mail("r", "Re: [PATCH] one", "p", at=1, sender=REX, diff=True),
        ],
        ["v1 1=p<r /1"],
    ),
    "an answer that lacks its Re:": (
        [
            mail("p", "[PATCH] one"),
            mail("r", "[PATCH] one", "p", at=1, sender=REX, diff=False),
            mail("s", "[PATCH 1/2] two", at=500),
            mail("t", "[PATCH 1/2] two", "s", at=501, diff=False),
        ],
        ["v1 1=p<r /1", "v1 1=s<t /2"],
    ),
    "a patch without [PATCH], signed off": (
        [mail("p", "mend it", diff=True, trailers=["Signed-off-by: Ann <ann@example.org>"])],
        ["v1 1=p /1"],
    ),
    "what stable and -mm robots say, and a changed subject": (
        [
            mail(
                f"n{at}",
                subject,
                diff=True,
                at=at,
                trailers=["Signed-off-by: Ann <ann@example.org>"],
            )
            for at, subject in enumerate(
                [
                    'FAILED: patch "mend it" failed to apply to 5.15-stable tree',
                    'Patch "mend it" has been added to the 6.1-stable tree',
                    "+ mend-it.patch added to mm-unstable branch",
                    "mend it (was: Re: it crashes)",
                ]
            )
        ],
        ["thread n0", "thread n1", "thread n2", "thread n3"],
    ),
    "a report that carries a diff": ([mail("p", "why this?", diff=True)], ["thread p"]),
    "a stray diff below its sender's cover letter": (
        [
            mail("c", "[PATCH 0/2] all"),
            mail("p", "[PATCH 1/2] one", "c", at=1),
            mail("s", "This is an orphaned patch!", "c", at=2, diff=True),
        ],
        ["v1 0=c 1=p /2", "v1 1=s /1"],
    ),
    "an empty commit": (
        [mail("p", "[PATCH] go", diff=False, trailers=["Signed-off-by: Ann <ann@example.org>"])],
        ["v1 1=p /1"],
    ),
    "a pull request, and one with its patches": (
        [
            mail("g", "[GIT PULL] things"),
            mail("h", "[PULL 0/1] more"),
            mail("p", "[PULL 1/1] one", "h", diff=True, at=1, trailers=["Signed-off-by: Ann"]),
        ],
        ["thread g", "thread h<p"],
    ),
    "one patch whose title is that of a pull request": (
        [mail("p", "[PATCH] [GIT PULL] man: correct the spelling")],
        ["v1 GIT PULL 1=p /1"],
    ),
    "what robots say": (
        [
            mail("r", "[tree:branch 2/7] warning: unused", diff=True),
            mail("s", "[syzbot] KASAN: use-after-free"),
            mail("p", "[PATCH] one"),
            mail("t", "[tip: x86/urgent] one", "p", at=5, sender=REX, diff=True),
        ],
        ["thread r", "thread s", "v1 1=p<t /1"],
    ),
}


@pytest.mark.parametrize("case", GIVEN_BY_ITS_CASE)
def test_mails_of_a_posting(case: str) -> None:
    messages, expected = GIVEN_BY_ITS_CASE[case]
    assert sorted(outline(messages)) == sorted(expected)
