"""The child process that fetches: the only module that imports b4, liblore and requests.

It is started as `python -P -m core.fetch.worker` by `core.fetch.client`, which says why it is a process.
It asks b4's LoreNode, so mirrors, failover, cache and user agent are b4's, and parses no mail.

The protocol: each request is one JSON object on a line of standard input,

    {"op": "thread" | "message", "base": URL, "message_id": ID, …}   {"op": "manifest", "base": URL, …}
    {"op": "search" | "matches", "base": URL, "query": TEXT, …}      {"op": "place", "base": URL, "url": URL, …}

each with "max_size" (bytes), "cache" (a folder, or null), "fresh" (pass the cache by) and "config" (git's `lore.*`,
`liblore.*` keys, each with its values). A search gives whole threads; "matches" gives the mails that match and no
others, nothing where there are none; "manifest" gives what the inbox's manifest.js.gz holds; "place" asks for "url"
alone, to learn where it leads; `{"op": "forget", …}` empties the cache. Each answer is any number of lines `{"received": BYTES}`, then one line: `{"size": N, "url": URL}`
followed by N bytes, or `{"fault": KIND, …}` with "status", "retry_after" and "detail" as far as they are known. The end
of standard input ends the process, also in the middle of a request.
"""

from __future__ import annotations

import contextlib
import copy
import gzip
import io
import json
import logging
import os
import queue
import socket
import ssl
import sys
import threading
import time
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import b4
import liblore
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from core.fetch.worker_settings import node_settings

CACHE_SECONDS: Final = 600
REDIRECTS: Final = 5
STEP: Final = 64 << 10
REPORT_EVERY: Final = 0.2
GZIP_BITS: Final = 16 + zlib.MAX_WBITS
NO_MATCH: Final = "No results found"
"""What public-inbox says, with the status of a page that is not there."""


class FetchFault(Exception):  # noqa: N818 - the word that the protocol has
    """An answer that is of no use; `kind` is one of those that `core.fetch.faults` has words for."""

    def __init__(self, kind: str, detail: str = "", **more: object) -> None:
        super().__init__(kind)
        self.fields = {"fault": kind, "detail": detail[:500], **more}


class SizeLimitedAdapter(HTTPAdapter):
    """Reads every answer, those that redirect too, under the cap, packed and unpacked."""

    def __init__(self) -> None:
        super().__init__()
        self.origins: tuple[str, ...] = ()
        """The server and its mirrors, each with `/` at its end: they may see the whole user agent."""
        self._max_size = 0
        self._wants_gzip = True
        self._received: Callable[[int], None] = lambda _size: None
        self._last: requests.Response | None = None

    def begin(self, request: dict[str, Any], received: Callable[[int], None]) -> None:
        """Get ready for the answers to one request of the protocol."""
        self._max_size = request["max_size"]
        self._wants_gzip = request["op"] not in {"message", "place"}
        self._received = received
        self._last = None

    def last_url(self) -> str:
        """Return the address that gave the last answer, "" where nothing was asked."""
        return self._last.url if self._last is not None else ""

    def last_header(self, name: str) -> str:
        """Return a header of the last answer, "" where there is none."""
        return self._last.headers.get(name, "") if self._last is not None else ""

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Send `request` and return its answer with the body in memory, bounded."""
        self._hide_user_agent(request)
        before = self._last
        if before is not None and before.is_redirect and is_downgrade(before.url, request.url):
            raise FetchFault("redirect", "from a safe connection to one that is not")
        kwargs["stream"] = True
        response = super().send(request, *args, **kwargs)
        self._last = response
        try:
            body = b"".join(self._unpacked(response, self._body(response)))
        except (HTTPError, OSError) as error:
            # As a ConnectionError it makes the node try the next mirror.
            raise requests.ConnectionError(error, request=request) from error
        finally:
            response.close()
        if response.status_code == requests.codes.ok and request.method != "HEAD":
            body = self._checked(response, body)
        response.raw = io.BytesIO(body)
        return response

    def _hide_user_agent(self, request: requests.PreparedRequest) -> None:
        agent = str(request.headers.get("User-Agent", ""))
        if not (request.url or "").startswith(self.origins):
            request.headers["User-Agent"] = agent.partition("+")[0]

    def _body(self, response: requests.Response) -> Iterator[bytes]:
        declared = response.headers.get("Content-Length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > self._max_size:
            raise FetchFault("too-large")
        size, due = 0, time.monotonic() + REPORT_EVERY
        while chunk := response.raw.read1(STEP, decode_content=False):
            size += len(chunk)
            if size > self._max_size:
                raise FetchFault("too-large")
            yield chunk
            if time.monotonic() >= due:
                due = time.monotonic() + REPORT_EVERY
                self._received(size)

    def _unpacked(self, response: requests.Response, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Undo the one content encoding that servers add unasked; we ask for none."""
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding in {"", "identity"}:
            return chunks
        if encoding in {"gzip", "x-gzip"}:
            return unpacked(chunks, self._max_size)
        raise FetchFault("encoding", encoding)

    def _checked(self, response: requests.Response, body: bytes) -> bytes:
        """Return `body` once it is what was asked for: liblore unpacks whatever it gets, without a bound."""
        if not self._wants_gzip:
            if is_page(response, body):
                raise FetchFault("page")
            return body
        if body.startswith(b"From "):  # something on the way has unpacked it
            return gzip.compress(body, compresslevel=1)
        if not body:
            raise FetchFault("empty")
        if not body.startswith(b"\x1f\x8b"):
            raise FetchFault("page" if is_page(response, body) else "not-gzip")
        pieces = (body[at : at + STEP] for at in range(0, len(body), STEP))
        if not sum(len(piece) for piece in unpacked(pieces, self._max_size)):
            raise FetchFault("empty")
        return body


