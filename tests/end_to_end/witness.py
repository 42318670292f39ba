"""A proxy that records the hosts asked: every request of the program's processes and of git goes through it."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit


class Handler(BaseHTTPRequestHandler):
    """Passes a request on, but for hosts that are not there."""

    server: Witness

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(parts.netloc)
        if parts.hostname != "127.0.0.1":
            self.send_error(502, "No such host here")
            return
        path = parts._replace(scheme="", netloc="").geturl()
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() != "proxy-connection"
        }
        connection.request(self.command, path, body or None, {**headers, "Connection": "close"})
        answer = connection.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        connection.close()

    do_POST = do_HEAD = do_GET  # noqa: N815 - the base class names them

    def do_CONNECT(self) -> None:
        self.server.asked.append(self.path)
        self.send_error(502, "No such host here")

    def log_message(self, *_words: object) -> None:
        pass


class Witness(ThreadingHTTPServer):
    """Lists in `asked` each host with its port, in the order of asking."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.environment = dict.fromkeys(
            ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy"),
            f"http://127.0.0.1:{self.server_address[1]}",
        )

    def handle_error(self, *_about: object) -> None:
        pass

    def __enter__(self) -> Witness:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()
        self.server_close()


class Relay(ThreadingHTTPServer):
    """Sends whoever asks for `/N/REST` on to `/N-1/REST`, and from `/0/` to another address."""

    daemon_threads = True

    def __init__(self, to: str) -> None:
        super().__init__(("127.0.0.1", 0), RelayHandler)
        self.to = to
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Relay:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()
        self.server_close()


class RelayHandler(BaseHTTPRequestHandler):
    """See `Relay`."""

    server: Relay

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        _, number, rest = self.path.split("/", 2)
        to = (
            f"{self.server.to}/{rest}"
            if number == "0"
            else f"{self.server.url}/{int(number) - 1}/{rest}"
        )
        self.send_response(307)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_HEAD = do_GET  # noqa: N815 - the base class names them

    def log_message(self, *_words: object) -> None:
        pass
