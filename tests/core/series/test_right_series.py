"""Kinds of postings that real lists hold, and that are easily taken for one series, or torn: what a reader expects."""

from __future__ import annotations

import pytest

from core.mail.version_links import MAX_LINKS, find_version_links
from core.model import Identity, Message
from tests.core.series.threads import ANN, DAY, REX, mail, outline

HOUR = 60
CAT = Identity("Cat Committer", "cat@example.net")
HOME = Identity("Ann Author", "ann@home.example")


def sent(prefix: str, label: str, cover: str, *patches: str, at: float, sender: Identity = ANN,
         links: tuple[tuple[int, str], ...] = ()) -> list[Message]:  # fmt: skip
    """Return a cover letter named `prefix` and its patches, `prefix1` and so on."""
    total = len(patches)
    found = [mail(prefix, f"[{label} 0/{total}] {cover}", at=at, sender=sender, links=links)]
    for n, title in enumerate(patches, 1):
        found.append(
            mail(f"{prefix}{n}", f"[{label} {n}/{total}] {title}", prefix, at=at + n / 60, sender=sender)
        )  # fmt: skip
    return found


def rows(messages: list[Message]) -> list[list[str]]:
    """Return of each series its versions, each as its number and the mails of its slots."""
    return [
        [f"{version.split()[0]} {'-'.join(one.split('=')[1] for one in version.split() if '=' in one)}" for version in line.split(" | ")]
        for line in outline(messages)
    ]  # fmt: skip


FOUR = ("tables: fix chains", "sets: fix the walk", "osf: fix module autoload", "flow: fix a leak")

