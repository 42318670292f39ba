"""One trial in a process that tests/bench/apply.py kills: `python -m tests.bench.apply_killed REPOSITORY MBOX`."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event

from core.apply.bases import BaseFinder, pre_images
from core.apply.repository import Repository
from core.apply.trial import try_version
from core.apply.values import PatchSource
from core.mail.message import parse_mail
from core.model import MessageId
from core.sources.mailbox import open_file


def main(repo: str, mbox: str) -> None:
    """Try the patches of an mbox."""
    raws = [one.raw for one in open_file(Path(mbox)).mails(stop=Event(), report=lambda _: None)]
    sources = [
        PatchSource(number=at, message_id=MessageId(f"{at}@x"), raw=raw)
        for at, raw in enumerate(raws, 1)
    ]
    mails = [parse_mail(raw) for raw in raws]
    images = pre_images(sources, [mail.body.diff for mail in mails])
    repository = Repository(Path(repo))
    finder = BaseFinder(repository, images, mails[0].message.date)
    trial = try_version(repository, sources, finder.bases("", "", "", raws))
    print(trial is not None and trial.applies)


if __name__ == "__main__":
    main(*sys.argv[1:])
