"""A child process that makes a digest, so that the screen never shares its interpreter with that.

It is started as `python -P -m core.digest.process TARGET WORDS NOW` and sends Progress, then a PatchdeskError, or the
digest: its series and threads in tuples of some, since taking many apart at once would hold the screen up, and last a `DigestResult`
without them.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

from core.digest.archive import Archive, ArrivedMail, EarlierMail
from core.digest.range import DigestRange, RangeEnd
from core.digest.values import Digest, SeriesChanges, ThreadChanges
from core.errors import Cancelled, ConfigError, PatchdeskError, SourceError, TargetError
from core.progress import Progress, ProgressCallback
from core.system.child_process import Child, send

_PIECE: Final = 100
"""Series in a frame."""

_TELL_EVERY: Final = 0.1
"""Seconds between two reports of progress."""


@dataclass(frozen=True, slots=True)
class DigestResult:
    """A digest, and the ends of its range as the archive understood them."""

    digest: Digest
    start: RangeEnd
    end: RangeEnd


class DigestProcess(Child):
    """The parent's side: one child that makes one digest."""

    def __init__(self, target: str, words: str, now: datetime) -> None:
        """Start the child for a TARGET on disk, or a followed list, and a FROM..TO as on the command line."""
        ended = SourceError("The process that makes the digest has ended.", "Ask for it again.")
        super().__init__("core.digest.process", target, words, now.isoformat(), ended=ended)

    def result(self, *, stop: Event, report: ProgressCallback) -> DigestResult:
        """Return the digest. Blocks. Raises PatchdeskError and Cancelled."""
        series: list[SeriesChanges] = []
        threads: list[ThreadChanges] = []
        with closing(self.values(stop)) as values:
            for value in values:
                if isinstance(value, DigestResult):
                    whole = replace(value.digest, series=tuple(series), threads=tuple(threads))
                    return DigestResult(whole, value.start, value.end)
                if isinstance(value, PatchdeskError):
                    raise value
                if isinstance(value, Progress):
                    report(value)
                    continue
                for one in value:
                    if isinstance(one, SeriesChanges):
                        series.append(one)
                    else:
                        threads.append(one)
        raise Cancelled


class _ReportingArchive:
    """An archive that tells how far its reading has come, and remembers what its range meant."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.read = archive.read
        self.title_ends = archive.title_ends
        self.close = archive.close
        self.range = DigestRange(None, None)

    @property
    def name(self) -> str:
        return self._archive.name

    @property
    def notes(self) -> tuple[str, ...]:
        return self._archive.notes

    def resolve_range(self, start: str, end: str, now: datetime) -> DigestRange:
        self.range = self._archive.resolve_range(start, end, now)
        return self.range

    def arrivals(self, span: DigestRange) -> Iterator[ArrivedMail]:
        told = 0.0
        for count, arrival in enumerate(self._archive.arrivals(span), 1):
            if (now := monotonic()) - told > _TELL_EVERY:
                told = now
                send(Progress("reading mails", count))
            yield arrival

    def mails_before(self, span: DigestRange) -> Iterator[EarlierMail]:
        send(Progress("looking at what came before"))
        yield from self._archive.mails_before(span)


def _make(target: str, words: str, now: datetime) -> DigestResult:
    """Make a digest as the user's configuration has it; what is wrong in that is one of its notes."""
    from core.config import load_config
    from core.digest.build import DigestOptions
    from core.digest.page import open_archive, read_digest
    from core.digest.people import Bots, Mailmap, read_mailmap
    from core.system.paths import config_file

    if target == "-":
        raise TargetError(
            "What came on standard input is there only once.", "Save it to a file, and open that."
        )
    config = load_config(config_file())
    mailmap: Mailmap | None = None
    notes: tuple[str, ...] = ()
    try:
        mailmap = read_mailmap(config.mailmap)
    except ConfigError as error:
        notes = (f"{error.message} {error.hint}".rstrip(),)
    name = ""
    if target in config.lists and not Path(target).exists():
        name, target = target, _place_of(target, config.lists[target].target)
    archive = _ReportingArchive(open_archive(target))
    try:
        options = DigestOptions(name=name, mailmap=mailmap, bots=Bots(config.bots))
        digest = read_digest(archive, words, now=now, options=options)
    finally:
        archive.close()
    digest = replace(digest, notes=(*notes, *digest.notes))
    return DigestResult(digest, archive.range.start, archive.range.end)


def _place_of(name: str, target: str) -> str:
    """Return where a followed list lies: its clone, where there is one, else what it was followed by."""
    from core.sync.list_folder import DataDirs

    clone = DataDirs.default().clone(name) if "://" in target else None
    return str(clone) if clone is not None else target


def main(target: str, words: str, now: str) -> None:
    """Make a digest and send it; an error is sent too."""
    try:
        made = _make(target, words, datetime.fromisoformat(now))
        for news in (made.digest.series, made.digest.threads):
            for start in range(0, len(news), _PIECE):
                send(news[start : start + _PIECE])
        send(replace(made, digest=replace(made.digest, series=(), threads=())))
    except PatchdeskError as error:
        send(error)
    except BrokenPipeError:  # nobody wants to know any more
        os._exit(0)
    except Exception as error:
        from core.system.log import start_logging
        from core.system.paths import log_file

        start_logging(log_file())
        logging.getLogger(__name__).exception("making a digest failed")
        message = f"Making the digest failed: {type(error).__name__}."
        send(SourceError(message, "The log has the details."))


if __name__ == "__main__":
    # Under its own name, or what is sent could not be taken apart by the parent.
    from core.digest import process as apart

    apart.main(*sys.argv[1:])