ONE_ROW: dict[str, list[Message]] = {
    "one send whose patches have labels of their own": [
        mail("p", "[PATCH tool 1/3] core: keep names"),
        mail("q", "[PATCH tool 2/3,v2] parser: do not sort", "p", at=1),
        mail("r", "[PATCH tool v3 3/3] output: print", "p", at=2),
    ],
    "renamed, with a link": [
        mail("p", "[PATCH] fs: move the setter"),
        mail("q", "[PATCH v2] lib: add a helper", at=3 * DAY, links=[(1, "p")]),
    ],
    "the link is to a patch of a series": [
        *sent("a", "PATCH", "first name", "one", "two", at=0),
        *sent("b", "PATCH v2", "another name", "three", "four", at=DAY, links=((1, "a1"),)),
    ],
    "two that a third links become one": [
        mail("p", "[PATCH] net: allow parents"),
        mail("q", "[PATCH v2] devices: ask for them", at=DAY),
        *sent("c", "RFC v3", "more flexibility", "one", "two", at=9 * DAY, links=((2, "q"), (1, "p"))),
    ],
    "taken over by somebody who links it": [
        *sent("a", "PATCH v6", "tests for the stripe tree", "common: require it", "tests: add", at=0),
        *sent("b", "PATCH v7", "tests for the stripe tree", "common: require it", "tests: add", "tests: two", at=9 * DAY, sender=REX, links=((6, "a"),)),
    ],
    "the version stands in the cover letter's title": [
        mail("c", "add more helpers for bios v2"),
        mail("c1", "[PATCH 1/1] block: a", "c", at=1),
        mail("d", "add more helpers for bios v3", at=9 * DAY),
        mail("d1", "[PATCH 1/1] block: a", "d", at=9 * DAY + 1),
    ],
    "the same number again after days": [
        mail("p", "[PATCH] mk: support a block map"),
        mail("q", "[PATCH v2] mk: support a block map", at=2 * DAY),
        mail("r", "[PATCH v2] mk: support a block map", at=9 * DAY),
    ],
    "unlabelled beside labelled": [
        mail("p", "[PATCH] fs: fix file-backed mounts"),
        mail("q", "[PATCH v2] fs: fix file-backed mounts", at=3 * HOUR),
        mail("r", "[PATCH] fs: fix file-backed mounts", at=18 * HOUR),
        mail("s", "[PATCH v3 RESEND] fs: fix file-backed mounts", at=18 * HOUR + 3),
    ],
    "a version with a word": [
        mail("p", "[PATCH v6] utils: add registry support"),
        mail("q", "[PATCH v6-rebased] utils: add registry support", at=30),
        mail("r", "[PATCH v7] utils: add registry support", at=2 * DAY),
    ],
    "the test took another number": [
        mail("p", "[PATCH] tests: box/217 add a test for seed devices"),
        mail("q", "[PATCH][v2] tests: box/218 add a test for seed devices", at=17 * DAY),
    ],
    "RFC, then v1 of the same cover letter": [
        *sent("a", "RFC PATCH", "cache: demand-read semantics", "a1", "a2", "a3", "b4", at=0),
        *sent("b", "PATCH", "cache: demand-read semantics", "a1", "c2", "c3", "c4", at=17 * DAY),
    ],
    "a lone patch that grew": [
        mail("p", "[PATCH] osf: fix module autoload"),
        *sent("b", "PATCH v2", "osf: fix loading", "osf: fix module autoload", "osf: say why", at=DAY),
    ],
    "nearly the same title from another address": [
        mail("p", "[PATCH v1] utils: fuse: support multi-threading"),
        mail("q", "[PATCH v2] utils: fuse: support multi-thread", at=4 * HOUR, sender=HOME),
    ],
    "after more than a year": [
        *sent("a", "PATCH", "fs: use the super block as holder", "fs: a1", "fs: a2", at=0),
        *sent("b", "PATCH v2", "fs: use the super block as holder", "fs: a1", "fs: a2", at=480 * DAY),
    ],
    "all patches renamed below the same cover letter": [
        *sent("a", "PATCH tool", "no recursive make", "build: one", "build: two", at=0),
        *sent("b", "PATCH tool v2", "no recursive make", "build: uno", "build: due", at=50 * DAY),
    ],
    "unnumbered again after days": [
        mail("p", "[PATCH] reflog: respect the user config"),
        mail("q", "[PATCH] reflog: respect the user config", at=8 * DAY),
    ],
    "the cover letter came last": [
        mail("p", "[PATCH 1/2] filter: replace types 1"),
        mail("q", "[PATCH 2/2] filter: replace types 2", "p", at=1),
        mail("c", "[PATCH 0/2] filter: replace types", at=11),
    ],
    "v2 in reply to each patch of an unthreaded v1": [
        mail("p", "[PATCH 1/2] one of the two"),
        mail("q", "[PATCH 2/2] other of the two", at=1),
        mail("r", "[PATCH v2 1/2] one of the two", "p", at=DAY),
        mail("s", "[PATCH v2 2/2] other of the two", "q", at=DAY + 1),
    ],
    "one of many, unthreaded, with a version of its own in its title": [
        mail("c", "[PATCH 0/2] add tests"),
        mail("p", "[PATCH 1/2] views: show covers", at=1),
        mail("q", "[PATCH 2/2] tests: cover the older ones (v2)", at=2),
    ],
    "a fix again, its title of many words": [
        mail("p", "[PATCH] include: fix the end of a string"),
        mail("q", "[PATCH] include: fix the end of a string", at=9 * DAY),
    ],
    "unnumbered again after weeks, its title of many words": [
        mail("p", "[PATCH] views: show the cover letter"),
        mail("q", "[PATCH] views: show the cover letter", at=40 * DAY),
    ],
    "the area added to its title, then a second version": [
        mail("p", "[PATCH] wrong size of devices for an ordinary user"),
        mail("q", "[PATCH] progs: wrong size of devices for an ordinary user", at=1),
        mail("r", "[PATCH v2] progs: wrong size of device for an ordinary user", at=900),
    ],
    "broken off, and sent anew": [
        mail("c", "[PATCH 0/4] show the letters"),
        mail("p", "[PATCH 1/4] views: one", "c", at=1),
        *sent("d", "PATCH", "show the letters", "views: one", "two", "three", "four", at=20),
    ],
    "the part of a version that was sent again": [
        *sent("a", "PATCH V4", "cpufreq: no more callbacks", "one", "two", "three", "powernv: exit", at=0),
        mail("q", "[PATCH V4.1 4/4] powernv: exit and unload", "a4", at=2 * HOUR),
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", ONE_ROW)
def test_one_series(case: str) -> None:
    assert len(rows(ONE_ROW[case])) == 1, rows(ONE_ROW[case])


APART: dict[str, list[list[Message]]] = {
    "releases": [
        [mail("p", "[PATCH v6.12] fs: fall back to writes")],
        [mail("q", "[PATCH v6.6] fs: fall back to writes", at=25)],
        [mail("r", "[PATCH STABLE v5.10] fs: fall back to writes", at=26)],
    ],
    "a backport beside its series": [
        sent("a", "PATCH", "io: respect the cpu sets", "one", "two", at=0),
        sent("b", "PATCH 6.1", "io: respect the cpu sets", "one", "two", at=DAY),
    ],
    "twin repositories": [
        sent("a", "PATCH libx", "bitwise shift support", "include: update", "add shifts", at=0)
        + sent("c", "PATCH libx v2", "bitwise shift support", "include: update", "left", at=7 * DAY),
        sent("b", "PATCH tool", "bitwise shift support", "include: update", "read", "print", at=5)
        + sent("d", "PATCH tool v2", "bitwise shift support", "include: update", "read", "doc", at=8 * DAY),
    ],
    "a collection that holds a patch": [
        [mail("p", "[PATCH nf] osf: fix module autoload")],
        sent("b", "PATCH net v3", "Filter fixes for net", *FOUR, at=6 * DAY),
    ],
    "another patch in one's own thread": [
        [mail("p", "[PATCH] filter: replace snprintf"), mail("r", "Re: [PATCH] filter: replace snprintf", "p", at=3, sender=REX)],
        [mail("q", "[PATCH v2] scsi: lock the table", "p", "r", at=6 * DAY)],
    ],
    "two authors of one sender": [
        [mail("p", "[PATCH nf 1/1] hashset: fix the lifetime of comments on resize", author=REX)],
        [mail("q", "[PATCH nf v2 1/1] hashset: fix the lifetime of comments on expiry", at=4 * DAY, author=CAT)],
    ],
    "half of two": [
        [mail("p", "[PATCH 1/2] fs: clean up code"), mail("q", "[PATCH 2/2] fs: clean up iget", "p", at=1)],
        [mail("r", "[PATCH 1/2] fs: clean up iget", at=108 * DAY), mail("s", "[PATCH 2/2] fs: drop a header", "r", at=108 * DAY + 1)],
    ],
    "a link with a number that is wrong": [
        [mail("p", "[PATCH v2] fs: move the setter")],
        [mail("q", "[PATCH v3] lib: add a helper", at=DAY, links=[(1, "p")])],
    ],
    "a link to somebody else's work": [
        [mail("p", "[PATCH] fs: move the setter", sender=REX)],
        [mail("q", "[PATCH v2] lib: add a helper", at=DAY, links=[(1, "p")])],
    ],
    "a link to the part for another repository": [
        [mail("p", "[PATCH libx] expr: add shifts")],
        [mail("q", "[PATCH tool v2] parser: read shifts", at=DAY, links=[(1, "p")])],
    ],
    "one series divided into two that both link it": [
        sent("a", "PATCH", "second watchpoint", "kvm: one", "tests: two", at=0)
        + sent("b", "PATCH v2", "kvm for watchpoints", "kvm: enable", "kvm: rename", at=99 * DAY, links=((1, "a"),)),
        sent("c", "PATCH v2", "selftests of watchpoints", "tests: add", "tests: more", at=150 * DAY, links=((1, "a"),)),
    ],
    "a general title again and again": [
        sent("a", "PATCH", "Topic", "fix the fold", "changelog", at=0),
        sent("b", "PATCH", "Topic", "drop the cache", "changelog", at=5 * DAY),
    ],
    "a chore in one file, then in another": [
        [mail("p", "[PATCH] power/kernel: fix repeated words in comments")],
        [mail("q", "[PATCH] power/kernel: fix repeated words in comments", at=9 * DAY)],
    ],
    "a short fix, days later": [
        [mail("p", "[PATCH] docs: fix typo")],
        [mail("q", "[PATCH] docs: fix typo", at=5 * DAY)],
    ],
    "what comes again and again": [
        [mail("p", "[PATCH] l10n: update German translations of all")],
        [mail("q", "[PATCH] l10n: update German translations of all", at=5 * DAY)],
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", APART)
def test_several_series(case: str) -> None:
    messages = [message for one in APART[case] for message in one]
    found = {
        frozenset(version.split(" ")[1].split("-")[0].split("<")[0] for version in row)
        for row in rows(messages)
    }
    patches = [{m.message_id for m in one if not m.subject.is_reply} for one in APART[case]]
    assert len(found) == len(APART[case])
    for row in found:
        assert any(row <= ids for ids in patches), (row, found)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("v1: https://lore.kernel.org/dev/2031-ada@example.org/", [(1, "2031-ada@example.org")]),
        ("- Link to v6: https://lore.kernel.org/r/2031.9-0-a@b", [(6, "2031.9-0-a@b")]),
        ("[v2] https://patch.msgid.link/a@b", [(2, "a@b")]),
        ("v2:\n\n  https://lore.kernel.org/all/x%40y/T/#u", [(2, "x@y")]),
        ("RFC: https://lore.kernel.org/r/a@b\nRFC v2: https://lore.kernel.org/r/c@d", [(1, "a@b"), (2, "c@d")]),
        ("Changes since v1 (https://lore.kernel.org/all/a@b/):", [(1, "a@b")]),
        ("> v1: https://lore.kernel.org/r/a@b", []),
        ("See https://lore.kernel.org/r/a@b and v2", []),
        ("v1: https://example.org/no/message", []),
        ("", []),
    ],
)  # fmt: skip
def test_which_versions_a_text_links(text: str, links: list[tuple[int, str]]) -> None:
    assert list(find_version_links(text)) == links


def test_links_are_bounded() -> None:
    text = "".join(f"v1: https://x.org/r/{n}@x\n" for n in range(100))
    assert len(find_version_links(text)) == MAX_LINKS
    assert find_version_links("v1 " + " " * 100_000 + "https://x.org/r/a@b") == ()
    assert find_version_links("https://x.org/" + "a" * 900 + "\n" * 10) == ()


def test_a_cover_letter_that_counts_series_is_no_patch_of_one() -> None:
    """`[PATCHSET 2/2]` counts the series that are sent at once; its patches have numbers of their own."""
    mails = [mail("bomb", "[PATCHBOMB] fs: all of it", diff=False)]
    for n, title in enumerate(("lamp: fix", "horn: fix"), 1):
        cover = f"s{n}"
        mails.append(mail(cover, f"[PATCHSET {n}/2] {title}", "bomb", at=n, diff=False))
        mails += [
            mail(f"{cover}p{m}", f"[PATCH {m}/2] {title} {m}", "bomb", cover, at=n + m / 60)
            for m in (1, 2)
        ]
    assert [one for one in outline(mails) if not one.startswith("thread")] == [
        "v1 0=s1 1=s1p1 2=s1p2 /2",
        "v1 0=s2 1=s2p1 2=s2p2 /2",
    ]
