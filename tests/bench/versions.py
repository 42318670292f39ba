"""How patches pair between versions, against `git range-diff`; and interdiffs, against the trees that git makes.

The oracle is a file beside the project that says of version pairs of io-uring how range-diff pairs their patches;
PATCHDESK_ARCHIVES must name that list's archive. PATCHDESK_LIBURING names a bare repository of liburing, where the
versions are applied again.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.mail.message import parse_mail, parse_message
from core.model import MessageId, Version
from core.series.grouping import group_messages
from core.versions.compare import PairChange, compare_patches
from core.versions.content import PatchContent, read_patch
from tests.bench.corpus import ROOT, mails_of, more_archives

ORACLE = ROOT.parent / "shared" / "data" / "range-diff" / "io-uring.jsonl"


@dataclass(frozen=True, slots=True)
class OraclePair:
    """Two versions, and range-diff's pairs: (number or None, sign, number or None)."""

    old: Sequence[bytes]
    new: Sequence[bytes]
    pairs: Sequence[tuple[int | None, str, int | None]]
    name: str


def run(folder: Path) -> Iterator[str]:
    """Yield the rows of the table."""
    pairs = list(oracle_pairs())
    if not pairs:
        yield table_row("no oracle, or PATCHDESK_ARCHIVES names no archive of io-uring")
        return
    yield from _pairing(pairs)
    liburing = os.environ.get("PATCHDESK_LIBURING", "")
    if not liburing:
        yield table_row("interdiff against git (PATCHDESK_LIBURING names no repository)", "", "")
        return
    from tests.bench.versions_git import interdiffs

    yield from interdiffs(pairs, Path(liburing), folder)


def oracle_pairs() -> Iterator[OraclePair]:
    """Yield the version pairs whose mails are all in an archive that is named."""
    if not ORACLE.exists():
        return
    records: list[dict[str, Any]] = [json.loads(line) for line in ORACLE.read_text().splitlines()]
    wanted = {record[side] for record in records for side in ("old", "new")}
    versions: dict[MessageId, Version] = {}
    raws: dict[str, bytes] = {}
    for archive in more_archives():
        mails = [mail for mail in mails_of(archive) if b"PATCH" in mail.raw[:20_000]]
        found = _versions([parse_message(mail.raw, mail.key) for mail in mails], wanted)
        keys = {p.message.key for version in found.values() for p in version.patches}
        raws |= {mail.key: mail.raw for mail in mails if mail.key in keys}
        versions |= found
    for record in records:
        if record["old"] in versions and record["new"] in versions:
            old, new = versions[record["old"]], versions[record["new"]]
            yield OraclePair(
                [raws[patch.message.key] for patch in old.patches],
                [raws[patch.message.key] for patch in new.patches],
                [(a, sign, b) for a, sign, b in record["pairs"]],
                f"{record['old']} → {record['new']}",
            )


def _versions(messages: Sequence[Any], wanted: set[str]) -> dict[MessageId, Version]:
    found: dict[MessageId, Version] = {}
    for item in group_messages(messages):
        for version in getattr(item, "versions", ()):
            for patch in version.entries():
                if patch.message.message_id in wanted:
                    found[patch.message.message_id] = version
    return found


def contents(raws: Sequence[bytes]) -> list[PatchContent]:
    """Return patches as they are compared, numbered by their place."""
    return [read_patch(parse_mail(raw), number) for number, raw in enumerate(raws, 1)]


def table_row(what: str, figure: str = "", more: str = "") -> str:
    """Return one line of the table."""
    return f"versions: {what:<64} {figure:<18} {more}".rstrip()


def _pairing(pairs: Sequence[OraclePair]) -> Iterator[str]:
    said: Counter[str] = Counter()
    unlike: list[str] = []
    seconds = 0.0
    for pair in pairs:
        old, new = contents(pair.old), contents(pair.new)
        started = time.process_time()
        changes = compare_patches(old, new)
        seconds += time.process_time() - started
        partners = {
            change.old.number: change for change in changes if change.old and change.new is not None
        }
        for a, sign, b in pair.pairs:
            if a is not None and b is not None:
                said.update(_judge(partners.get(a), sign, b))
                if "same" not in _judge(partners.get(a), sign, b):
                    unlike.append(f"git pairs {a} and {b} of {pair.name}")
    git = said["same"] + said["other"]
    yield table_row(
        f"pairs of git range-diff ({git} of {len(pairs)} version pairs)",
        f"{100 * said['same'] / git:.2f} % the same",
        "goal 99.5 %",
    )
    yield from (table_row(f"  {line}") for line in unlike)
    yield table_row(
        f"of {said['=']} equal ones, called changed in code",
        f"{said['= code']}",
        f"goal 0; {said['= changed']} called changed in any way",
    )
    yield table_row(f"of {said['!']} changed ones, no change in code", f"{said['! no code']}")
    yield table_row("compare a version pair, CPU", f"{1000 * seconds / len(pairs):.2f} ms")


def _judge(change: PairChange | None, sign: str, number: int) -> list[str]:
    """Return the counts for a pair of range-diff, and for patchdesk's pair of the same old patch."""
    if change is None or change.new is None or change.new.number != number:
        return ["other"]
    found = ["same", sign]
    if sign == "=" and change.change:
        found.append("= changed")
    if sign == "=" and "code" in change.change:
        found.append("= code")
    if sign == "!" and "code" not in change.change:
        found.append("! no code")
    return found
