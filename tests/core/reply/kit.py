"""A patch to answer, drafts that answer it, and programs that take mails."""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from core.mail.message import parse_mail
from core.model import Identity, MessageId, OpenedMessage
from core.reply.draft import Draft, DraftComment
from core.reply.draft_store import DraftStore

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ME = Identity("Rex Reviewer", "rex@example.com")

PATCH = (
    """\
From: Ann Author <ann@example.org>
To: list@vger.kernel.org
Cc: Rex Reviewer <REX@example.com>, "Doe, John" <john@example.net>
Date: Mon, 10 Jun 2024 10:40:12 +0200
Subject: [PATCH v2 4/7] stripe-tree: add selftests
Message-ID: <patch-4@example.org>
References: <cover@example.org>
List-Post: <mailto:list@vger.kernel.org>

The stripe tree has no tests of its own,
so nobody notices when it breaks.

Add some.

Signed-off-by: Ann Author <ann@example.org>
---
v2: more of them

 fs/tree.c | 30 ++++++++++++++++++++++++++++++
 1 file changed, 30 insertions(+)

diff --git a/fs/tree.c b/fs/tree.c
index 1111111..2222222 100644
--- a/fs/tree.c
+++ b/fs/tree.c
@@ -10,3 +10,33 @@ int tree(void)
 \tint ret;
"""
    + "".join(f"+\tline_number({number});\n" for number in range(30))
    + """\
 \treturn ret;
 }
diff --git a/fs/other.c b/fs/other.c
--- a/fs/other.c
+++ b/fs/other.c
@@ -1,2 +1,2 @@
-old
+new
 end
--\x20
2.43.0
"""
)


def opened(text: str = PATCH) -> OpenedMessage:
    """Return a mail opened."""
    return parse_mail(text.encode())


def draft(*comments: DraftComment, trailers: Sequence[str] = (), text: str | None = None) -> Draft:
    """Return a draft that answers the patch."""
    return Draft(
        id="20260304-050607-00000000",
        answers=MessageId("patch-4@example.org"),
        message_id=MessageId("20260304050607.0-patchdesk@example.com"),
        sender=ME,
        to=(Identity("Ann Author", "ann@example.org"),),
        cc=(Identity("", "list@vger.kernel.org"),),
        subject="Re: [PATCH v2 4/7] stripe-tree: add selftests",
        references=(MessageId("cover@example.org"), MessageId("patch-4@example.org")),
        comments=comments,
        trailers=tuple(trailers),
        text=text,
        created=NOW,
        changed=NOW,
    )


def store_in(folder: Path) -> DraftStore:
    """Return a store whose clock stands still."""
    return DraftStore(folder / "drafts", lambda: NOW)


def numbered(one: Draft, number: int) -> Draft:
    """Return the same draft under another id."""
    return replace(
        one,
        id=f"20260304-050607-{number:08x}",
        message_id=MessageId(f"20260304050607.{number}-patchdesk@example.com"),
    )


def fake_sendmail(folder: Path, body: str = "") -> Path:
    """Return a program that notes its arguments and its input, a file a call, and then runs `body`."""
    script = folder / "sendmail"
    script.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys, time\n"
        f"folder = {str(folder)!r}\n"
        "said = {'argv': sys.argv[1:], 'stdin': sys.stdin.buffer.read().decode('latin-1')}\n"
        "name = f'{folder}/call-{time.time_ns()}-{os.getpid()}'\n"
        "with open(name + '.new', 'w') as file:\n"
        "    json.dump(said, file)\n"
        "os.rename(name + '.new', name + '.json')\n"
        f"{body}\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script
