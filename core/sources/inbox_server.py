"""One inbox on a public-inbox server: its epochs, and its mails by arrival."""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Event
from typing import Final
from urllib.parse import urlsplit

from core.errors import FetchError
from core.fetch.certificates import Certificates
from core.fetch.client import FetchResponse, RequestLimits, acquire_client, release_client
from core.fetch.faults import fetch_error
from core.fetch.messages import FetchRequest, Operation
from core.fetch.options import FetchOptions
from core.progress import ProgressCallback
from core.sources import mbox

EPOCHS: Final = 1000
"""Epochs that a list may have; an epoch is about a gigabyte."""

_REFS: Final = "/info/refs?service=git-upload-pack"
"""The path that git requests first below a repository's address."""
_EPOCH: Final = re.compile(r"/git/(\d{1,3})\.git")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Epoch:
    """The server's description of one of an inbox's git repositories; "" and 0 where it has none."""

    number: int
    url: str
    fingerprint: str = ""
    """The SHA-1 of the output of `git show-ref` there."""
    modified: int = 0
    """When its newest commit was made, in seconds of the Unix epoch."""


class InboxServer:
    """One inbox, asked by the process that fetches. Calls block; all raise FetchError and Cancelled."""

    def __init__(self, url: str, options: FetchOptions) -> None:
        """Take the inbox's address without `/` at its end. Nothing is asked yet."""
        self.url = url
        self._options = options
        self._process = acquire_client(options.home)
        self._closed = False

    @property
    def certificates(self) -> Certificates:
        """Which certificates the server's is checked with."""
        return self._options.certificates(self.url)

    @property
    def host(self) -> str:
        """The server's host, with its port where it is not the usual one."""
        return urlsplit(self.url).netloc

    def epochs(self, *, stop: Event, report: ProgressCallback) -> list[Epoch]:
        """Return the inbox's git repositories, the newest first; none where the server has no list of them.

        The list is grokmirror's manifest, as public-inbox makes it (PublicInbox::ManifestJsGz).
        """
        try:
            reply = self._reply("manifest", "the list's epochs", stop, report)
        except FetchError as error:
            if error.status == 404:
                return []
            raise
        return self._epochs(reply.epochs)

    def messages_received_between(
        self, start: int | None, end: int | None, *, stop: Event, report: ProgressCallback
    ) -> list[bytes]:
        """Return the mails that arrived from `start` up to, not including, `end`, in seconds of the Unix epoch.

        None stands for no bound. The error where there is no such inbox has the status 404; that where there is no
        mail is none.
        """
        query = (
            f"rt:{'' if start is None else f'{start:05}'}..{'' if end is None else f'{end - 1:05}'}"
        )
        return self.messages_matching(query, stop=stop, report=report)

    def messages_matching(
        self, query: str, *, threads: bool = False, stop: Event, report: ProgressCallback
    ) -> list[bytes]:
        """Return the mails that a query of the server's own language finds; with `threads`, the whole threads of these.

        The error where there is no such inbox has the status 404; that where there is no mail is none, but with `threads`
        the two cannot be told apart.
        """
        body = self._ask("search" if threads else "matches", "mails", stop, report, query=query)
        return [mbox.unescape_from(piece.escaped) for piece in mbox.split([body])]

    def resolve_redirect(self, repository: str, *, stop: Event, report: ProgressCallback) -> str:
        """Return the address to which a git repository's leads, along at most five redirects."""
        reply = self._reply("resolve", repository, stop, report, url=f"{repository}{_REFS}")
        place, refs, _ = reply.url.partition(_REFS)
        if not refs:
            raise fetch_error("redirect", self.host)
        return place

    def close(self) -> None:
        """Let go of the process that fetches."""
        if not self._closed:
            self._closed = True
            release_client(self._process)

    def _ask(
        self, operation: Operation, asked: str, stop: Event, report: ProgressCallback, **what: str
    ) -> bytes:
        return self._reply(operation, asked, stop, report, **what).body

    def _reply(
        self, operation: Operation, asked: str, stop: Event, report: ProgressCallback, **what: str
    ) -> FetchResponse:
        options = self._options
        certificates = options.certificates(self.url)
        request = FetchRequest(
            operation=operation,
            base=self.url,
            max_size=options.max_size,
            cache=None,
            fresh=True,
            config=options.git_config,
            certificates=certificates.path,
            **what,
        )
        limits = RequestLimits(options.deadline, options.max_size, self.host, asked, certificates)
        return self._process.ask(request, limits, stop=stop, report=report)

    def _epochs(self, listed: tuple[tuple[str, str, int], ...]) -> list[Epoch]:
        found: dict[int, Epoch] = {}
        for path, fingerprint, modified in listed:
            match = _EPOCH.search(path)
            number = int(match[1]) if match else 0
            found[number] = Epoch(
                number,
                # A v1 inbox is one repository, at its own address.
                f"{self.url}/git/{number}.git" if match else self.url,
                fingerprint if _FINGERPRINT.fullmatch(fingerprint) else "",
                max(0, modified),
            )
        return [found[number] for number in sorted(found, reverse=True)]
