"""Obstacles between a server and its client: a line that goes dead, a wall that lets only git pass."""

from __future__ import annotations

import contextlib
import socket
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit


class Line:
    """Forwards connections to the server at an address, at `url`; after `budget` bytes of answers it stalls."""

    def __init__(self, to: str, port: int = 0) -> None:
        parts = urlsplit(to)
        self._to = (parts.hostname or "", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", port))
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._flows = threading.Event()
        self._flows.set()
        self.budget: int | None = None
        self.stalled = threading.Event()
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """End all connections, and let later ones pass."""
        self.budget = None
        self._flows.set()
        with self._lock:
            for end in self._ends:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._ends.clear()
        self.stalled.clear()

    def __enter__(self) -> Line:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(self._to)
                except OSError:
                    near.close()
                    continue
                with self._lock:
                    self._ends += [near, far]
                threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with near, far:
            asking = threading.Thread(target=self._forward, args=(near, far), daemon=True)
            asking.start()
            self._answer(far, near)
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            asking.join()

    def _forward(self, source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)

    def _answer(self, source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 12):
                if self.budget is not None:
                    data = data[: self.budget]
                    self.budget -= len(data)
                    if not self.budget:
                        self._flows.clear()
                to.sendall(data)
                if not self._flows.is_set():
                    self.stalled.set()
                    self._flows.wait(60)
                    return


class Wall(ThreadingHTTPServer):
    """Forwards git's requests and answers all others with a page for browsers, at `url`."""

    daemon_threads = True

    def __init__(self, to: str) -> None:
        super().__init__(("127.0.0.1", 0), _Doorkeeper)
        self.to = to
        self.lets_git_pass = True
        self.page = b""
        """A packed manifest to give away all the same."""
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Wall:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_about: object) -> None:
        self.shutdown()
        self.server_close()


class _Doorkeeper(BaseHTTPRequestHandler):
    server: Wall

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not (self.server.lets_git_pass and "git/" in self.headers.get("User-Agent", "")):
            packed = self.server.page.startswith(b"\x1f") and "manifest" in self.path
            page = self.server.page if packed else b"<!doctype html><title>Hello</title>"
            self._give(200, "application/gzip" if packed else "text/html", page)
            return
        kept = {
            name: value
            for name, value in self.headers.items()
            if name in ("Content-Type", "Accept", "Git-Protocol", "Content-Encoding")
        }
        request = urllib.request.Request(
            self.server.to + self.path, body if self.command == "POST" else None, kept
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                self._give(answer.status, answer.headers["Content-Type"], answer.read())
        except urllib.error.HTTPError as error:
            with error:
                self._give(error.code, "text/plain", error.read())

    do_POST = do_GET  # noqa: N815 - the base class names them

    def _give(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass
