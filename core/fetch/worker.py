"""The child process that fetches: the only module that imports b4, liblore and requests.

`core.fetch.client` starts it, and tells why it is a process; `core.fetch.messages` has its requests and answers.
It asks b4's LoreNode, so mirrors, failover, cache and user agent are b4's, and parses no mail.
"""

from __future__ import annotations

import contextlib
import copy
import gzip
import io
import json
import socket
import ssl
import time
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import b4
import liblore
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from core.fetch.messages import Answer, Epochs, Fault, FetchRequest, Received
from core.fetch.worker_settings import node_settings
from core.system.child_process import Channel

CACHE_SECONDS: Final = 600
REDIRECTS: Final = 5
STEP: Final = 64 << 10
PIECE: Final = 1 << 20
MANIFEST_CAP: Final = 4 << 20
"""Bytes of an inbox's list of epochs, unpacked; JSON takes twenty times as much memory."""
MOST_EPOCHS: Final = 1000
REPORT_EVERY: Final = 0.2
GZIP_BITS: Final = 16 + zlib.MAX_WBITS
NO_MATCH: Final = "No results found"
"""Public-inbox's text for a query without match, sent with the status of a missing page."""


class FetchFault(Exception):  # noqa: N818 - the protocol's term
    """An answer that is of no use."""

    def __init__(
        self, kind: str, detail: str = "", *, status: int | None = None, retry_after: str = ""
    ) -> None:
        super().__init__(kind)
        self.fault = Fault(kind, detail[:500], status, retry_after[:60])


