"""A small list with a match for every field of the query language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email.header import Header

from core.mail.message import parse_message
from core.model import TargetListing
from core.series.grouping import group_messages
from core.sources.source import git_blob_id

ANN = "Ann Author <ann@example.org>"
REX = "Rex Reviewer <rex@example.com>"
ZDENEK = "Zdeněk Krčmář <zdenek@example.cz>"
JURGEN = "Jürgen Schlameuß <schlameuss@linux.example.com>"
LI = "李 明 <li.ming@example.cn>"
ROBOT = "kernel test robot <lkp@example.com>"


def letter(
    name: str,
    subject: str,
    sender: str = ANN,
    *,
    date: str = "Mon, 02 Jun 2025 12:00:00 +0000",
    to: str = "list@example.org",
    cc: str = "",
    answers: str = "",
    body: str = "Hello.",
    files: Sequence[str] = (),
) -> bytes:
    """Return a mail; one that touches files is a patch."""
    lines = [
        f"From: {_encoded(sender)}",
        f"To: {to}",
        *([f"Cc: {cc}"] if cc else []),
        f"Subject: {Header(subject, 'utf-8').encode() if not subject.isascii() else subject}",
        f"Message-ID: <{name}@example.org>",
        f"Date: {date}",
        *([f"In-Reply-To: <{answers}@example.org>"] if answers else []),
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    diff = "".join(
        f"diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-one\n+two\n"
        for file in files
    )
    text = f"{body}\n" + (f"\nSigned-off-by: {sender}\n---\n{diff}" if files else "")
    return ("\n".join(lines) + f"\n\n{text}").encode()


def _encoded(person: str) -> str:
    name, _, address = person.partition(" <")
    return person if person.isascii() else f"{Header(name, 'utf-8').encode()} <{address}"


def _on(day: str) -> str:
    return f"{day} 10:00:00 +0000"


MAILS: list[bytes] = [
    # A series of three in two versions, the second reviewed.
    letter("pmu1-0", "[PATCH 0/2] arm64: PMU partitioning", date=_on("02 May 2025")),
    letter("pmu1-1", "[PATCH 1/2] arm64: cpufeature: Add cpucap for HPMN0", date=_on("02 May 2025"), answers="pmu1-0", files=["arch/arm64/kernel/cpufeature.c"]),
    letter("pmu1-2", "[PATCH 2/2] KVM: arm64: Split the PMU's counters", date=_on("02 May 2025"), answers="pmu1-0", files=["arch/arm64/kvm/pmu.c", "arch/arm64/kvm/pmu-emul.c"]),
    letter("pmu1-r", "Re: [PATCH 0/2] arm64: PMU partitioning", REX, date=_on("03 May 2025"), answers="pmu1-0", body="This leaks a use after free, please mend.\n> quoted words of nobody"),
    letter("pmu2-0", "[PATCH v2 0/2] arm64: PMU partitioning", date=_on("02 Jun 2025"), cc="maz@kernel.example"),
    letter("pmu2-1", "[PATCH v2 1/2] arm64: cpufeature: Add cpucap for HPMN0", date=_on("02 Jun 2025"), answers="pmu2-0", files=["arch/arm64/kernel/cpufeature.c"]),
    letter("pmu2-2", "[PATCH v2 2/2] KVM: arm64: Split the PMU's counters", date=_on("02 Jun 2025"), answers="pmu2-0", files=["arch/arm64/kvm/pmu.c"]),
    letter("pmu2-r", "Re: [PATCH v2 1/2] arm64: cpufeature: Add cpucap for HPMN0", REX, date=_on("04 Jun 2025"), answers="pmu2-1", body="Good.\n\nReviewed-by: Rex Reviewer <rex@example.com>"),
    # One of which a patch is missing.
    letter("mem-0", "[PATCH RFC 0/3] mm: guest_memfd huge pages", JURGEN, date=_on("10 Jan 2025"), to="linux-mm@example.org"),
    letter("mem-1", "[PATCH RFC 1/3] mm: add a folio helper", JURGEN, date=_on("10 Jan 2025"), answers="mem-0", files=["mm/filemap.c"]),
    letter("mem-2", "[PATCH RFC 2/3] KVM: guest_memfd: use it", JURGEN, date=_on("10 Jan 2025"), answers="mem-0", files=["virt/kvm/guest_memfd.c"]),
    letter("mem-r", "Re: [PATCH RFC 0/3] mm: guest_memfd huge pages", ANN, date=_on("20 Jan 2025"), answers="mem-0", body="I like 100% of it."),
    # Single patches of people with odd names.
    letter("one", "[PATCH] docs: 100% of the %s_words [sic] explained", ZDENEK, date=_on("15 Mar 2024"), files=["Documentation/words.rst"]),
    letter("two", "[PATCH] drivers: net: fix -EINVAL", LI, date=_on("16 Mar 2025"), cc="netdev@example.org, ann@example.org", files=["drivers/net/a*b[c]?.c"]),
    # Threads.
    letter("bug", "arch/arm64/kvm/pmu.c:77: warning: unused variable", ROBOT, date=_on("05 Jun 2025")),
    letter("bug-r", "Re: arch/arm64/kvm/pmu.c:77: warning: unused variable", ANN, date=_on("06 Jun 2025"), answers="bug"),
    letter("talk", "What about 😀 and naïve words?", REX, date=_on("01 Feb 2025"), body='She said "quite so"; DROP TABLE item; --'),
]  # fmt: skip


def listing(raws: Iterable[bytes] = MAILS) -> TargetListing:
    """Return mails as a listing in memory."""
    items = group_messages([parse_message(raw, git_blob_id(raw).hex()) for raw in raws])
    return TargetListing(name="memory", items=tuple(items), mails=0, done=True)
