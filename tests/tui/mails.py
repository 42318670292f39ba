"""Mails to read in tests of the reader: an ordinary patch, a reply, a hostile mail, a huge one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from core.mail.message import parse_mail
from core.model import Attachment, Identity, OpenedMessage

NOW = datetime(2025, 6, 5, 12, 0, tzinfo=UTC)

# ~ stands for a blank at a line's end.
PATCH = """\
From: Ada Wren <ada@lantern.example.org>
To: lantern-devel@lists.example.org
Cc: Bo Larch <bo@lantern.example.org>, Míra Ölçek <mira@lantern.example.org>, 王小明 <xm@example.org>
Subject: [PATCH v2 2/3] wick: trim the flame before it smokes
Date: Mon, 2 Jun 2025 21:26:45 +0200
Message-ID: <wick-v2-2@lantern.example.org>
List-Id: <lantern-devel.lists.example.org>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

A flame that is too tall smokes; the wick was only trimmed after it had, see
https://lantern.example.org/bugs/17 (and the words of 王小明).

Trim it before.

Fixes: 0123456789ab ("wick: light it")
Reviewed-by: Bo Larch <bo@lantern.example.org>
Signed-off-by: Ada Wren <ada@lantern.example.org>
---
v2: said why.

 Documentation/wick.rst        |  4 ++++
 drivers/lantern/wick.c        | 13 +++++++++----
 drivers/lantern/wick_sensor.h |  1 -
 3 files changed, 13 insertions(+), 5 deletions(-)
 create mode 100644 Documentation/wick.rst

diff --git a/Documentation/wick.rst b/Documentation/wick.rst
new file mode 100644
index 0000000..1111111
--- /dev/null
+++ b/Documentation/wick.rst
@@ -0,0 +1,4 @@
+The wick
+========
+
+Trim it.
diff --git a/drivers/lantern/wick.c b/drivers/lantern/wick.c
index 1111111..2222222 100644
--- a/drivers/lantern/wick.c
+++ b/drivers/lantern/wick.c
@@ -40,10 +40,15 @@ static int wick_height(struct wick *wick)
 \treturn wick->height;
 }
~
-/* Trim after the smoke. */
-static void wick_trim(struct wick *wick)
+/*
+ * Trim before the smoke: above WICK_TALL it is only a matter of time, and of a draught that nobody can foresee.
+ */
+static int wick_trim(struct wick *wick, unsigned int by)
 {
-\twick->height -= 1;
+\tif (by > wick->height)
+\t\treturn -EINVAL;
+\twick->height -= by; // "one" cut
+\treturn 0;
 }
~
 static const char *name = "wick";
@@ -90,3 +95,3 @@ static int wick_probe(struct device *dev)
 \twick->dev = dev;
-\twick_trim(wick);
+\twick_trim(wick, 1);
 \treturn 0;
diff --git a/drivers/lantern/sensor.h b/drivers/lantern/wick_sensor.h
similarity index 90%
rename from drivers/lantern/sensor.h
rename to drivers/lantern/wick_sensor.h
--- a/drivers/lantern/sensor.h
+++ b/drivers/lantern/wick_sensor.h
@@ -1,3 +1,2 @@
 #define SENSOR 1
-#define SMOKE 2
 #define LIGHT 3
base-commit: 0123456789abcdef0123456789abcdef01234567
--~
2.49.0
""".replace("~\n", " \n")

REPLY = """\
From: Bo Larch <bo@lantern.example.org>
To: Ada Wren <ada@lantern.example.org>
Subject: Re: [PATCH v2 2/3] wick: trim the flame before it smokes
Date: Tue, 3 Jun 2025 09:00:00 +0000
Message-ID: <answer@lantern.example.org>

On Mon, 2 Jun 2025 at 21:26, Ada Wren wrote:
> On Sun, 1 Jun 2025 at 10:00, Míra Ölçek wrote:
> > Does it smoke?
> > It smelled so.
> It did.
>
> @@ -90,3 +95,3 @@ static int wick_probe(struct device *dev)
> -\twick_trim(wick);
> +\twick_trim(wick, 1);

Why one? A line that is long enough to be broken in two on any screen that is no wider than eighty cells, twice.

Reviewed-by: Bo Larch <bo@lantern.example.org>

--~
Bo
""".replace("~\n", " \n")

EVIL = "\x1b]0;owned\x07\x1b[31m\x9b31m\u202e\u2066[red]x[/red][@click=app.bell]y[/][/foo]\udc80\x00\u200b\t|"
"""Text that must not reach a terminal, or a parser of markup, unchanged."""


def mail(text: str) -> OpenedMessage:
    return parse_mail(text.encode("utf-8", "surrogateescape"))


def hostile() -> OpenedMessage:
    """Return a mail with `EVIL` in every field of it."""
    whole = mail(PATCH)
    person = Identity(EVIL, EVIL)
    subject = replace(whole.message.subject, text=EVIL, title=EVIL)
    message = replace(
        whole.message, subject=subject, sender=person, author=replace(person, name="x" + EVIL), to=(person,) * 3,
        cc=(person,), list_ids=(EVIL,), truncations=(EVIL,), id_conflicts=(whole.message,),
    )  # fmt: skip
    body = replace(
        whole.body,
        message=f"{EVIL}\n> {EVIL}\n\nReviewed-by: {EVIL} <{EVIL}>\nhttps://x.example/{EVIL}\n",
        notes=EVIL,
        diffstat=f" {EVIL} | 2 +-\n {EVIL}\n",
        diff=(
            f'diff --git "a/{EVIL}" "b/{EVIL}"\nold mode {EVIL}\nnew mode {EVIL}\nrename from {EVIL}\n'
            f"rename to {EVIL}\n--- a/{EVIL}\n+++ b/{EVIL}\n@@ -1,2 +1,2 @@ {EVIL}\n {EVIL}\n-{EVIL}\n+{EVIL}\n{EVIL}\n"
        ),
        signature=EVIL,
        in_body_headers=((EVIL, EVIL),),
    )
    attachment = Attachment(name=EVIL, content_type=EVIL, size=1)
    return replace(
        whole, message=message, headers=((EVIL, EVIL),), body=body, attachments=(attachment,)
    )


def huge(lines: int = 100_000) -> OpenedMessage:
    """Return a patch of so many lines."""
    files = []
    for number in range(lines // 1000):
        rows = "".join(f"+\tint x{at} = {at};\n" for at in range(1000 - 4))
        name = f"drivers/lantern/part{number}.c"
        files.append(
            f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -0,0 +1,996 @@\n{rows}"
        )
    whole = mail(PATCH)
    return replace(whole, body=replace(whole.body, diff="".join(files)))