def is_downgrade(before: str, after: str | None) -> bool:
    """Tell whether a redirect gives up a safe connection."""
    return before.startswith("https:") and not (after or "").startswith("https:")


def unpacked(chunks: Iterator[bytes], cap: int) -> Iterator[bytes]:
    """Unpack gzip in bounded memory. Raises Fault where it is damaged, cut off or unpacks to more than `cap`."""
    state = zlib.decompressobj(GZIP_BITS)
    size = 0
    for chunk in chunks:
        data = chunk
        while data:
            if state.eof:
                data = data.lstrip(b"\0")
                if not data:
                    break
                state = zlib.decompressobj(GZIP_BITS)
            try:
                out = state.decompress(data, STEP)
            except zlib.error as error:
                raise FetchFault("damaged", str(error)) from error
            size += len(out)
            if size > cap:
                raise FetchFault("too-large")
            yield out
            data = state.unused_data if state.eof else state.unconsumed_tail
    if not state.eof:
        raise FetchFault("cut-off")


def is_page(response: requests.Response, body: bytes) -> bool:
    """Tell whether the answer is a web page, such as those that want to see a browser first."""
    kind = response.headers.get("Content-Type", "").lower()
    return "html" in kind or body[:200].lstrip()[:1] == b"<"


class RequestHandler:
    """The node of the server asked last, and what it is asked."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._adapter = SizeLimitedAdapter()
        self._key: object = None
        self._pruned: set[str] = set()

    def answer(self, request: dict[str, Any]) -> None:
        """Answer one request; whatever goes wrong is an answer, too."""
        self._adapter.begin(request, lambda size: self._write({"received": size}))
        try:
            body = self._fetch(request)
        except FetchFault as fault:
            self._write(fault.fields)
        except liblore.RemoteError as error:
            self._write(self._remote_fault(error))
        except (requests.TooManyRedirects, requests.exceptions.InvalidSchema) as error:
            self._write({"fault": "redirect", "detail": str(error)[:500]})
        except (
            liblore.LibloreError,
            requests.RequestException,
            HTTPError,
            ValueError,
            OSError,
        ) as error:
            self._write(connection_fault(error))
        else:
            self._write({"size": len(body), "url": self._adapter.last_url()}, body)

    def _fetch(self, request: dict[str, Any]) -> bytes:
        node = self._node(request["base"], request["cache"], request["config"])
        fresh = request["fresh"]
        if request["op"] == "thread":
            return node.get_mbox_by_msgid(request["message_id"], nocache=fresh)
        if request["op"] == "message":
            return node.get_message_by_msgid(request["message_id"], nocache=fresh)
        if request["op"] == "search":
            return node.get_mbox_by_query(request["query"], full_threads=True, nocache=fresh)
        if request["op"] == "matches":
            # A body, as liblore sends one, would make public-inbox answer with whole threads.
            query = urllib.parse.quote_plus(request["query"])
            try:
                return self._packed(node, "POST", f"?x=m&q={query}", data=b"")
            except FetchFault as fault:
                if fault.fields.get("status") == 404 and NO_MATCH in str(fault.fields["detail"]):
                    return b""
                raise
        if request["op"] == "place":
            node.request("GET", request["url"])
            return b""
        if request["op"] == "manifest":
            return self._packed(node, "GET", "manifest.js.gz")
        node.clear_cache()
        return b""

    def _packed(self, node: liblore.LoreNode, method: str, path: str, **more: object) -> bytes:
        """Return the unpacked answer to what liblore has no call for."""
        response = node.request(method, f"{node.url}/{path}", **more)
        if response.status_code != requests.codes.ok:
            after = self._adapter.last_header("Retry-After")[:60]
            words = response.content[:200].decode("utf-8", "replace")
            raise FetchFault("status", words, status=response.status_code, retry_after=after)
        return gzip.decompress(response.content)

    def _node(self, base: str, cache: str | None, config: dict[str, list[str]]) -> liblore.LoreNode:
        """Return b4's node for `base`, set up without git and without a repository's `.b4-config`."""
        key = (base, cache, json.dumps(config, sort_keys=True))
        if key != self._key:
            self._prune(cache)
            # Where else to ask a server may not choose, unless the user's settings let it.
            settings = {"follow_upstream": False, **node_settings(base, config)}
            plus = settings.pop("useragentplus", None)
            try:
                node = liblore.LoreNode(base, cache_dir=cache, cache_ttl=CACHE_SECONDS, **settings)
            except liblore.LibloreError as error:
                raise FetchFault("settings", str(error)) from error
            node.set_user_agent("b4", b4.__VERSION__)
            node.set_requests_session(self._session(plus))
            self._adapter.origins = tuple(f"{origin}/" for origin in node.origins)
            b4.MAIN_CONFIG.clear()
            b4.MAIN_CONFIG.update(copy.deepcopy(b4.DEFAULT_CONFIG), midmask=f"{base}/%s")
            b4.LORENODE = node
            self._key = key
        return b4.get_lore_node()

    def _session(self, plus: str | None) -> requests.Session:
        session = requests.Session()
        session.max_redirects = REDIRECTS
        agent = f"b4/{b4.__VERSION__}"
        session.headers.update({"User-Agent": f"{agent}+{plus}" if plus else agent})
        session.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            session.mount(scheme, self._adapter)
        return session

    def _prune(self, cache: str | None) -> None:
        """Remove answers too old to be used: liblore does so only where the same is asked again."""
        if cache is None or cache in self._pruned:
            return
        self._pruned.add(cache)
        oldest = time.time() - CACHE_SECONDS
        for path in Path(cache).glob("*.lore.cache*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _remote_fault(self, error: liblore.RemoteError) -> dict[str, object]:
        if error.status_code is None:
            return connection_fault(error)
        after = self._adapter.last_header("Retry-After")
        return {"fault": "status", "status": error.status_code, "retry_after": after[:60]}

    def _write(self, fields: dict[str, object], body: bytes = b"") -> None:
        self._out.write(json.dumps(fields).encode() + b"\n" + body)
        self._out.flush()


def connection_fault(error: BaseException) -> dict[str, object]:
    """Say what kept an answer from coming, looking into what the exception was made from."""
    seen: list[BaseException] = []
    todo: list[object] = [error]
    while todo and len(seen) < 50:
        one = todo.pop(0)
        if isinstance(one, BaseException) and not any(one is other for other in seen):
            seen.append(one)
            todo += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    for kind, types in KINDS:
        # The innermost of them has the plain words; those around it repeat the whole address.
        found = [one for one in seen if isinstance(one, types)]
        if found:
            return {"fault": kind, "detail": str(found[-1])[:500]}
    return {"fault": "broken-off", "detail": str(error)[:500]}


KINDS: Final[tuple[tuple[str, tuple[type[BaseException], ...]], ...]] = (
    ("dns", (socket.gaierror,)),
    ("tls", (ssl.SSLError, requests.exceptions.SSLError)),
    ("proxy", (requests.exceptions.ProxyError,)),
    ("refused", (ConnectionRefusedError,)),
    ("timeout", (TimeoutError, requests.Timeout)),
    ("url", (requests.exceptions.InvalidURL,)),
)


def read_requests(lines: BinaryIO, waiting: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Pass requests on; when the parent is gone, end the process whatever it is doing."""
    for line in lines:
        waiting.put(json.loads(line))
    os._exit(0)


def main() -> None:
    """Answer requests until standard input ends."""
    # What libraries print must not get between the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=read_requests, args=(sys.stdin.buffer, waiting), daemon=True).start()
    fetcher = RequestHandler(out)
    while True:
        fetcher.answer(waiting.get())


if __name__ == "__main__":
    main()
