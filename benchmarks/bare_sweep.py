"""A bare event loop that makes the requests of a sweep and nothing else.

Run as ``python -m benchmarks.bare_sweep PKI_DIR PORT LOOP`` with the tags of the nodes' reports on
the first line of standard input; each further line is one round, answered by what it took.
"""

from __future__ import annotations

import asyncio
import json
import resource
import ssl
import sys
import time
from pathlib import Path

import uvloop

from benchmarks import responders

MOST_AT_ONCE = 100
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
"""The loop that comes with Python, and the fastest there is."""


class Bare:
    def __init__(self, folder: Path, port: int, tags: list[str]) -> None:
        self._tls = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        self._tls.load_cert_chain(folder / "engine.crt", folder / "engine.key")
        self._port = port
        self._tags = tags
        self._kept: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}

    async def once(self) -> int:
        """How many answered as expected."""
        gate = asyncio.Semaphore(MOST_AT_ONCE)
        asked = (self._ask(gate, number) for number in range(1, len(self._tags) + 1))
        return sum(await asyncio.gather(*asked))

    async def _ask(self, gate: asyncio.Semaphore, number: int) -> bool:
        async with gate:
            name = responders.NAME.format(number)
            if number not in self._kept:
                self._kept[number] = await asyncio.open_connection(
                    responders.address(number), self._port, ssl=self._tls, server_hostname=name
                )
            reader, writer = self._kept[number]
            tag = self._tags[number - 1]
            head = f'GET /srm/v1/report HTTP/1.1\r\nHost: {name}\r\nIf-None-Match: "{tag}"\r\n\r\n'
            writer.write(head.encode())
            return b" 304 " in await reader.readuntil(b"\r\n\r\n")


def main() -> int:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    bare = Bare(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.stdin.readline()))
    loop = LOOPS[sys.argv[3]]()
    while sys.stdin.readline():
        began, began_cpu = time.perf_counter(), time.process_time()
        done = loop.run_until_complete(bare.once())
        taken = (time.perf_counter() - began, time.process_time() - began_cpu)
        print(json.dumps({"done": done, "seconds": taken[0], "cpu_s": taken[1]}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
