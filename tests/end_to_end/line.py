"""A line to a server that can go dead in the middle of an answer."""

from __future__ import annotations

import contextlib
import socket
import threading
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
                far = socket.create_connection(self._to)
                with self._lock:
                    self._ends += [near, far]
                threading.Thread(target=self._forward, args=(near, far), daemon=True).start()
                threading.Thread(target=self._answer, args=(far, near), daemon=True).start()

    def _forward(self, source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)

    def _answer(self, source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError), source, to:
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
