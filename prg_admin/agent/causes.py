"""Short words for why a request failed."""

from __future__ import annotations

import ssl

import aiohttp


def describe(error: BaseException) -> str:
    """A short cause, the same words as in the engine's own probes."""
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(
        error, aiohttp.ClientSSLError
    ):
        error = error.os_error
    if isinstance(error, aiohttp.ClientResponseError):
        return f"status {error.status}"
    for kind, words in _CAUSES:
        if isinstance(error, kind):
            return words
    return "answer not understood"


_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "timeout"),
    (aiohttp.ClientSSLError, "tls"),
    (ssl.SSLError, "tls"),
    (ConnectionRefusedError, "refused"),
    (ConnectionError, "disconnected"),
    (aiohttp.ServerDisconnectedError, "disconnected"),
    (OSError, "unreachable"),
    (aiohttp.ClientConnectionError, "unreachable"),
)
"""The first that fits counts."""
