"""One connection to an agent: HTTP/1.1 over mutual TLS, one request at a time.

Nothing here waits: each step goes as far as the socket allows and says what it would go on with.
What comes back is limited in length, head included, and ``httptools`` says what is an answer.
"""

from __future__ import annotations

import errno
import os
import re
import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import httptools

MOST_BYTES = 1024 * 1024
"""A report of any number of services is far shorter."""
CHUNK = 16 * 1024

UNCHANGED = re.compile(
    rb"HTTP/1\.1 304 [ -~]*\r\n"
    rb'ETag: "([0-9a-f]{32})"\r\n'
    rb"Ticks: ([0-9. -]+)\r\n"
    rb"(?:Date: [ -~]+\r\n)?(?:Server: [ -~]+\r\n)?\r\n"
)
"""The one answer that comes by the thousand, to the byte as our agents give it.

It is read at one glance; whatever differs from it at all is left to ``httptools``.
"""

_IN = select.EPOLLIN | select.EPOLLONESHOT
_OUT = select.EPOLLOUT | select.EPOLLONESHOT

Key = tuple[str, str, int]
"""The name the certificate must bear, host and port."""


class Response(NamedTuple):
    status: int
    body: bytes
    tag: str
    """Of the ETag header, without its quotes; empty when there is none."""
    ticks: str
    """Of the Ticks header."""
    took_s: float


class BadAnswerError(Exception):
    """What came is no HTTP answer, or is too long."""


class HungUpError(ConnectionError):
    """The other side closed the connection before it had answered."""


class Connection:
    """One socket, from its connect to the end of its use. Every step returns at once."""

    __slots__ = (
        "_body", "_headed", "_length", "_parser", "_request", "_status", "_tag", "_ticks", "_tls",
        "began", "complete", "deadline", "events", "handle", "is_kept", "key", "place", "rested_at",
        "sock", "spoilt", "step",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, key: Key) -> None:
        self.sock: Any = sock
        self.handle = sock.fileno()
        self.key = key
        self.is_kept = False
        """It has carried an answer before."""
        self.spoilt = False
        """It cannot be used again: it ends, or more came than was asked for."""
        self.rested_at = 0.0
        self._parser = httptools.HttpResponseParser(self)

    def begin(self, place: int, request: bytes, began: float, deadline: float) -> None:
        self.place, self._request, self.began, self.deadline = place, request, began, deadline
        self.step: Callable[[], None] = self.send
        self._length = self._status = 0
        self._body = self._tag = self._ticks = b""
        self.complete = self._headed = False

    def connect(self, where: Any, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self.step = self._shake_hands
        self.events = _OUT
        failed = self.sock.connect_ex(where)
        if failed not in (0, errno.EINPROGRESS):
            raise OSError(failed, os.strerror(failed))

    def _shake_hands(self) -> None:
        failed = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            raise OSError(failed, os.strerror(failed))
        self.sock = self._tls.wrap_socket(
            self.sock, server_hostname=self.key[0], do_handshake_on_connect=False
        )
        self.step = self._go_on_shaking
        self._go_on_shaking()

    def _go_on_shaking(self) -> None:
        try:
            self.sock.do_handshake()
        except ssl.SSLWantReadError:
            self.events = _IN
        except ssl.SSLWantWriteError:
            self.events = _OUT
        else:
            self.send()

    def send(self) -> None:
        self.step = self.send
        try:
            while self._request:
                self._request = self._request[self.sock.write(self._request) :]
        except ssl.SSLWantWriteError:
            self.events = _OUT
        except ssl.SSLWantReadError:
            self.events = _IN
        else:
            self.step, self.events = self.receive, _IN

    def receive(self) -> None:
        while not self.complete:
            try:
                data = self.sock.read(CHUNK)
            except ssl.SSLWantReadError:
                self.events = _IN
                return
            except ssl.SSLWantWriteError:
                self.events = _OUT
                return
            if not data:
                self._end_of_data()
                return
            if self._length == 0 and (unchanged := UNCHANGED.fullmatch(data)):
                self._status = 304
                self._tag, self._ticks = unchanged.groups()
                self.complete = True
                return
            self._length += len(data)
            if self._length > MOST_BYTES:
                raise BadAnswerError(f"longer than {MOST_BYTES} bytes")
            self._parse(data)

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise BadAnswerError(str(error)) from None

    def _end_of_data(self) -> None:
        # An answer that names no length ends with its connection.
        if not self._headed:
            raise HungUpError("closed before the answer")
        self.complete = self.spoilt = True

    @property
    def is_silent(self) -> bool:
        """Kept from before, and not one byte of an answer has come."""
        return self.is_kept and self._length == 0

    def response(self) -> Response:
        return Response(
            self._status or self._parser.get_status_code(),
            self._body,
            self._tag.decode("latin-1"),
            self._ticks.decode("latin-1"),
            time.monotonic() - self.began,
        )

    # What the parser calls

    def on_message_begin(self) -> None:
        self.spoilt |= self.complete

    def on_header(self, name: bytes, value: bytes) -> None:
        size = len(name)
        if size == 4 and name.lower() == b"etag":  # noqa: PLR2004
            self._tag = value.strip(b'"')
        elif size == 5 and name.lower() == b"ticks":  # noqa: PLR2004
            self._ticks = value

    def on_headers_complete(self) -> None:
        self._headed = True

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.complete = True
        self.spoilt |= not self._parser.should_keep_alive()
