"""The demo's users: one TCP connection for each, so that sessions on the pages are real.

Each user logs in at the home node. When the connection breaks or nobody admits the user, the client
waits for a random time within the re-login window, as real clients do, and then tries the home node
and after it the peer.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from prg_admin.agent.config import ConfigError, open_table

log = logging.getLogger(__name__)

LOGIN_TIMEOUT_S = 5.0
KEEP_ALIVE = {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 2, socket.TCP_KEEPCNT: 3}
"""Seconds of quiet, seconds between probes, probes that may be lost."""
MOST_USERS = 25_000


@dataclass(frozen=True, slots=True)
class Users:
    home: str
    peer: str | None
    count: int
    prefix: str
    first: int

    def names(self) -> list[str]:
        last = self.first + self.count
        return [f"{self.prefix}{number:03}" for number in range(self.first, last)]


@dataclass(frozen=True, slots=True)
class Settings:
    seed: int
    relogin_lower_s: float
    relogin_upper_s: float
    concurrency: int
    """Logins under way at a time."""
    nodes: dict[str, tuple[str, int]]
    users: tuple[Users, ...]


def load(file: Path) -> Settings:
    """Raises :class:`ConfigError`."""
    top = open_table(file)
    nodes: dict[str, tuple[str, int]] = {}
    for table in top.tables("nodes"):
        nodes[table.name("name")] = (table.text("host"), table.whole("port", 1, 65535))
        table.close()
    users = []
    for table in top.tables("users"):
        home, peer = table.name("home"), table.text("peer", default="-")
        for key, name in (("home", home), ("peer", peer)):
            if name not in nodes and name != "-":
                raise table.problem(key, f"must be one of the nodes, not {name!r}")
        users.append(
            Users(
                home=home,
                peer=None if peer == "-" else peer,
                count=table.whole("count", 0, MOST_USERS),
                prefix=table.text("prefix"),
                first=table.whole("first", 0, 10**9, default=1),
            )
        )
        table.close()
    lower = top.seconds("relogin_lower_s")
    upper = top.seconds("relogin_upper_s")
    if upper < lower:
        raise top.problem("relogin_upper_s", f"must not be less than relogin_lower_s, {lower:g}")
    settings = Settings(
        seed=top.whole("seed", 0, 2**63 - 1, default=1),
        relogin_lower_s=lower,
        relogin_upper_s=upper,
        concurrency=top.whole("concurrency", 1, 1000, default=50),
        nodes=nodes,
        users=tuple(users),
    )
    top.close()
    return settings


class Client:
    """One user's client."""

    def __init__(
        self, user: str, home: str, peer: str | None, settings: Settings, turn: asyncio.Semaphore
    ) -> None:
        self._user = user
        self._home = home
        self._nodes = [home] if peer is None else [home, peer]
        self._settings = settings
        self._turn = turn
        self._random = random.Random(f"{settings.seed}/{user}")  # noqa: S311 - a spread, no secret

    async def run(self) -> None:
        while True:
            for node in self._nodes:
                stream = await self._log_in(node)
                if stream is not None:
                    await self._stay(*stream)
                    break
            settings = self._settings
            await asyncio.sleep(
                self._random.uniform(settings.relogin_lower_s, settings.relogin_upper_s)
            )

    async def _log_in(self, node: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        host, port = self._settings.nodes[node]
        writer = None
        async with self._turn:
            try:
                async with asyncio.timeout(LOGIN_TIMEOUT_S):
                    reader, writer = await asyncio.open_connection(host, port, limit=1024)
                    writer.write(f"LOGIN {self._user} {self._home}\n".encode())
                    _notice_silence(writer)
                    if await reader.readline() == b"OK\n":
                        return reader, writer
            except (OSError, TimeoutError, ValueError):
                pass  # nobody there, or nobody answers: the same as not being served
        if writer is not None:
            writer.close()
        return None

    async def _stay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(1024):
                pass
        except OSError:
            pass  # reset by the router: the session is over
        finally:
            writer.close()


def _notice_silence(writer: asyncio.StreamWriter) -> None:
    """A host that fell off the network says no farewell: without this nobody would log in anew."""
    link = writer.get_extra_info("socket")
    for option, value in KEEP_ALIVE.items():
        link.setsockopt(socket.IPPROTO_TCP, option, value)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


async def run(settings: Settings) -> None:
    turn = asyncio.Semaphore(settings.concurrency)
    clients = [
        Client(name, users.home, users.peer, settings, turn)
        for users in settings.users
        for name in users.names()
    ]
    log.info("%d users log in", len(clients))
    tasks = [asyncio.ensure_future(client.run()) for client in clients]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="The users of the demo.")
    parser.add_argument("--config", type=Path, required=True, metavar="CLIENTS.toml")
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO, stream=sys.stderr
    )
    try:
        asyncio.run(run(load(parser.parse_args().config)))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
