"""Patches made by hand: mails with a message and a diff."""

from __future__ import annotations

from collections.abc import Sequence

from core.mail.message import parse_mail
from core.model import OpenedMessage
from core.versions.content import PatchContent, read_patch


def diff(path: str, *rows: str, start: int = 1, header: str = "") -> str:
    """Return a file's diff with one hunk of these rows."""
    old = sum(row[:1] in {"-", " "} for row in rows)
    new = sum(row[:1] in {"+", " "} for row in rows)
    lines = [
        f"diff --git a/{path} b/{path}",
        *([header] if header else []),
        f"--- a/{path}",
        f"+++ b/{path}",
        f"@@ -{start},{old} +{start},{new} @@ int main(void)",
        *rows,
    ]
    return "".join(f"{line}\n" for line in lines)


def mail(
    title: str,
    *diffs: str,
    message: str = "Because.",
    tags: Sequence[str] = ("Signed-off-by: Ada <ada@example.org>",),
    notes: str = "",
    sender: str = "Ada <ada@example.org>",
    number: int = 1,
    total: int = 9,
    version: int = 1,
) -> OpenedMessage:
    """Return a patch mail, opened."""
    trailers = "\n".join(tags)
    text = f"{message}\n\n{trailers}\n" if trailers else f"{message}\n"
    if diffs:
        text += f"---\n{notes}\n" + "".join(diffs) + "-- \n2.40\n"
    raw = (
        f"From: {sender}\nSubject: [PATCH v{version} {number}/{total}] {title}\n"
        f"Message-ID: <v{version}-{number}@example.org>\n\n{text}"
    )
    return parse_mail(raw.encode("utf-8", "surrogateescape"))


def patch(title: str, *diffs: str, number: int = 1, **more: object) -> PatchContent:
    """Return a patch as it is compared."""
    return read_patch(mail(title, *diffs, number=number, **more), number)  # type: ignore[arg-type]


def lines(name: str, count: int, sign: str = "+") -> list[str]:
    """Return rows that no other name has."""
    return [f"{sign}\t{name}_{at}({at});" for at in range(count)]
