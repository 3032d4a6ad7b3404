"""One greeting of the peer, over a connection that is kept or anew."""

from __future__ import annotations

import errno
import ssl
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from prg_admin.agent.heartbeats import Heartbeats, Peer
from prg_admin.domain.states import Role
from prg_admin.domain.wire import Heartbeat, PeerAddress

RESET = aiohttp.ClientOSError(errno.ECONNRESET, "Connection reset by peer")
CLOSED = aiohttp.ServerDisconnectedError()


def refused() -> aiohttp.ClientConnectorError:
    key: Any = SimpleNamespace(host="127.0.0.1", port=1, ssl=True, is_ssl=True)
    return aiohttp.ClientConnectorError(key, ConnectionRefusedError())


class Http:
    """Each request ends as it is told."""

    def __init__(self, *ends: Exception) -> None:
        self.ends = list(ends)

    def post(self, *_: Any, **__: Any) -> Any:
        raise self.ends.pop(0)


async def greeted(*ends: Exception) -> tuple[str, int]:
    """The error of one greeting, and how many ends were left."""
    http: Any = Http(*ends)
    heartbeats = Heartbeats(
        http,
        ssl.create_default_context(),
        greeting=lambda: Heartbeat("imp1", "boot", 1, Role.OWN, ()),
        answered=lambda *_: None,
        changed=lambda _: None,
    )
    peer = Peer(PeerAddress("imp2", "127.0.0.1", 1))
    await heartbeats._greet(peer, 1.0)
    return peer.error, len(http.ends)


@pytest.mark.parametrize("end", [RESET, CLOSED, ConnectionResetError()], ids=repr)
async def test_a_kept_connection_that_ended_is_no_word_about_the_peer(end: Exception):
    assert await greeted(end, refused(), refused()) == ("refused", 1)


async def test_who_is_refused_asks_no_second_time():
    assert await greeted(refused(), refused()) == ("refused", 1)
