"""Parsing and grouping, thread by thread, beside b4's own mailbox over the same threads."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from core.mail.message import parse_message
from core.model import MessageId
from core.series.grouping import group_messages
from tests.bench.corpus import kvm_ppc, mails_of
from tests.bench.goals import Figure
from tests.bench.measure import row


def run(folder: Path) -> list[Figure | str]:
    """Return the lines of the table."""
    inbox = kvm_ppc(folder)
    if inbox is None:
        return ["grouping: skipped, kvm-ppc is not there"]
    raws = [mail.raw for mail in mails_of(inbox)]
    by_id: dict[MessageId, bytes] = {}
    for raw in raws:
        by_id.setdefault(parse_message(raw).message_id, raw)
    items = group_messages([parse_message(raw) for raw in raws])
    threads = [[by_id[m.message_id] for m in item.messages()] for item in items]

    ours = []
    for _ in range(3):
        started = time.process_time()
        for thread in threads:
            group_messages([parse_message(raw) for raw in thread])
        ours.append(time.process_time() - started)
    filled, grouped = _b4(threads)
    what = f"group {len(threads)} threads, {len(raws)} mails (CPU)"
    median = sorted(ours)[1]
    return [
        Figure("kvm-ppc parsed and grouped, CPU", median, filled),
        row(what, median, "b4 ... and its get_series()", grouped, "-", unit="s"),
    ]


def _b4(threads: list[list[bytes]]) -> tuple[float, float]:
    """Return the CPU seconds b4 needs for the same threads, from the same bytes; once, for it is slow.

    The first is until its mailboxes are filled, the second also for the newest series of each, which is when b4 puts
    patches into their places and applies trailers.
    """
    import email
    import logging

    import b4

    logging.disable(logging.CRITICAL)
    b4.MAIN_CONFIG.update(b4.DEFAULT_CONFIG)
    started = _cpu()
    boxes = []
    for thread in threads:
        box = b4.LoreMailbox()
        for raw in thread:
            with contextlib.suppress(ValueError, IndexError, AttributeError, KeyError):
                box.add_message(email.message_from_bytes(raw, policy=b4.emlpolicy))
        boxes.append(box)
    filled = _cpu()
    for box in boxes:
        if box.series:
            with contextlib.suppress(ValueError, IndexError, AttributeError, KeyError):
                box.get_series(codereview_trailers=False)
    logging.disable(logging.NOTSET)
    return filled - started, _cpu() - started


def _cpu() -> float:
    """Return the CPU seconds of this process and the children it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
