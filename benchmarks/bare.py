"""The bare cost of a failover's steps, without anything around them.

One local process exit noticed, three requests over loopback, two commits on the installation's own
PostgreSQL: that is what a failover cannot do without, however it is built.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

REQUESTS = 3
COMMITS = 2
TABLE = "create table if not exists bench_commits (id serial primary key, at timestamptz)"
INSERT = "insert into bench_commits (at) values (clock_timestamp())"
SERVER = """
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: else it waits for the client's delayed acknowledgement
    disable_nagle_algorithm = True
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
print(server.server_port, flush=True)
server.serve_forever()
"""


@dataclass
class Bare:
    """The same steps again and again: a server in a process of its own, kept connections."""

    http: http.client.HTTPConnection
    database: psycopg.Connection

    def once(self) -> dict[str, float]:
        """Seconds of each part."""
        return {
            "exit noticed": _exit_noticed(),
            "requests": self._requests(),
            "commits": self._commits(),
        }

    def _requests(self) -> float:
        begin = time.perf_counter()
        for _ in range(REQUESTS):
            self.http.request("GET", "/")
            self.http.getresponse().read()
        return time.perf_counter() - begin

    def _commits(self) -> float:
        begin = time.perf_counter()
        for _ in range(COMMITS):
            self.database.execute(INSERT)
            self.database.commit()
        return time.perf_counter() - begin


def _exit_noticed() -> float:
    """Seconds from kill -9 of a process until its parent's pidfd tells."""
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as process:
        handle = os.pidfd_open(process.pid)
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        begin = time.perf_counter()
        process.send_signal(signal.SIGKILL)
        poll.poll()
        seconds = time.perf_counter() - begin
        os.close(handle)
    return seconds


@contextlib.contextmanager
def steps(database_url: str) -> Iterator[Bare]:
    with contextlib.ExitStack() as stack:
        server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
        stack.enter_context(server)
        stack.callback(server.kill)
        assert server.stdout is not None
        link = http.client.HTTPConnection("127.0.0.1", int(server.stdout.readline()))
        stack.callback(link.close)
        database = stack.enter_context(psycopg.connect(database_url))
        database.execute(TABLE)
        database.commit()
        bare = Bare(link, database)
        bare.once()  # opens what stays open
        yield bare
        database.execute("drop table bench_commits")
