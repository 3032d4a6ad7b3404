"""What a browser does with the web process: pages, and event streams that stay open."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

DEADLINE = 20.0
"""Seconds after which a read of an open stream fails."""


@dataclass
class Web:
    """The web process and the session of whoever is signed in."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    cookie: str = ""


@dataclass
class Stream:
    """An answer of the server, read line by line."""

    response: http.client.HTTPResponse
    events: list[dict[str, str]] = field(default_factory=list)

    def block(self) -> dict[str, str]:
        """Fields of the next block, comments under the empty name; {} at the end of the stream."""
        fields: dict[str, str] = {}
        while line := self.response.readline().decode():
            if line == "\n":
                return fields
            name, _, value = line.rstrip("\n").partition(":")
            fields[name] = value.strip()
        return fields

    def event(self) -> dict[str, str]:
        """The next event; anything else is passed over."""
        while fields := self.block():
            if "event" in fields:
                return fields
        raise AssertionError("The stream ended.")


@contextlib.contextmanager
def opened(web: Web, address: str, **headers: str) -> Iterator[Stream]:
    link = http.client.HTTPConnection("127.0.0.1", web.port, timeout=DEADLINE)
    link.request("GET", address, headers={"Cookie": web.cookie, **headers})
    try:
        yield Stream(link.getresponse())
    finally:
        link.close()


def answers(port: int) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/login/")
        return link.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        link.close()
