"""A channel's other end: a real HTTP server that takes, refuses, or never answers."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Receiver:
    """``status`` is what it answers; None: it takes the connection and is silent."""

    status: int | None = 200
    taken: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    port: int = 0
    let_go: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/alarms?token=s3cret"

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.asked.set()
        if self.status is None:
            self.let_go.wait(60)
            return
        if self.status == 200:
            self.taken.append(json.loads(body))
            self.keys.append(handler.headers["Idempotency-Key"])
        handler.send_response(self.status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextmanager
def receiver(status: int | None = 200) -> Iterator[Receiver]:
    found = Receiver(status)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.answer(self)

        def log_message(self, *_words: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        found.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()
