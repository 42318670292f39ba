from __future__ import annotations

import time
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.mail.subject import MAX_SUBJECT, parse_subject
from tests.core.shared_mails import expectations


class Parts(NamedTuple):
    title: str
    tags: str = "PATCH"
    version: str = "1"
    counter: str = ""
    patch: bool = True
    reply: bool = False


def parts_of(text: str) -> Parts:
    subject = parse_subject(text)
    version = f"{subject.version}.{subject.minor}" if subject.minor else f"{subject.version}"
    counter = "" if subject.number is None else f"{subject.number}/{subject.total}"
    return Parts(
        subject.title, " ".join(subject.tags), version, counter, subject.is_patch, subject.is_reply
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[PATCH] a: b", Parts("a: b")),
        ("[PATCH RFC net-next v2 03/17] a", Parts("a", "PATCH RFC net-next", "2", "3/17")),
        ("[RFC PATCH] a", Parts("a", "RFC PATCH")),
        ("[PATCH v2 RESEND] a", Parts("a", "PATCH RESEND", "2")),
        ("[PATCH 3/7 V2] a", Parts("a", "PATCH", "2", "3/7")),
        ("[PATCHv3 1/2] a", Parts("a", "PATCH", "3", "1/2")),
        ("[PATCHv2.1 1/2] a", Parts("a", "PATCH", "2.1", "1/2")),
        ("[v2PATCH1/4] a", Parts("a", "PATCH", "2", "1/4")),
        ("[RFC-v2 1/3] a", Parts("a", "RFC", "2", "1/3")),
        ("[PATCH/RFC v2 1/3] a", Parts("a", "PATCH RFC", "2", "1/3")),
        ("[RFC-PATCH] a", Parts("a", "RFC PATCH")),
        ("[PATCH-next] a", Parts("a", "PATCH-next")),
        ("[PATCHSET v4] a", Parts("a", "PATCHSET", "4")),
        ("[PATCH v2, resend, 3/3] a", Parts("a", "PATCH resend", "2", "3/3")),
        ("[PATCH v2 (resend) 1/2] a", Parts("a", "PATCH resend", "2", "1/2")),
        ("[patch 0/4] a", Parts("a", "patch", "1", "0/4")),
        ("[PATCH 8/7] a", Parts("a", "PATCH", "1", "8/7")),
        ("[PATCH 1 of 2] a", Parts("a", "PATCH", "1", "1/2")),
        ("[PATCH 01 OF 12 v2] a", Parts("a", "PATCH", "2", "1/12")),
        ("[ PATCH 3 / 7 ] a", Parts("a", "PATCH", "1", "3/7")),
        # A kernel's version is no counter, and no version of the patch where there is another.
        ("[PATCH 5.10/5.15] a", Parts("a", "PATCH 5.10/5.15")),
        ("[PATCH 5.10 3/7] a", Parts("a", "PATCH 5.10", "1", "3/7")),
        ("[PATCH v5.1 10/12] a", Parts("a", "PATCH", "5.1", "10/12")),
        ("[PATCH v5.10 v2 3/7] a", Parts("a", "PATCH v5.10", "2", "3/7")),
        ("[PATCH v6.12] a", Parts("a", "PATCH v6.12")),
        ("[PATCH v6.1] a", Parts("a", "PATCH v6.1")),
        ("[PATCH STABLE v5.2] a", Parts("a", "PATCH STABLE v5.2")),
        ("[PATCH v6.6-v6.1] a", Parts("a", "PATCH v6.6-v6.1")),
        ("[PATCH v4.4-4.19 v2] a", Parts("a", "PATCH v4.4-4.19", "2")),
        ("[PATCH v1.1 2/3] a", Parts("a", "PATCH", "1.1", "2/3")),
        ("[PATCH v2.5] a", Parts("a", "PATCH", "2.5")),
        ("[PATCH v4.19.y 1/2] a", Parts("a", "PATCH v4.19.y", "1", "1/2")),
        # Patch 3 of 4, of 5 that were planned; a date is none.
        ("[PATCH 3/4/5] a", Parts("a", "PATCH", "1", "3/4")),
        ("[PATCH v6-rebased] a", Parts("a", "PATCH rebased", "6")),
        ("[PATCH v2_draft 1/2] a", Parts("a", "PATCH draft", "2", "1/2")),
        ("[PATCH RERESEND v2] a", Parts("a", "PATCH RERESEND", "2")),
        ("[PATCH 99999/1] a", Parts("a", "PATCH 99999/1")),
        # Other brackets
        ("[net-next,v2,3/7] a", Parts("a", "net-next", "2", "3/7")),
        ("[KVM] [PATCH v2 1/2] a", Parts("a", "KVM PATCH", "2", "1/2")),
        ("[Navy-patches] [PATCH]Изменён", Parts("Изменён", "Navy-patches PATCH")),
        ("[PATCH 1/2 v3] [RESEND] a", Parts("a", "PATCH RESEND", "3", "1/2")),
        ("[Patch 2/2]: a", Parts("a", "Patch", "1", "2/2")),
        ("[PATCH [RFC] 1/2] a", Parts("a", "PATCH RFC", "1", "1/2")),
        ("[[PATCH] v2] a", Parts("a", "PATCH", "2")),
        ("[PATCH] rewrite [a-z] regexes", Parts("rewrite [a-z] regexes")),
        ("[PATCH v2\n\t1/2]\n a\n  b", Parts("a b", "PATCH", "2", "1/2")),
        ("[PATCH]", Parts("")),
        ("[PATCH 1/2 a", Parts("[PATCH 1/2 a", "", patch=False)),
        # No bracket, or half of one
        ("PATCH 1/2: a", Parts("a", "PATCH", "1", "1/2")),
        ("PATCH v2] a", Parts("a", "PATCH", "2")),
        ("PATCH of the week", Parts("PATCH of the week", "", patch=False)),
        ("Patch: a question", Parts("Patch: a question", "", patch=False)),
        # Replies
        ("Re: [PATCH] a", Parts("a", reply=True)),
        ("[KVM] Re: Aw: SV: Fwd: [PATCH] a", Parts("a", "KVM PATCH", reply=True)),
        ("Re[2]: RE : a", Parts("a", "", patch=False, reply=True)),
        ("回复: [PATCH] a", Parts("a", reply=True)),
        ("re-add a", Parts("re-add a", "", patch=False)),
        # What is no patch
        ("[RFC] a", Parts("a", "RFC", patch=False)),
        ("[RFC v2 1/3] a", Parts("a", "RFC", "2", "1/3")),
        ("[GIT PULL] a", Parts("a", "GIT PULL", patch=False)),
        ("[PULL 00/12] a", Parts("a", "PULL", "1", "0/12", patch=False)),
        ("[PULL 01/12] a", Parts("a", "PULL", "1", "1/12", patch=False)),
        (
            "[tip:x86/mm 3/7] a.c:1: warning",
            Parts("a.c:1: warning", "tip:x86/mm", "1", "3/7", False),
        ),
        ("[2024/05/01] a", Parts("a", "2024/05/01", patch=False)),
        ("[bug report] a", Parts("a", "bug report", patch=False)),
        ("", Parts("", "", patch=False)),
        # The version at the title's end, where nothing else says one
        ("[PATCH] a (v2)", Parts("a (v2)", "PATCH", "2")),
        ("[PATCH v3] a (v2)", Parts("a (v2)", "PATCH", "3")),
        ("[PATCH 0/3] a (v2)", Parts("a (v2)", "PATCH", "2", "0/3")),
        ("[PATCH 1/1] a (v2)", Parts("a (v2)", "PATCH", "2", "1/1")),
        # ... but one of many patches counts its own there
        ("[PATCH 2/3] a (v2)", Parts("a (v2)", "PATCH", "1", "2/3")),
        ("a (v2)", Parts("a (v2)", "", patch=False)),
        ("[PATCH 1/2] a: b [ver #2]", Parts("a: b", "PATCH", "2", "1/2")),
        ("[PATCH v3 0/2] a [ver #2]", Parts("a [ver #2]", "PATCH", "3", "0/2")),
        ("[PATCH 0/2] helpers for bios v3", Parts("helpers for bios v3", "PATCH", "3", "0/2")),
        ("[PATCH 1/2] support the ipu v3", Parts("support the ipu v3", "PATCH", "1", "1/2")),
        # A byte order mark counts for nothing.
        ("\ufeff[PATCH 1/2] a", Parts("a", "PATCH", "1", "1/2")),
    ],
)
def test_the_parts_of_a_subject(text: str, expected: Parts) -> None:
    assert parts_of(text) == expected


