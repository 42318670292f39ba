"""A server with every fault that a server can have: `URL/MODE/MESSAGE-ID/t.mbox.gz` names the fault."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import unquote_plus, urlsplit

STATUS = {
    "not-found": 404,
    "forbidden": 403,
    "error": 500,
    "gone": 410,
    "no-search": 501,
    "gateway": 502,
}


def good(message_id: str) -> bytes:
    mail = (
        f"From: A <a@example.org>\nSubject: [PATCH] good\nMessage-ID: <{message_id}>\n\nText.\n\n"
    )
    return gzip.compress(b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail.encode())


class Handler(BaseHTTPRequestHandler):
    """Answers according to the first part of the path."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Misbehaving

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        _, mode, message_id, *_ = (*urlsplit(self.path).path.split("/"), "", "")
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        message_id = unquote_plus(message_id)
        if mode in STATUS or "@" in unquote_plus(mode):  # the latter when b4 looks for the inbox
            self.give(b"no", status=STATUS.get(mode, 404))
        else:
            getattr(self, f"on_{mode.replace('-', '_')}", self.on_good)(message_id)

    do_POST = do_HEAD = do_GET  # noqa: N815 - the base class names them

    def log_message(self, *_words: object) -> None:
        pass

    def give(
        self, body: bytes, *, status: int = 200, kind: str = "application/gzip", **headers: str
    ) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            **headers,
        }.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def begin(self, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.close_connection = True

    def on_good(self, message_id: str) -> None:
        self.give(good(message_id))

    def on_cookie(self, message_id: str) -> None:
        self.give(good(message_id), Set_Cookie="tracked=yes; Path=/")

    def on_patience(self, _message_id: str) -> None:
        self.give(b"slow down", status=429, Retry_After="120")

    def on_tired(self, _message_id: str) -> None:
        self.give(b"slow down", status=429)

    def on_busy(self, _message_id: str) -> None:
        self.give(b"busy", status=503, Retry_After="Mon, 02 Jun 2025 10:00:00 GMT")

    def on_soon(self, message_id: str) -> None:
        """Busy for the first request."""
        if sum(path.startswith("/soon/") for _, path, _ in self.server.seen) == 1:
            self.give(b"busy", status=503, Retry_After="1")
        else:
            self.give(good(message_id))

    def on_page(self, _message_id: str) -> None:
        self.give(b"<!doctype html><title>Are you a bot?</title>", kind="text/html")

    def on_page_as_gzip(self, _message_id: str) -> None:
        self.give(b"\n <html>Are you a bot?</html>")

    def on_garbage(self, _message_id: str) -> None:
        self.give(bytes(range(256)))

    def on_truncated(self, message_id: str) -> None:
        self.give(good(message_id)[:-30])

    def on_bad_checksum(self, message_id: str) -> None:
        self.give(good(message_id)[:-8] + bytes(8))

    def on_short(self, message_id: str) -> None:
        self.begin(Content_Length=str(len(good(message_id))))
        self.wfile.write(good(message_id)[:40])

    def on_broken_chunk(self, message_id: str) -> None:
        self.begin(Transfer_Encoding="chunked")
        self.wfile.write(b"20\r\n" + good(message_id)[:32] + b"\r\n")

    def on_empty(self, _message_id: str) -> None:
        self.give(b"")

    def on_nothing_packed(self, _message_id: str) -> None:
        self.give(gzip.compress(b""))

    def on_other(self, _message_id: str) -> None:
        self.give(good("somebody.else@example.org"))

    def on_mentioned(self, message_id: str) -> None:
        """The id is in the answer, but nobody's own."""
        mail = f"From mboxrd@z Thu Jan  1 00:00:00 1970\nReferences: <{message_id}>\n\nMessage-ID: <{message_id}>\n"
        self.give(gzip.compress(mail.encode()))

    def on_no_mail(self, _message_id: str) -> None:
        self.give(gzip.compress(b"hello\n" * 9))

    def on_encoded(self, message_id: str) -> None:
        self.give(gzip.compress(good(message_id)), Content_Encoding="gzip")

    def on_unpacked(self, message_id: str) -> None:
        self.give(gzip.decompress(good(message_id)), kind="text/plain")

    def on_odd_encoding(self, message_id: str) -> None:
        self.give(good(message_id), Content_Encoding="br")

    def on_circles(self, _message_id: str) -> None:
        self.give(b"", status=302, Location=self.path)

    def on_to_a_file(self, _message_id: str) -> None:
        self.give(b"", status=302, Location="file:///etc/passwd")

    def on_elsewhere(self, message_id: str) -> None:
        assert self.server.other is not None
        self.give(b"", status=302, Location=f"{self.server.other.url}/good/{message_id}/t.mbox.gz")

    def on_large_redirect(self, message_id: str) -> None:
        self.begin_redirect(f"/good/{message_id}/t.mbox.gz")
        self.endless(b"x" * (1 << 16))

    def begin_redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.end_headers()
        self.close_connection = True

    def on_reset(self, _message_id: str) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def on_smtp(self, _message_id: str) -> None:
        self.wfile.write(b"220 mail.example.org ready\r\n")
        self.close_connection = True

    def on_silent(self, _message_id: str) -> None:
        self.server.end.wait(30)
        self.close_connection = True

    def on_stall(self, message_id: str) -> None:
        self.begin(Content_Length=str(len(good(message_id))))
        self.wfile.write(good(message_id)[:40])
        self.server.end.wait(30)

    def on_drip(self, message_id: str) -> None:
        self.begin(Content_Length=str(len(good(message_id))))
        for byte in good(message_id):
            self.wfile.write(bytes([byte]))
            if self.server.end.wait(1):
                return

    def on_bomb(self, _message_id: str) -> None:
        self.give(self.server.bomb())

    def on_bomb_in_encoding(self, _message_id: str) -> None:
        self.give(self.server.bomb(), Content_Encoding="gzip")

    def on_endless(self, _message_id: str) -> None:
        self.begin()
        self.endless(b"\x1f\x8b" + b"x" * (1 << 16))

    def on_declared_huge(self, _message_id: str) -> None:
        self.begin(Content_Length=str(1 << 40))
        self.server.end.wait(30)

    def on_endless_header(self, _message_id: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        self.endless(b"x" * (1 << 16))

    def endless(self, piece: bytes) -> None:
        while not self.server.end.is_set():
            self.wfile.write(piece)

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):  # the client has gone away, as it should
            self.close_connection = True


class Misbehaving(ThreadingHTTPServer):
    """The server at `url`; `seen` has the method, path and headers of every request."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.end = threading.Event()
        self.other: Misbehaving | None = None
        """Where `elsewhere` leads to."""
        self._bomb = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def bomb(self) -> bytes:
        """Return a megabyte that unpacks to one gibibyte."""
        if not self._bomb:
            member = gzip.compress(bytes(1 << 24))
            self._bomb = member * 64
        return self._bomb

    def handle_error(self, *_about: object) -> None:
        pass

    def __enter__(self) -> Misbehaving:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end.set()
        self.shutdown()
        self.server_close()


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait for something to become true; tell whether it has."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
