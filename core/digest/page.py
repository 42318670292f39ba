"""A digest for a command or screen: open the archive, read the range, write the page."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from core.digest.archive import Archive, MailboxArchive
from core.digest.build import DigestOptions, build_digest
from core.digest.epoch_archive import EpochArchive
from core.digest.formats.html_page import web_page
from core.digest.formats.json_record import digest_record
from core.digest.formats.markdown import markdown_page
from core.digest.formats.seed import seed_page
from core.digest.formats.text import text_page
from core.digest.range import split_range
from core.digest.values import Digest
from core.errors import TargetError
from core.json_records import to_line
from core.sources.mailbox import MailboxSource
from core.sources.maildir import MaildirSource
from core.sources.message_url import scheme_of
from core.sources.public_inbox import PublicInboxSource
from core.sources.target import open_target


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFormat:
    """How a digest is to be written."""

    format: str = "text"
    """text, markdown, html or json."""
    layout: str = "threads"
    """threads or, with text and json alone, seed."""
    top: int = 15
    patch_list: bool = True
    explain: bool = False
    web: str = ""
    """The list's web address, for links in HTML; "" for none."""


def open_archive(target: str, *, stdin: bytes | None = None) -> Archive:
    """Open an archive on disk, or from standard input, for a digest. Raises TargetError and SourceError."""
    source = None if scheme_of(target) else open_target(target, stdin=stdin, isolate=False)
    if isinstance(source, PublicInboxSource):
        return EpochArchive(source)
    if isinstance(source, (MailboxSource, MaildirSource)):
        return MailboxArchive(source)
    raise TargetError(
        f"A digest needs a whole archive, and {target} is not one on this disk.",
        "Sync a list that you follow (patchdesk sync NAME), or clone it: git clone --mirror ADDRESS/0 NAME/git/0.git",
    )


def read_digest(archive: Archive, words: str, *, now: datetime, options: DigestOptions) -> Digest:
    """Read the range that `title_ends` mean, FROM..TO, and return its digest; relative dates count from `now`.

    Blocks. Raises RangeError for words that are no range, PatchdeskError for a range that the archive does not have.
    """
    start, end = split_range(words)
    span = archive.resolve_range(start, end, now)
    with _no_collection():
        return build_digest(archive, span, archive.title_ends(start, end), options)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from looking again and again at values that hold no circles: a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def reduce_options(form: PageFormat, options: DigestOptions) -> DigestOptions:
    """Return the options reduced to the parts that a format shows: the seed's page has no merged people and nothing before the range."""
    if form.layout != "seed":
        return options
    return DigestOptions(
        name=options.name,
        as_written=True,
        earlier=False,
        entries=True,
        series=form.patch_list or form.format == "json",
        patches_only=form.format != "json",
    )


def write_page(digest: Digest, form: PageFormat) -> Iterator[str]:
    """Yield the lines of the page, without their line ends; all are safe to print."""
    if form.format == "json":
        yield to_line(digest_record(digest, top=form.top, explain=form.explain))
    elif form.layout == "seed":
        yield from seed_page(digest, top=form.top, patch_list=form.patch_list)
    else:
        if form.format == "html":
            yield from web_page(digest, top=form.top, explain=form.explain, web=form.web)
            return
        pages = {"text": text_page, "markdown": markdown_page}
        yield from pages[form.format](digest, top=form.top, explain=form.explain)
