"""A thread from a server on loopback: fetched, read and grouped by us, and by b4 into its mailbox."""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import statistics
import time
from pathlib import Path
from threading import Event

from core.desk.target_reader import listings
from core.fetch.client import prestart_worker
from core.fetch.options import FetchOptions
from core.mail.message import parse_message
from core.model import MessageId
from core.series.grouping import group_messages
from core.sources.lore import LoreThreadSource
from tests.bench.corpus import kvm_ppc, mails_of
from tests.bench.goals import Figure
from tests.end_to_end.server import Server

THREADS = 7
MAILS = range(25, 45)


def run(folder: Path) -> list[Figure | str]:
    """Return the lines of the table."""
    inbox = kvm_ppc(folder)
    if inbox is None:
        return ["fetching: skipped, kvm-ppc is not there"]
    raw_of = {parse_message(mail.raw).message_id: mail.raw for mail in mails_of(inbox)}
    threads = [
        [message.message_id for message in item.messages()]
        for item in group_messages(parse_message(raw) for raw in raw_of.values())
    ]
    chosen = [thread for thread in threads if len(thread) in MAILS][:THREADS]
    served = [raw_of[message_id] for thread in chosen for message_id in thread]
    (folder / "served").mkdir()
    with Server(folder / "served", {"kvm-ppc": served}) as server:
        base = f"{server.url}/kvm-ppc"
        asked = [thread[0] for thread in chosen]
        for message_id in asked:  # the server's own caches are warm for both
            _ours(message_id, base)
        ours = [_ours(message_id, base) for message_id in asked]
        theirs = _b4(asked, base, folder)
    ours_ms, theirs_ms = statistics.median(ours) * 1e3, statistics.median(theirs) * 1e3
    return [
        f"{len(asked)} threads of {min(MAILS)}-{max(MAILS)} mails, fetched and grouped:",
        Figure("a thread over HTTP, wall", ours_ms, theirs_ms),
    ]


def _ours(message_id: MessageId, base: str) -> float:
    prestart_worker(None)
    source = LoreThreadSource(message_id, base=base, options=FetchOptions(fresh=True))
    time.sleep(1)  # on the screen that is the time in which Textual starts, or a person types
    started = time.perf_counter()
    for _ in listings(source, [], stop=Event(), report=lambda _: None):
        pass
    took = time.perf_counter() - started
    source.close()
    return took


def _b4(asked: list[MessageId], base: str, folder: Path) -> list[float]:
    """Return the seconds that b4 takes, imported and set up before, without its cache."""
    os.environ.update(
        GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1", XDG_CACHE_HOME=str(folder / "cache")
    )
    import b4

    logging.disable(logging.CRITICAL)
    b4.setup_config(
        argparse.Namespace(config={"b4.midmask": f"{base}/%s", "b4.attestation-policy": "off"})
    )
    took = []
    for message_id in [asked[0], *asked]:
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            mails = b4.get_pi_thread_by_msgid(message_id, nocache=True, quiet=True)
            box = b4.LoreMailbox()
            for mail in mails or ():
                box.add_message(mail)
        took.append(time.perf_counter() - started)
    logging.disable(logging.NOTSET)
    return took[1:]