class SizeLimitedAdapter(HTTPAdapter):
    """Reads every answer, those that redirect too, under the cap, packed and unpacked."""

    def __init__(self) -> None:
        super().__init__()
        self.origins: tuple[str, ...] = ()
        """The server and its mirrors, each with `/` at its end: they may see the whole user agent."""
        self._max_size = 0
        self._wants_gzip = True
        self._is_search = False
        self._received: Callable[[int], None] = lambda _size: None
        self._last: requests.Response | None = None

    def begin(self, request: FetchRequest, received: Callable[[int], None]) -> None:
        """Get ready for the answers to one request."""
        self._max_size = request.max_size
        if request.operation == "manifest":
            self._max_size = min(self._max_size, MANIFEST_CAP)
        self._wants_gzip = request.operation not in {"message", "resolve"}
        self._is_search = request.operation in {"search", "matches"}
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
        host = urllib.parse.urlsplit(request.url or "").netloc
        if self._is_search and before is not None and host not in self._named_hosts():
            raise FetchFault("elsewhere", str(host))
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

    def _named_hosts(self) -> set[str]:
        """Return the hosts of the server and its mirrors: the user named them."""
        return {urllib.parse.urlsplit(origin).netloc for origin in self.origins}

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
        """Return `body` once it is checked as the requested kind: liblore unpacks any data, without a bound."""
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
    """The node of the server asked last, and its request handlers."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._adapter = SizeLimitedAdapter()
        self._key: object = None
        self._pruned: set[str] = set()

    def answer(self, request: FetchRequest) -> None:
        """Answer one request; a fault of the server is an answer, too."""
        self._adapter.begin(request, lambda size: self._channel.send(Received(size)))
        try:
            body = self._fetch(request)
            answer = epochs_in(body) if request.operation == "manifest" else None
        except FetchFault as fault:
            self._channel.send(fault.fault)
        except liblore.RemoteError as error:
            self._channel.send(self._remote_fault(error))
        except (requests.TooManyRedirects, requests.exceptions.InvalidSchema) as error:
            kind = "socks" if "SOCKS" in str(error) else "redirect"
            self._channel.send(Fault(kind, str(error)[:500]))
        except (
            liblore.LibloreError,
            requests.RequestException,
            HTTPError,
            ValueError,
            OSError,
        ) as error:
            self._channel.send(connection_fault(error))
        else:
            for at in range(0, 0 if answer else len(body), PIECE):
                self._channel.send(body[at : at + PIECE])
            self._channel.send(answer or Answer(self._adapter.last_url()))

    def _fetch(self, request: FetchRequest) -> bytes:
        node = self._node(request)
        match request.operation:
            case "thread":
                return node.get_mbox_by_msgid(request.message_id, nocache=request.fresh)
            case "message":
                return node.get_message_by_msgid(request.message_id, nocache=request.fresh)
            case "search":
                return node.get_mbox_by_query(
                    request.query, full_threads=True, nocache=request.fresh
                )
            case "matches":
                return self._matches(node, request.query)
            case "manifest":
                return self._packed(node, "GET", "manifest.js.gz")
            case "resolve":
                node.request("GET", request.url)
            case "forget":
                node.clear_cache()
        return b""

    def _matches(self, node: liblore.LoreNode, query: str) -> bytes:
        # A body, as liblore sends one, would make public-inbox answer with whole threads.
        path = f"?x=m&q={urllib.parse.quote_plus(query)}"
        try:
            return self._packed(node, "POST", path, data=b"")
        except FetchFault as error:
            if error.fault.status == 404 and NO_MATCH in error.fault.detail:
                return b""
            raise

    def _packed(self, node: liblore.LoreNode, method: str, path: str, **more: object) -> bytes:
        """Return the unpacked answer to a request that liblore has no call for."""
        response = node.request(method, f"{node.url}/{path}", **more)
        if response.status_code != requests.codes.ok:
            after = self._adapter.last_header("Retry-After")
            words = response.content[:200].decode("utf-8", "replace")
            raise FetchFault("status", words, status=response.status_code, retry_after=after)
        return gzip.decompress(response.content)

    def _node(self, request: FetchRequest) -> liblore.LoreNode:
        """Return b4's node for an inbox, set up without git and without a repository's `.b4-config`."""
        base, cache, config = request.base, request.cache, request.config
        key = (base, cache, json.dumps(dict(config), sort_keys=True), request.certificates)
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
            node.set_requests_session(self._session(plus, request.certificates))
            self._adapter.origins = tuple(f"{origin}/" for origin in node.origins)
            b4.MAIN_CONFIG.clear()
            b4.MAIN_CONFIG.update(copy.deepcopy(b4.DEFAULT_CONFIG), midmask=f"{base}/%s")
            b4.LORENODE = node
            self._key = key
        return b4.get_lore_node()

    def _session(self, plus: str | None, certificates: str) -> requests.Session:
        session = requests.Session()
        session.max_redirects = REDIRECTS
        session.verify = certificates or True
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

    def _remote_fault(self, error: liblore.RemoteError) -> Fault:
        if error.status_code is None:
            return connection_fault(error)
        after = self._adapter.last_header("Retry-After")
        return Fault("status", status=error.status_code, retry_after=after[:60])


def connection_fault(error: BaseException) -> Fault:
    """Return the reason of a failed connection, from the exceptions that caused it."""
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
            return Fault(kind, str(found[-1])[:500])
    return Fault("broken-off", str(error)[:500])


KINDS: Final[tuple[tuple[str, tuple[type[BaseException], ...]], ...]] = (
    ("dns", (socket.gaierror,)),
    ("tls", (ssl.SSLError, requests.exceptions.SSLError)),
    ("proxy", (requests.exceptions.ProxyError,)),
    ("refused", (ConnectionRefusedError,)),
    ("timeout", (TimeoutError, requests.Timeout)),
    ("url", (requests.exceptions.InvalidURL,)),
)


def epochs_in(manifest: bytes) -> Epochs:
    """Read an inbox's manifest: grokmirror's, as public-inbox makes it (PublicInbox::ManifestJsGz)."""
    try:
        found = json.loads(manifest)
    except (ValueError, RecursionError) as error:
        raise FetchFault("not-gzip", str(error)) from error
    if not isinstance(found, dict):
        return Epochs(())
    epochs = []
    for path, facts in islice(found.items(), MOST_EPOCHS):
        about = facts if isinstance(facts, dict) else {}
        fingerprint, modified = about.get("fingerprint"), about.get("modified")
        epochs.append(
            (
                path,
                fingerprint if isinstance(fingerprint, str) else "",
                modified if isinstance(modified, int) else 0,
            )
        )
    return Epochs(tuple(epochs))


def main(channel: Channel) -> None:
    """Answer requests until standard input ends. The child's main."""
    channel.serve(RequestHandler(channel).answer)
