"""A child process that makes a digest, so that the screen never shares its interpreter with that.

It sends the digest's series and threads in tuples of some, since taking many apart at once would hold the screen up, and last a
`DigestResult` without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Final

from core.digest.archive import Archive, ArrivedMail, EarlierMail
from core.digest.range import DigestRange, RangeEnd
from core.digest.values import Digest, SeriesChanges, ThreadChanges
from core.errors import Cancelled, ConfigError, TargetError
from core.progress import Progress, ProgressCallback
from core.system.child_process import Channel, ChildProcess

_PIECE: Final = 100
"""Series in a frame."""

_PATIENCE: Final = 300.0
"""Seconds without a sign of life after which making a digest is given up."""


@dataclass(frozen=True, slots=True)
class DigestResult:
    """A digest, and the ends of its range as the archive understood them."""

    digest: Digest
    start: RangeEnd
    end: RangeEnd


class DigestProcess(ChildProcess):
    """The parent's side: one child that makes one digest."""

    def __init__(self, target: str, words: str, now: datetime) -> None:
        """Start the child process for a TARGET on disk or a followed list, and a range FROM..TO as on the command line."""
        super().__init__(
            "core.digest.process",
            target,
            words,
            now.isoformat(),
            doing="Making the digest",
            hint="Ask for it again.",
            patience=_PATIENCE,
        )

    def result(self, *, stop: Event, report: ProgressCallback) -> DigestResult:
        """Return the digest. Blocks. Raises PatchdeskError and Cancelled."""
        series: list[SeriesChanges] = []
        threads: list[ThreadChanges] = []
        result: DigestResult | None = None
        try:
            for value in self.receive(stop=stop, report=report):
                if isinstance(value, DigestResult):
                    result = value
                    continue
                for one in value:
                    if isinstance(one, SeriesChanges):
                        series.append(one)
                    else:
                        threads.append(one)
        finally:
            self.release()
        if result is None:
            raise Cancelled
        whole = replace(result.digest, series=tuple(series), threads=tuple(threads))
        return DigestResult(whole, result.start, result.end)


class _ReportingArchive:
    """An archive that reports the progress of its reading, and remembers the bounds of its range."""

    def __init__(self, archive: Archive, channel: Channel) -> None:
        self._archive = archive
        self._channel = channel
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
        for count, arrival in enumerate(self._archive.arrivals(span), 1):
            self._channel.report(Progress("reading mails", count))
            yield arrival

    def mails_before(self, span: DigestRange) -> Iterator[EarlierMail]:
        self._channel.report(Progress("looking at what came before"))
        yield from self._archive.mails_before(span)


def _make(channel: Channel, target: str, words: str, now: datetime) -> DigestResult:
    """Make a digest with the user's configuration, whose problems become notes."""
    from core.config import load_config
    from core.digest.build import DigestOptions
    from core.digest.page import open_archive, read_digest
    from core.digest.people import Mailmap, read_mailmap
    from core.series.identities import Bots
    from core.system.paths import config_file

    if target == "-":
        raise TargetError(
            "Standard input can be read only once.", "Save it to a file, and open that."
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
    archive = _ReportingArchive(open_archive(target), channel)
    try:
        options = DigestOptions(name=name, mailmap=mailmap, bots=Bots(config.bots))
        digest = read_digest(archive, words, now=now, options=options)
    finally:
        archive.close()
    digest = replace(digest, notes=(*notes, *digest.notes))
    return DigestResult(digest, archive.range.start, archive.range.end)


def _place_of(name: str, target: str) -> str:
    """Return the place of a followed list: its clone, where there is one, else its target."""
    from core.sync.list_folder import DataDirs

    clone = DataDirs.default().clone(name) if "://" in target else None
    return str(clone) if clone is not None else target


def main(channel: Channel, target: str, words: str, now: str) -> None:
    """Make a digest and send it. The child's main."""
    made = _make(channel, target, words, datetime.fromisoformat(now))
    for changes in (made.digest.series, made.digest.threads):
        for start in range(0, len(changes), _PIECE):
            channel.send(changes[start : start + _PIECE])
    channel.send(replace(made, digest=replace(made.digest, series=(), threads=())))
