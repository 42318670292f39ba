"""Comments of 76 threads of a real list, compared with their places as a person read them.

`tests/data/kvm_ppc_remarks.jsonl` names for each reply, by its Message-ID, the places of what it says: part and line
of the patch, counted from 1, and the beginning of the SHA-1 of that line; null where it belongs under no line.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

from core.mail.message import parse_mail, parse_message
from core.model import OpenedMessage, Series
from core.series.grouping import group_messages
from core.series.review_comments import PatchLine, ReplyInThread, place_comments
from tests.core.shared_mails import kvm_ppc

JUDGED = Path(__file__).parents[2] / "data" / "kvm_ppc_remarks.jsonl"


def said_of(patch: OpenedMessage, place: PatchLine | None) -> str | None:
    """Return a place as the file writes it."""
    if place is None:
        return None
    line: str = getattr(patch.body, place.part).split("\n")[place.line]
    mark = hashlib.sha1(line.encode("utf-8", "surrogatepass"), usedforsecurity=False)
    return f"{place.part}:{place.line + 1} {mark.hexdigest()[:8]}"


def test_remarks_stand_where_a_reader_put_them(tmp_path: Path) -> None:
    raws = kvm_ppc(tmp_path)
    judged = [json.loads(line) for line in JUDGED.read_text().splitlines()]
    wanted = {each["reply"]: each["under"] for each in judged}
    patches = {each["patch"] for each in judged}
    items = group_messages([parse_message(raw, str(at)) for at, raw in enumerate(raws)])
    told = 0
    wrong: list[str] = []
    lost: list[str] = []
    for item in items:
        for version in item.versions if isinstance(item, Series) else ():
            for entry in version.entries():
                if entry.message.message_id not in patches:
                    continue
                patches.discard(entry.message.message_id)
                patch = parse_mail(raws[int(entry.message.key)], "")
                answers = [
                    ReplyInThread(parse_mail(raws[int(reply.message.key)], ""), reply.depth)
                    for reply in entry.replies
                ]
                found = place_comments(patch, answers)
                for answer in answers:
                    name = answer.mail.message.message_id
                    mine = [one for one in found if one.message.message_id == name]
                    places = Counter(said_of(patch, one.place) for one in mine)
                    asked = Counter(wanted[name])
                    told += asked.total()
                    if asked != places:
                        wrong.append(f"{name}: {places - asked} and not {asked - places}")
                    if not mine:
                        lost.append(name)
    assert not patches
    assert not lost
    assert told >= 250
    assert not wrong, "\n".join(wrong)
