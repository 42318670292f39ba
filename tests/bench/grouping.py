"""Parsing and grouping, thread by thread, beside b4's own mailbox over the same threads."""

from __future__ import annotations

import time
from pathlib import Path

from core.export import messages_of
from core.model import MessageId
from core.patch.message import read_message
from core.patch.series import group
from tests.bench.corpus import kvm_ppc, mails_of
from tests.bench.measure import row


def run(folder: Path) -> list[str]:
    """Return the lines of the table."""
    inbox = kvm_ppc(folder)
    if inbox is None:
        return ["grouping: skipped, kvm-ppc is not there"]
    raws = [mail.raw for mail in mails_of(inbox)]
    by_id: dict[MessageId, bytes] = {}
    for raw in raws:
        by_id.setdefault(read_message(raw).message_id, raw)
    items = group([read_message(raw) for raw in raws])
    threads = [[by_id[m.message_id] for m in messages_of(item)] for item in items]

    ours = []
    for _ in range(3):
        started = time.process_time()
        for thread in threads:
            group([read_message(raw) for raw in thread])
        ours.append(time.process_time() - started)
    theirs = _b4(threads)
    mails = sum(len(thread) for thread in threads)
    return [
        row(
            f"group {len(threads)} threads, {mails} mails (CPU)",
            sorted(ours)[1],
            "b4 LoreMailbox",
            theirs,
            ">= 15x",
        )
    ]


def _b4(threads: list[list[bytes]]) -> float:
    """Return the CPU seconds b4 needs for the same threads, from the same bytes; once, for it is slow."""
    import email
    import logging

    import b4

    logging.disable(logging.CRITICAL)

    started = time.process_time()
    for thread in threads:
        box = b4.LoreMailbox()
        for raw in thread:
            try:
                box.add_message(email.message_from_bytes(raw, policy=b4.emlpolicy))
            except (ValueError, IndexError, AttributeError, KeyError):
                continue  # b4 gives up on some mails
    took = time.process_time() - started
    logging.disable(logging.NOTSET)
    return took
