"""The seed's page: rebuilt from itself, and its rules one by one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.digest.build import DigestOptions, build_digest
from core.digest.epoch_archive import EpochArchive
from core.digest.formats.seed import seed_page
from core.sources.public_inbox import open_archive
from tests.core.inboxes import DIFF, START, Epoch, mail, patch

SEED = Path(__file__).resolve().parents[4] / "shared" / "seed" / "kvm-mailing-list-update.txt"
NOW = datetime(2025, 6, 2, tzinfo=UTC)


def page(
    folder: Path, text: str = "..", *, name: str = "", top: int = 15, patch_list: bool = False
) -> str:
    archive = EpochArchive(open_archive(folder))
    start, end = text.split("..")
    span = archive.resolve_range(start, end, NOW)
    options = DigestOptions(
        name=name, as_written=True, entries=True, earlier=False, series=patch_list
    )
    digest = build_digest(archive, span, archive.title_ends(start, end), options)
    return "".join(f"{line}\n" for line in seed_page(digest, top=top, patch_list=patch_list))


def rebuilt(page: str, folder: Path) -> None:
    """Make an archive that a page was written from: its entries' mails, and others that make the counts right."""
    start, end = page.partition("\n")[0].removeprefix("From ").split(" to ")
    counts = {
        who: int(number)
        for number, who in re.findall(r"^ +(\d+)  (.*>)$", page.partition("=====")[0], re.M)
    }
    mails = []
    for entry in page.split("===== Patch Commit Messages ====\n\n")[1].split(f"\n\n{'-' * 70}\n\n")[
        :-1
    ]:
        _, subject, author, _, text = entry.split("\n", 4)
        author = author.removeprefix("Author: ")
        is_cover = re.match(r"\[[^\]]*\b0+/", subject)
        mails.append(
            mail(
                subject,
                f"{text}\n\n" + ("-- \n2.49.0\n" if is_cover else DIFF.format(path="a.c")),
                sender=author,
            )
        )
        counts[author] -= 1
    mails.reverse()
    lead = max(counts, key=lambda who: counts[who])
    for who, left in counts.items():
        for number in range(left):
            if left == 1 and "Marc" in who:  # a patch of his that somebody else sent
                raw = mail(
                    "[PATCH 02/17] KVM: arm64: Cleanup",
                    f"From: {who}\n\nWhy.\n---\n{DIFF.format(path='b.c')}",
                    sender=lead,
                )
            elif left == 1:
                raw = mail(
                    "Re: [PATCH 1/2] fs: something",
                    f"From: Nobody <nobody@example.net>\n\nFine, by {who}.\n",
                    sender=who,
                )
            else:
                raw = patch(f"[PATCH {number + 3:02d}/17] part {number}", sender=who)
            mails.insert(number, raw)
    epoch = Epoch(folder)
    epoch.add(mail("before the range", sender=lead))
    epoch.tag(start)
    for raw in mails:
        epoch.add(raw)
    epoch.tag(end)
    epoch.add(mail("after the range", sender=lead))


@pytest.mark.skipif(not SEED.exists(), reason="the seed is not beside the project")
def test_the_seed_comes_out_of_an_archive_rebuilt_from_it(tmp_path: Path) -> None:
    seed = SEED.read_text(encoding="utf-8")
    rebuilt(seed, tmp_path / "kvm")
    assert page(tmp_path / "kvm", "57d1cd1e0..d6f868dfe", name="kvm") == seed


# ------------------------------------------------------------------- rule by rule


def shown(tmp_path: Path, *mails: bytes, top: int = 15, patch_list: bool = False) -> str:
    epoch = Epoch(tmp_path / "kvm")
    for raw in mails:
        epoch.add(raw)
    return page(tmp_path / "kvm", name="kvm", top=top, patch_list=patch_list)


def entries(page: str) -> list[str]:
    return re.findall(r"^New:  (.*)$", page, re.M)


def test_an_empty_range_is_a_page(tmp_path: Path) -> None:
    epoch = Epoch(tmp_path / "kvm")
    commit = epoch.add(mail("one"))
    assert page(tmp_path / "kvm", f"{commit[:9]}..HEAD", top=3) == (
        f"From {commit[:9]} to HEAD\n"
        f"KVM mailing list update from {commit[:9]} to HEAD\n\n"
        "Top 3 contributor Email domains (Based on Email Body)\n\n\n"
        "Top 3 contributors (Based on Email Body)\n\n\n"
        "===== Patch list in this time period =====\n\n\n"
        "===== Patch Commit Messages ====\n\n"
    )


def test_counts_are_of_identities_as_written_replies_too(tmp_path: Path) -> None:
    text = shown(
        tmp_path,
        mail("a", sender="Ada <ada@Example.ORG>"),
        mail("Re: a", sender="ada@example.org", text="From: Eve <eve@example.net>\n\nNo.\n"),
        mail("b", sender="Bob <bob@example.net>"),
        mail("c", sender="Bob <bob@example.net>"),
        top=2,
    )
    assert "\n      2 example.org\n      2 example.net\n\n" in text
    assert (
        "\n      2  Bob <bob@example.net>\n      1  ada@example.org <ada@example.org>\n\n" in text
    )
    assert "Top 2 contributor Email domains" in text
    assert "Ada" not in text.partition("=====")[0]


