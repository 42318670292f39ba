"""What each format is made of: the words that its grammar gives a meaning, and what people bend them into.

Inputs are strung together from these, so that they get past a parser's first look; what separates a mail from the next
in the formats of several mails is a NUL.
"""

from __future__ import annotations

from typing import Final

ODD: Final = (
    b"", b" ", b"\t", b"\n", b"\r\n", b"\r", b"\0", b"\x0b", b"\x0c", b"\x1b[2J", b"\x7f", b"\x85", b"\xff", b"\xfe\xff", b"\xc0\x80",
    b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "\u202e".encode(), "\u2066".encode(), "\u2028".encode(), "\u200d".encode(), "\u0301".encode() * 20,
    "\u0660".encode(), "\u00b2".encode(), "\u0130".encode(), "\U000e0041".encode(), "\ufdfa".encode(), b"9" * 5000, b"0", b"-1", b"x" * 300,
)  # fmt: skip
"""What may stand anywhere: blanks of all kinds, controls, bytes that are no UTF-8, digits that are none."""

HEADER: Final = (
    b"From:", b"from :", b"Subject: ", b"Date: ", b"Message-ID: ", b"References: ", b"In-Reply-To: ", b"To: ", b"Cc: ", b"List-Id: ", b"Received: ",
    b"\n", b"\n ", b"\n\t", b"\r\n", b"\n\n", b">From ", b"From ", b"<", b">", b"<a@b>", b"@", b",", b";", b":", b'"', b"\\", b"(", b")", b"()",
    b"a@b (A)", b"undisclosed-recipients:;", b'"A, B" <a@b>', b"=?utf-8?q?", b"=?utf-8?b?", b"=?iso-2022-jp?b?GyRC?=", b"=?x*en?Q?a?=", b"?=", b"=?", b"=",
    b"=20", b"_", b"QUJD", b"Mon, 02 Jun 2025 10:00:00 +0000", b"Mon", b"Jun", b"99999", b"+9999", b"-2400", b"24:60:61", b"31 Feb 0000", b"GMT", b"a", b" b",
)  # fmt: skip
SUBJECT: Final = (
    b"[", b"]", b"[PATCH", b"[PATCH]", b"[RFC]", b"v2", b"V3.1", b"1/2", b"0/7", b"1/1000000", b"9999/9999", b"1 of 2", b"1 / 2", b"PATCHv2", b"RFC-v2",
    b"v2PATCH1/4", b"Re:", b"Re: ", b"RE ", b"Aw:", b"Fwd: ", b"Re[2]:", b"PULL", b"GIT PULL", b"tip:x86/mm", b"net-next", b"(v2)", b"/", b",", b":", b" ",
    b"-", b"_", b".", b"#", "回复：".encode(), b"RESEND", b"FAILED: patch", b"a", b"of",
)  # fmt: skip
MIME: Final = (
    b"From: a <a@b>\n", b"Subject: [PATCH] x\n", b"Message-ID: <a@b>\n", b"MIME-Version: 1.0\n", b"Content-Type: ", b"multipart/mixed; boundary=x\n",
    b"multipart/alternative; boundary=\"x\"\n", b"multipart/signed; boundary=y\n", b"message/rfc822\n", b"text/plain", b"text/html", b"text/x-patch",
    b"application/octet-stream", b"; charset=", b"utf-8", b"utf-7", b"utf-16", b"idna", b"punycode", b"unicode_escape", b"rot13", b"../../etc/passwd",
    b"iso-2022-jp", b"hz", b"undefined", b"base64_codec", b"; format=flowed", b"; delsp=yes", b"; name=\"a\0.patch\"", b"; name*0=a; name*1=b", b"\n", b"\n\n",
    b"\r\n\r\n", b"Content-Transfer-Encoding: ", b"base64\n", b"quoted-printable\n", b"8bit\n", b"x-uuencode\n", b"Content-Disposition: attachment\n", b"--x\n",
    b"--x--\n", b"--y\n", b"--", b"QUJD", b"QUJD\n", b"=", b"=\n", b"=3D", b"=0A", b"= \n", b"> ", b"<html>", b"<p>", b"<!--", b"<script>", b"&#x1b;", b"&lt;",
    b"&#99999999;", b"<a href='", b"-- \n", b"---\n", b"diff --git a/f b/f\n", b"From: Someone Else <s@e>\n", b"change-id: x\n", b"Reviewed-by: A <a@b>\n",
)  # fmt: skip
BODY: Final = (
    b"From: A <a@b>\n", b"Subject: x\n", b"Date: y\n", b"[PATCH] x\n", b">From " + b"0" * 40 + b" Mon Sep 17 00:00:00 2001\n", b"\n", b" ", b"text\n",
    b"---\n", b"--- \n", b"--- a/f\n", b"+++ b/f\n", b"diff --git a/f b/f\n", b"diff -r x\n", b"Index: f\n", b"=====\n", b"@@ -1 +1 @@\n", b"@@ -1,9 +1,9 @@\n",
    b"-a\n", b"+b\n", b" c\n", b"-- \n", b"2.49\n", b" f | 2 +-\n", b" 1 file changed\n", b"Signed-off-by: A <a@b>\n", b"> quoted\n", b"\\ No newline\n", b"-- >8 --\n",
)  # fmt: skip
DIFF: Final = (
    b"diff --git a/f b/f\n", b"diff --git \"a/\\303\\244\\\"\" b/f\n", b"diff --git ../../etc/passwd /etc/passwd\n", b"diff --cc f\n", b"diff -u a b\n",
    b"index 1..2 100644\n", b"old mode 100644\n", b"new mode 100755\n", b"new file mode 120000\n", b"deleted file mode 100644\n", b"rename from a\n",
    b"rename to ../b\n", b"copy from a\n", b"copy to b\n", b"similarity index 100%\n", b"Binary files a and b differ\n", b"GIT binary patch\n", b"literal 5\n",
    b"delta 99999999999\n", b"zcmV+b\n", b"Index: f\n", b"=====\n", b"--- a/f\n", b"+++ b/f\n", b"--- /dev/null\n", b"+++ /dev/null\n",
    b"--- f\t1970-01-01 00:00:00 +0000\n", b"@@ -1 +1 @@\n", b"@@ -1,3 +1,3 @@ f()\n", b"@@ -0,0 +1,999999999 @@\n", b"@@@ -1 -1 +1 @@@\n", b"@@ -1,2 +1,2 @@\n",
    b"@@@@@@@@@@@@@@@@@@ -1 +1 @@@@@@@@@@@@@@@@@@\n", b" c\n", b"+a\n", b"-b\n", b"++a\n", b"-- \n", b"\\ No newline at end of file\n", b"\n", b"+", b"-", b" ", b"\\",
    b"@@", b"x\n", b"/* ", b" */", b"\"", b"'", b"//", b"#if 0\n",
)  # fmt: skip
REMARKS: Final = (
    b"\0", b"> ", b">> ", b"> > ", b">", b"> -light();\n", b"> +trim_and_light();\n", b"> @@ -1,3 +1,3 @@\n", b"> int a;\n", b">  int a;\n", b"> Trim it before.\n",
    b"On Mon, A wrote:\n", b"[...]\n", b"[snip]\n", b"-----Original Message-----\n", b"-- \n", b"________________________________\n", b"\n", b"Why?\n", b"Hi,\n",
    b"> diff --git a/f b/f\n", b"> Trim it\nbefore.\n", b" ", b"\t", b"> ---\n", b"trim and light now please", b"Reviewed-by: A <a@b>\n", b"*", b"//", b"#",
)  # fmt: skip
SERIES: Final = (
    b"\0", b"|", b"a", b"b", b"c", b"d", b"a b", b"[PATCH] x", b"[PATCH v2] x", b"[PATCH 0/2] all", b"[PATCH 1/2] one", b"[PATCH 2/2] two", b"[PATCH v2 0/2] all",
    b"[PATCH v2 1/2] one", b"[PATCH v3 2/2] two", b"[PATCH 1/1000000] x", b"[PATCH 7/2] x", b"Re: [PATCH 1/2] one", b"Re: x", b"[PATCH RESEND 1/2] one", b"[GIT PULL] x",
    b"[PULL 01/12] x", b"Ann <a@b>", b"Rex <r@b>", b"d", b"change-id: c\n", b"Reviewed-by: Rex <r@b>\n", b"0", b"5", b"99999", b"-1",
)  # fmt: skip
QUERY: Final = (
    b"colton", b"pmu", b" ", b"-", b"f:", b"s:", b"d:", b"d:..", b"d:2025-06-01..", b"d:1.week.ago..", b"is:unread", b"is:", b"tag:", b"list:kvm", b"OR", b"AND", b"NOT",
    b"(", b")", b"\"", b"\"a b\"", b"v2", b"[PATCH v3 1/2] ", b"Re: ", b"a@b.example", b"<a@b>", b"https://lore.kernel.org/r/a@b/", b"%40", b"*", b"?", b"\\", b":", b"..",
    b"status:", b"label:", b"note:", b"priority:>3", b">", b"<", b"=", b",", b"x" * 50, "ø".encode(), "ß".encode(), "İ".encode(), "山田".encode(),
)  # fmt: skip
JOURNAL: Final = (
    b"{", b"}", b"[", b"]", b'"', b":", b",", b"\n", b"null", b"true", b"1", b"-1", b"1e999", b"9" * 5000, b"NaN", b'"time"', b'"host"', b'"verb"', b'"ids"', b'"series"',
    b'"argument"', b'"note"', b'"undoes"', b'"active"', b'"replies"', b'"before"', b'"keys"', b'"done"', b'"a@b"', b'"2025-06-02T10:00:00+00:00"', b'"9999-12-31T23:59:59+00:00"',
    b'"0001-01-01T00:00:00+23:59"', b'"\\ud800"', b'"\\u0000"', b"[[[[", b'{"a":', b'"00000000"', b'"zz"', b"3d", b"2026-12-01 14:00", b"v6.10",
    b'{"time":"2025-06-02T10:00:00.000001+00:00","host":"h","id":"0123456789abcdef","verb":"done","series":[{"ids":["a@b"],"before":"new","replies":"00000000","active":1.5}]}\n',
    b'{"time":"2025-06-02T10:00:00+00:00","host":"h","id":"0123456789abcdef","verb":"undo","undoes":"0123456789abcdef"}\n',
    b'{"time":"2025-06-02T10:00:00+00:00","host":"h","id":"0123456789abcdef.3","verb":"read","ids":["a@b"],"note":"x","keys":[]}\n',
)  # fmt: skip
CONFIG: Final = (
    b"[me]\n", b"[lists.kvm]\n", b"[lists.'../x']\n", b"[views]\n", b"[keys]\n", b"[display]\n", b"[identity]\n", b"[fetch]\n", b"[index]\n", b"[nope]\n", b"[[me]]\n",
    b"name = ", b"addresses = ", b"target = ", b"preset = ", b"theme = ", b"mouse = ", b"bots = ", b"deadline = ", b"max_size = ", b"server = ", b"bodies = ",
    b"sync_every = ", b"clone = ", b"x = ", b'"a"', b"'b'", b'"""', b"'''", b'"\\u001b[2J"', b'"\\ud800"', b'"\\U0010ffff"', b"true", b"1", b"-1", b"1e400", b"nan", b"inf",
    b"0x" + b"f" * 5000, b"9" * 5000, b"2025-02-30", b"9999-12-31T23:59:60Z", b"07:32:00", b"[", b"]", b"{", b"}", b"a.b.c = ", b",", b"=", b"\n", b"#", b"[" * 200,
    b"deadline = " + b"9" * 5000 + b"\n", b"max_size = 1e400\n", b"name = '\\u001b'\n", b'preset = "\\u202e"\n', b"[lists]\nkvm.target = 'x'\n", b"x = 2025-02-30\n",
)  # fmt: skip
MBOX: Final = (
    b"From a@b Mon Jun  2 12:00:00 2025\n", b"From mboxrd@z Thu Jan  1 00:00:00 1970\n", b"From ", b">From ", b">>From x\n", b"\nFrom ", b"From a Mon", b"Jun 2 12:00",
    b"Mon, 2 Jun 2025 10:00:00 +0000", b"Subject: x\n", b"Message-ID: <a@b>\n", b"From: a@b\n", b"\n", b"\n\n", b"\r\n", b"\r\n\r\n", b"text\n", b" folded\n", b"x" * 2100, b" ",
)  # fmt: skip
TEXT: Final = (
    b"a", b"=", b"\xd8\x9b", b"\xe2\x80\xae", b"\xe2\x81\xa6", b"\xe2\x80\x8b", b"\xe2\x80\x8d", b"\xe2\x80\x8c", b"\xcc\x81", b"\xef\xb8\x8f", b"\xf3\xa0\x84\x80",
    b"\xf0\x9f\x91\xa8", b"\xf0\x9f\x8f\xbd", b"\x1b]0;t\x07", b"\x1b[2J", b"\xc2\x9b31m", b"\x9b31m", b"\t", b"\n", b"\r", b"\x08", b"[red]", b"[/]", b"[@click=app.quit]",
    b"\xe2\x80\xa8", b"\xc2\x85", b"\xed\xa0\x80", b"\xe0\xb8\xb3", b"\xd0\xb0", b"\xce\xbf", b"\xef\xbc\xa1", b"\xe1\x85\x9f", b"\xe3\x85\xa4", b"\xcd\x8f",
)  # fmt: skip
MANIFEST: Final = (
    b"{", b"}", b"[", b"]", b'"', b":", b",", b"null", b"true", b"-1", b"1e999", b"9" * 5000, b"NaN", b'"\\ud800"', b"[" * 5000, b'{"a":' * 2000, b'"/x/git/0.git"',
    b'"fingerprint"', b'"modified"', b'{"/x/git/0.git": {"fingerprint": "f", "modified": 1}}', b'"/x/git/-1.git"', b'"/x/git/../0.git"', b"\x1f\x8b", b"\xff",
)  # fmt: skip
CALLS: Final = (
    *(bytes([number]) for number in range(13)), b"\0", b"a@b", b"\xff", b"caf\xe9", b"\xed\xa0\x80", b"--", b"-", b"-o", b"--note", b"--label", b"--until", b"--json", b"--help",
    b"--import", b"--in", b"demo", b"/dev/zero", b"/dev/null", b"\x1b[2J", b"\n", b"x" * 300, b"https://a.example/x/", b"\xe2\x80\xae", b"is:done", b"(", b"[lists.x]", b"..",
)  # fmt: skip
NAMES: Final = (
    b"a@b.example", b"<", b">", b"id:", b"https://", b"http://", b"lore.kernel.org", b"/", b"/r/", b"/all/", b"/T/", b"t.mbox.gz", b"%", b"%40", b"%2f", b"%00", b"?q=", b"#",
    b"[::1]", b"[", b"]", b":99999", b":", b"user:pw@", b"..", b"2025-05-01", b"T18:00", b"+02:00", b"@99999999999999", b"1.week.ago", b"last.month", b"now", b"monday",
    b"57d1cd1e0", b"0:", b"HEAD", b"-o", b"--", b"9999", b".", b"ago", b"years",
)  # fmt: skip
"""Of a TARGET, and of a range."""