def test_patchworks_subjects_give_its_titles() -> None:
    for text, cleaned, _ in expectations("patchwork")["general"]["subject_cleaning"]:
        # Patchwork puts the tags back before the title.
        assert cleaned.endswith(parse_subject(text).title), text
        assert parse_subject(text).title == parse_subject(cleaned).title


def test_what_patchwork_takes_for_a_reply_is_one() -> None:
    for text in expectations("patchwork")["general"]["reply_subjects"]:
        assert (parse_subject(text).is_reply, parse_subject(text).title) == (True, "meep")


def test_patchworks_counters_and_versions() -> None:
    general = expectations("patchwork")["general"]
    for tags, counter in general["series_marker"]:
        subject = parse_subject("".join(f"[{tag}] " for tag in tags) + "a")
        assert (subject.number, subject.total) == (tuple(counter) if counter else (None, None)), (
            tags
        )
    for _, title, tags, version in general["version"]:
        assert (
            parse_subject("".join(f"[{tag}] " for tag in ["PATCH", *tags]) + title).version
            == version
        )


def test_gits_subjects_give_its_titles() -> None:
    for text, title, option in expectations("git-t")["general"]["mailinfo_subject"]:
        if option == "plain":
            assert parse_subject(text).title == title


PIECES = [
    "[",
    "]",
    "PATCH",
    "v2",
    " ",
    "1/2",
    "Re:",
    ",",
    "/",
    "RFC",
    "-",
    ":",
    "5.10",
    "of",
    "é",
    "\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=60))
@example("[v٣ ١/٢] a")
def test_any_text_is_read(text: str) -> None:
    subject = parse_subject(text)
    assert subject.text == text
    assert "\n" not in subject.title
    assert subject.title == subject.title.strip()
    assert (subject.number is None) == (subject.total is None)
    # Nothing is left behind to read again.
    again = parse_subject(subject.title)
    assert again.tags == ()


@pytest.mark.parametrize("piece", ["[ ", "[]", "[a", "]", "[[]", "Re: ", "[PATCH ", "1/", ": "])
def test_a_huge_subject_costs_no_time(piece: str) -> None:
    began = time.perf_counter()
    subject = parse_subject(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - began < 0.5
    assert len(subject.text) == MAX_SUBJECT


@pytest.mark.timeout(20)
@pytest.mark.parametrize("release", ["[0.1%s1/2'; x] a", "[v6.6%s/] a", "[5.10.y%sv!] a"])
@pytest.mark.parametrize("joint", ["+", "-", ",", "-+,", "+v", "-1", "-.1"])
def test_a_long_list_of_releases_costs_no_time(release: str, joint: str) -> None:
    began = time.perf_counter()
    parse_subject(release % (joint * 60))
    parse_subject(release % (joint * 1_000))
    assert time.perf_counter() - began < 0.5