@pytest.mark.parametrize(
    ("subject", "diff", "announced"),
    [
        ("[PATCH 0/3] t", False, True),
        ("[PATCH 00/17] t", False, True),
        ("[PATCH v4 00/17] t", False, True),
        ("[PATCH] t", True, True),
        ("[PATCH] t", False, False),
        ("[PATCH 1/3] t", True, True),
        ("[PATCH 01/17] t", True, True),
        ("[PATCH 1/3] t", False, False),
        ("[PATCH 2/3] t", True, False),
        ("[PATCH v2 1/2] t", True, True),
        ("[RFC] t", True, True),
        ("[RFC 0/2] t", False, True),
        ("[RFC PATCH net-next v3 01/9] t", True, True),
        ("[PATCHv3] t", True, True),
        ("[v2] t", True, True),
        ("[kvm] [v2] t", True, True),
        ("[v1 0/2] t", False, True),
        ("[net-next] t", True, False),
        ("[dispatch 0/2] t", False, False),
        ("Re: [PATCH 0/3] t", False, False),
        ("Re: [PATCH] t", True, False),
        ("t", True, False),
    ],
)
def test_who_is_announced(tmp_path: Path, subject: str, diff: bool, announced: bool) -> None:
    raw = patch(subject) if diff else mail(subject)
    assert entries(shown(tmp_path, raw)) == (["t"] if announced else [])


SHORTLOG = "Ada (1):\n  one\n"
STAT = " a.c | 3 ++-\n 1 file changed, 2 insertions(+), 1 deletion(-)\n"


@pytest.mark.parametrize(
    ("subject", "text", "printed"),
    [
        ("[PATCH] t", f"Why.\n---\nNotes.\n\n{STAT} create mode 100644 a.c\n\n{DIFF}", f"Why.\n---\nNotes.\n\n{STAT}"),
        ("[PATCH] t", f"From: Eve <e@x.org>\nSubject: u\n\nWhy.\n---\n{STAT}\n{DIFF}", f"Why.\n---\n{STAT}"),
        ("[PATCH] t", f"Why.   \n\n\n{DIFF}", "Why.\n"),
        ("[PATCH 0/1] t", f"\n\nHi,\n\n{SHORTLOG}\n{STAT}\nbase-commit: 123\n-- \n2.4\n", f"Hi,\n\n{SHORTLOG}\n{STAT}"),
        ("[PATCH 0/1] t", "Hi.\n\nbase-commit: 123\nchange-id: x\n", "Hi.\n"),
        ("[PATCH 0/1] t", "Hi.\n\n-- \nAda\n", "Hi.\n"),
        ("[PATCH 0/1] t", "Hi.\nA line -- \n--\nAda  \n\n", "Hi.\nA line -- \n--\nAda\n"),
        ("[PATCH 0/1] t", f"As it was:\n{STAT}\nNow:\n{STAT}\nbase-commit: 1\n", f"As it was:\n{STAT}\nNow:\n{STAT}"),
        ("[PATCH 0/1] t", "Tab\there \x1b[31mred\n", "Tab     here ␛[31mred\n"),
    ],
)  # fmt: skip
def test_what_is_printed_of_a_text(tmp_path: Path, subject: str, text: str, printed: str) -> None:
    found = shown(tmp_path, mail(subject, text))
    _, _, rest = found.partition(f"New:  t\n{subject}\nAuthor: ")
    assert rest.partition("\n\n")[2] == f"{printed}\n{'-' * 70}\n\n"


def test_a_line_for_each_series_stands_in_the_patch_list(tmp_path: Path) -> None:
    text = shown(
        tmp_path,
        mail("[PATCH 0/2] pump: prime", mid="v1.0"),
        patch("[PATCH 1/2] one", mid="v1.1", answers="v1.0"),
        mail("[RFC PATCH v2 0/3] pump: prime", mid="v2.0", answers="v1.0", date=START + 90_000),
        patch("[RFC PATCH v2 1/3] one", mid="v2.1", answers="v2.0", date=START + 90_000),
        patch("[RFC PATCH v2 3/3] three", mid="v2.3", answers="v2.0", date=START + 90_000),
        patch("[PATCH net] alone", mid="alone", sender="bob@example.net"),
        mail("Re: [PATCH net] alone", answers="alone"),
        mail("A bug"),
        patch_list=True,
    )
    assert text.partition("time period =====\n")[2].partition("===== Patch Commit")[0] == (
        "\n[PATCH net] alone — bob@example.net (1/1)\n[RFC PATCH v2] pump: prime — Ada (2/3)\n\n"
    )


def test_the_list_makes_no_other_difference(tmp_path: Path) -> None:
    mails = [patch(f"[PATCH] {at}", mid=str(at)) for at in range(3)]
    with_list = shown(tmp_path, *mails, patch_list=True)
    without = page(tmp_path / "kvm", name="kvm")
    lines = without.splitlines(keepends=True)
    added = [line for line in with_list.splitlines(keepends=True) if "— Ada (1/1)" in line]
    at = lines.index("===== Patch list in this time period =====\n") + 2
    assert "".join([*lines[:at], *added, *lines[at:]]) == with_list
    assert len(added) == 3
