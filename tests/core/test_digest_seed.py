"""The seed's page: rebuilt from itself, and its rules one by one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.digest.epochs import EpochArchive
from core.digest.formats.seed import seed_page
from core.digest.summary import Options, build
from core.sources.public_inbox import open_archive
from tests.core.inboxes import DIFF, Epoch, mail, patch

SEED = Path(__file__).resolve().parents[3] / "shared" / "seed" / "kvm-mailing-list-update.txt"
NOW = datetime(2025, 6, 2, tzinfo=UTC)


def page(
    folder: Path, text: str = "..", *, name: str = "", top: int = 15, patch_list: bool = False
) -> str:
    archive = EpochArchive(open_archive(folder))
    start, end = text.split("..")
    span = archive.span(start, end, NOW)
    options = Options(name=name, as_written=True, entries=True, earlier=False, series=patch_list)
    digest = build(archive, span, archive.words(start, end), options)
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
