"""The mails that the end-to-end tests put into their inboxes: invented people, an invented project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

AUTHOR: Final = "Ada Moth <ada@example.org>"
OTHER: Final = "Ben Newt <ben@example.org>"
CHANGE_ID: Final = "20250602-frob-whistle-0123456789ab"
ODD_ID: Final = "a/b=+%25_~@example.org"

DIFF: Final = """---
 frob.c | 1 +

diff --git a/frob.c b/frob.c
index 1234567..89abcde 100644
--- a/frob.c
+++ b/frob.c
@@ -1,2 +1,3 @@
 int frob;
+int whistle_%d;
 int frob_again;
"""


def letter(
    message_id: str,
    subject: str,
    text: str = "Hello.\n",
    *,
    sender: str = AUTHOR,
    answers: str = "",
    minute: int = 0,
) -> bytes:
    """Return one mail; `answers` is the Message-ID of its parent."""
    lines = [
        f"From: {sender}",
        "To: frob@lists.example.org",
        f"Subject: {subject}",
        f"Date: Mon, 02 Jun 2025 {10 + minute // 60:02}:{minute % 60:02}:00 +0000",
        f"Message-ID: <{message_id}>",
        *([f"In-Reply-To: <{answers}>", f"References: <{answers}>"] if answers else []),
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    return ("\n".join(lines) + "\n\n" + text).encode()


def series(
    name: str, title: str, version: int, total: int, *, notes: str = "", minute: int = 0
) -> Iterator[bytes]:
    """Yield a cover letter and its patches; their ids are `NAME-vVERSION-NUMBER@example.org`."""
    tag = f"PATCH v{version}" if version > 1 else "PATCH"
    cover = f"{name}-v{version}-0@example.org"
    yield letter(cover, f"[{tag} 0/{total}] {title}", f"It whistles.\n\n{notes}\n", minute=minute)
    for number in range(1, total + 1):
        text = f"Step {number}.\n\nSigned-off-by: {AUTHOR}\n" + DIFF % number + "-- \n2.45.0\n"
        subject = f"[{tag} {number}/{total}] {name}: step {number}"
        yield letter(
            f"{name}-v{version}-{number}@example.org",
            subject,
            text,
            answers=cover,
            minute=minute + number,
        )


def frob_thread() -> list[bytes]:
    """Return a thread of 36 mails: a cover letter, five patches and thirty replies."""
    mails = list(series("frob", "frob: teach it to whistle", 1, 5, notes=f"change-id: {CHANGE_ID}"))
    for number in range(30):
        patch = number % 6
        mails.append(
            letter(
                f"reply-{number}@example.org",
                "Re: frob",
                f"> Step {patch}.\n\nFrom what I see it is fine — schön.\n>From me, too.\nReviewed-by: {OTHER}\n",
                sender=OTHER,
                answers=f"frob-v1-{patch}@example.org",
                minute=60 + number,
            )
        )
    return mails


def evil() -> dict[str, list[bytes]]:
    """Return threads that stop b4's own reader, by the id to ask for."""
    pair = [
        letter("egg@example.org", "[PATCH 1/2] egg", answers="hen@example.org"),
        letter("hen@example.org", "[PATCH 2/2] hen", answers="egg@example.org"),
    ]
    return {
        "egg@example.org": pair,
        "brackets@example.org": [letter("brackets@example.org", "[ " * 20_000)],
        "pairs@example.org": [
            letter("pairs@example.org", "[PATCH] pairs", "key: value\n" * 14_000)
        ],
    }


FROB: Final = [
    *frob_thread(),
    *series(
        "frob",
        "frob: teach it to whistle, louder",
        2,
        5,
        notes=f"change-id: {CHANGE_ID}",
        minute=200,
    ),
    *series("lamp", "lamp: glow in the dark", 1, 2, minute=300),
    *series("lamp", "lamp: glow in the dark", 2, 2, minute=400),
    letter(ODD_ID, "[PATCH] an odd id"),
    *[mail for mails in evil().values() for mail in mails],
]
MOTH: Final = [letter("moth@example.org", "A moth in the relay", sender=OTHER)]
INBOXES: Final = {"frob": FROB, "moth": MOTH}
