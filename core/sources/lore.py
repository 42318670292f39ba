"""public-inbox servers over HTTP, lore.kernel.org among them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from threading import Event
from typing import Final
from urllib.parse import unquote, unquote_plus, urlsplit

from core.errors import Cancelled, FetchError, SourceError
from core.fetch.client import FetchResponse, RequestLimits, acquire_client, release_client
from core.fetch.faults import fetch_error
from core.fetch.messages import FetchRequest, Operation
from core.fetch.options import FetchOptions
from core.model import MessageId, RawMessage
from core.progress import ProgressCallback
from core.sources import mbox

QUERY_CAP: Final = 400
"""Characters of a subject that go into a query."""

_MESSAGE_ID: Final = re.compile(
    rb"^Message-ID:[ \t\r\n]{0,20}<?([^\s<>]{1,998})", re.IGNORECASE | re.MULTILINE
)
_HEADER_END: Final = re.compile(rb"\r?\n\r?\n")


class LoreThreadSource:
    """The thread of one message on a server, and the results of searches there.

    All answers are held in memory, so a mail's key is `ANSWER:OFFSET:LENGTH`.
    """

    is_list = True

    notes: tuple[str, ...] = ()

    def __init__(self, message_id: MessageId, *, base: str, options: FetchOptions) -> None:
        """Take the inbox's address without `/` at its end. Nothing is asked yet."""
        self.name = message_id
        self.message_id = message_id
        self.inbox = base
        """The address that is asked."""
        self._options = options
        self._process = acquire_client(options.home)
        self._closed = Event()
        self._lock = threading.Lock()
        self._answers: list[bytes] = []

    @property
    def server(self) -> str:
        """The server's host, with its port where it is not the usual one."""
        return urlsplit(self.inbox).netloc

    def mails(self, *, stop: Event, report: ProgressCallback) -> Iterator[RawMessage]:
        """Fetch the thread and yield its mails. Raises FetchError and Cancelled."""
        asked = f"message {self.message_id}"
        reply = self._ask("thread", asked, stop, report, message_id=self.message_id)
        self._learn_base(reply.url)
        mails = self._split(reply.body)
        if not any(_is(mail.raw, self.message_id) for mail in mails):
            self._ask("forget", "nothing", stop, report)
            raise fetch_error("other-message", self.server, asked=asked)
        for mail in mails:
            if stop.is_set() or self._closed.is_set():
                raise Cancelled
            yield mail

    def search(self, query: str, *, stop: Event, report: ProgressCallback) -> list[RawMessage]:
        """Return the whole threads in which a query finds a mail; no mail where it finds none.

        `change_id_query` and `series_query` make queries. Raises FetchError and Cancelled.
        """
        try:
            reply = self._ask("search", "the results of a search", stop, report, query=query)
        except FetchError as error:
            if error.status == 404:  # public-inbox's word for "no results"
                return []
            raise
        return self._split(reply.body)

    def message(self, *, stop: Event, report: ProgressCallback) -> bytes:
        """Fetch the one message without its thread. Raises FetchError and Cancelled."""
        asked = f"message {self.message_id}"
        reply = self._ask("message", asked, stop, report, message_id=self.message_id)
        for piece in mbox.split([reply.body]):
            raw = mbox.unescape_from(piece.escaped)
            if _is(raw, self.message_id):
                return raw
        self._ask("forget", "nothing", stop, report)
        raise fetch_error("other-message", self.server, asked=asked)

    def read(self, key: str) -> bytes:
        """Return the bytes of a mail that `mails` or `search` gave."""
        answer, offset, length = (int(part) for part in key.split(":"))
        with self._lock:
            if answer >= len(self._answers):
                raise SourceError("This mail is no longer held.", "Open it again.")
            held = self._answers[answer]
        return mbox.unescape_from(held[offset : offset + length])

    def close(self) -> None:
        """Stop the request at once."""
        if not self._closed.is_set():
            self._closed.set()
            release_client(self._process)

    def _ask(
        self, operation: Operation, asked: str, stop: Event, report: ProgressCallback, **what: str
    ) -> FetchResponse:
        if self._closed.is_set():
            raise Cancelled
        options = self._options
        certificates = options.certificates(self.inbox)
        request = FetchRequest(
            operation=operation,
            base=self.inbox,
            max_size=options.max_size,
            cache=str(options.cache / "answers") if options.cache else None,
            fresh=options.fresh,
            config=options.git_config,
            certificates=certificates.path,
            **what,
        )
        limits = RequestLimits(options.deadline, options.max_size, self.server, asked, certificates)
        return self._process.ask(request, limits, stop=stop, report=report)

    def _split(self, answer: bytes) -> list[RawMessage]:
        with self._lock:
            number = len(self._answers)
            self._answers.append(answer)
        return [
            RawMessage(mbox.unescape_from(piece.escaped), f"{number}:{piece.offset}:{piece.length}")
            for piece in mbox.split([answer])
        ]

    def _learn_base(self, url: str) -> None:
        """Search where the thread was found: a server may have led to another list, or from http to https."""
        base, _, last = url.removesuffix("/t.mbox.gz").rpartition("/")
        if self.message_id in {unquote(last), unquote_plus(last)}:
            self.inbox = base


def _is(raw: bytes, message_id: MessageId) -> bool:
    end = _HEADER_END.search(raw)
    header = raw[: end.start()] if end else raw
    return message_id.encode(errors="surrogateescape") in _MESSAGE_ID.findall(header)


def change_id_query(change_id: str) -> str:
    """Return the query for mails that name b4's `change-id`."""
    return f'nq:"change-id: {_phrase(change_id)}"'


def series_query(title: str, address: str) -> str:
    """Return the query for mails with `title` in their subject, from `address`."""
    return f's:"{_phrase(title)}" AND f:"{_phrase(address)}"'


def _phrase(text: str) -> str:
    """Make `text` fit between quotes: it can end neither them nor the line."""
    plain = "".join(
        char if char.isprintable() and char != '"' else " " for char in text[:QUERY_CAP]
    )
    return " ".join(plain.split())
