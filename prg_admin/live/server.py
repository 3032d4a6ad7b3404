"""The web process: ``python -m prg_admin.live.server --host 127.0.0.1 --port 8000``.

uvicorn alone waits for open event streams when it is told to stop. Here they end first, so a stop
takes a moment and browsers reconnect at once to whoever serves next.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import socket
import sys
import warnings
from collections.abc import Sequence
from types import FrameType

import uvicorn

from prg_admin.lib import garbage
from prg_admin.live import hub

EXIT_CANNOT_SERVE = 2
BACKLOG = 2048


class Server(uvicorn.Server):
    _loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        garbage.seldom()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(hub.close_current)
        super().handle_exit(sig, frame)


def listen(host: str, port: int) -> socket.socket:
    """The socket to serve on; ends the process with one sentence where that is not possible."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    # A restart must not wait for connections of the last run to time out.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        sys.stderr.write(_sentence(host, port, error) + "\n")
        raise SystemExit(EXIT_CANNOT_SERVE) from error
    return sock


def _sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program; choose a free one with PORT."
    return f"Cannot serve on {host} port {port}: {error.strerror}."


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m prg_admin.live.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(arguments)
    sock = listen(options.host, options.port)
    # WhiteNoise hands out files as synchronous iterators, on purpose.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")
    config = uvicorn.Config(
        "prg_admin.asgi:application",
        lifespan="off",
        access_log=False,
        log_config=None,  # Django's logging settings hold for the server too
        timeout_graceful_shutdown=5,
    )
    Server(config).run(sockets=[sock])


if __name__ == "__main__":
    main()
