"""The use cases a screen asks for: open a target, list it as it grows, open a mail. Blocking, without UI.

Modules that parse and fetch are imported where they are used: the screen's first frame must not wait for them.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event, Lock
from typing import TYPE_CHECKING, Final

from core.config import fetch_options
from core.desk.target_reader import TargetReader
from core.errors import Cancelled, FetchError, SourceError
from core.model import Message, MessageId, OpenedMessage, RawMessage, Series, TargetListing
from core.progress import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from core.config import Config
    from core.progress import ProgressCallback
    from core.sources.lore import LoreThreadSource
    from core.sources.source import Source

log = logging.getLogger(__name__)

_LINK: Final = re.compile(r"https?://[!-~]{1,300}%s[!-~]{0,100}")

_OTHER_VERSIONS_OF: Final = 6
"""Series of one thread whose other versions are fetched: each costs a request."""


class TargetDesk:
    """One opened target: reads it, groups it, and opens its mails."""

    def __init__(
        self, open_source: Callable[[], Source], *, name: str = "", apart: str | None = None
    ) -> None:
        """Take a function that opens the source, and a name in place of the source's.

        `apart` is a target on disk that a process of its own reads, from now on.
        """
        self._open_source = open_source
        self._name = name
        self._source: Source | None = None
        self._closed = False
        self._opening = Lock()
        self._apart = apart
        self._reading = TargetReader(apart) if apart is not None else None

    def listings(self, *, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        """Read the target and yield growing listings: first rows soon, the whole at the end.

        Raises PatchdeskError and Cancelled.
        """
        for listing in self._listings(stop, report):
            yield replace(listing, name=self._name) if self._name else listing

    def first_listing(self, stop: Event) -> TargetListing | None:
        """Wait for the first listing of a target that a process of its own reads; None once `stop` is set, or where there is none."""
        reading = self._reading
        return reading.first_listing(stop) if reading is not None else None

    def _listings(self, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        if self._apart is not None:
            with self._opening:
                if self._closed:
                    raise Cancelled
                reading = self._reading = self._reading or TargetReader(self._apart)
            try:
                yield from reading.listings(stop=stop, report=report)
            finally:
                self._reading = None
            return
        from core.desk.target_reader import listings
        from core.sources.lore import LoreThreadSource

        source = self._connected()
        messages: list[Message] = []
        for listing in listings(source, messages, stop=stop, report=report):
            online = isinstance(source, LoreThreadSource)
            yield replace(listing, done=listing.done and not online)
        if isinstance(source, LoreThreadSource):
            yield self._with_other_versions(source, messages, listing, stop, report)

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail for reading. Raises PatchdeskError."""
        return self.opened(message, self.raw(message))

    def opened(self, message: Message, raw: bytes) -> OpenedMessage:
        """Open a message, or its beginning, from the bytes at hand."""
        from core.mail.message import parse_mail

        return parse_mail(raw, message.key)

    def raw(self, message: Message) -> bytes:
        """Return one mail's bytes. Raises PatchdeskError."""
        return self._connected().read(message.key)

    def link(self, message_id: MessageId) -> str:
        """Return the address under which anybody can read a mail: on the server it came from, else by the user's mask."""
        from urllib.parse import quote

        from core.system.user_git import read_global

        name = quote(message_id, safe="@", errors="surrogatepass")
        inbox = getattr(self._source, "inbox", "")
        if inbox:
            return f"{inbox}/{name}/"
        masks = [mask for mask in read_global().get("b4.linkmask", ()) if _LINK.fullmatch(mask)]
        return masks[-1].replace("%s", name) if masks else f"https://lore.kernel.org/r/{name}"

    @property
    def is_list(self) -> bool:
        """Whether the target is a list's archive, and no file of mails from anywhere."""
        return self._connected().is_list

    def close(self) -> None:
        """Abort requests in flight, for good. Any thread."""
        with self._opening:
            self._closed = True
            if self._reading is not None:
                self._reading.close()
            if self._source is not None:
                self._source.close()

    def _connected(self) -> Source:
        with self._opening:  # mails and replies are read by several workers
            if self._closed:
                raise SourceError("This target was closed.", "Open it again.")
            if self._source is None:
                self._source = self._open_source()
            return self._source

    @staticmethod
    def _with_other_versions(
        source: LoreThreadSource,
        messages: list[Message],
        listing: TargetListing,
        stop: Event,
        report: ProgressCallback,
    ) -> TargetListing:
        """Return the listing with the series' versions in other threads of the server."""
        from core.desk.target_reader import make_listing
        from core.mail.message import parse_message
        from core.sources.lore import change_id_query, series_query

        raws: list[RawMessage] = []
        note = listing.note
        series = [item for item in listing.items if isinstance(item, Series)]
        for one in series[:_OTHER_VERSIONS_OF]:
            report(Progress("looking for other versions"))
            query = (
                change_id_query(one.change_id)
                if one.change_id
                else series_query(one.subject, one.author.address)
            )
            try:
                raws += source.search(query, stop=stop, report=report)
            except FetchError as error:
                if error.status != 404:  # which means that there is none
                    log.warning("other versions: %s", error.message)
                    note = f"Could not look for other versions. {error.message}"
                    break
        everything = [*messages, *(parse_message(raw.raw, raw.key) for raw in raws)]
        # What a search finds again is no further mail.
        mails = len({(message.message_id, message.fingerprint) for message in everything})
        return replace(make_listing(source, everything, done=True), mails=mails, note=note)


def open_target_desk(
    target: str,
    *,
    config: Config,
    cache: Path,
    stdin: bytes | None = None,
    name: str = "",
    apart: bool = False,
    fresh: bool = False,
) -> TargetDesk:
    """Return a desk for a TARGET of the command line, without blocking.

    A path that exists comes before a list's name. `stdin` is the content that `-` stands for. With `apart`, for a
    screen, other processes start at once to read or fetch it; without, nothing is read yet. `fresh` asks the server
    also where the answer is in the cache.
    """
    if target in config.lists and not _is_on_disk(target):
        from core.sync.follow import followed_target

        target = followed_target(target, config.lists[target])
    on_disk = _is_on_disk(target)

    def open_source() -> Source:
        from core.sources.target import open_target

        fetch = None if on_disk else replace(fetch_options(config, cache), fresh=fresh)
        return open_target(target, stdin=stdin, fetch=fetch)

    if apart and not on_disk and stdin is None:
        from core.fetch.client import prestart_worker

        prestart_worker(fetch_options(config, cache).home)
    return TargetDesk(open_source, name=name, apart=target if apart and on_disk else None)


def _is_on_disk(target: str) -> bool:
    # os.path's, since pathlib's raises for names that no system takes.
    return os.path.exists(os.path.expanduser(target))  # noqa: PTH110, PTH111
