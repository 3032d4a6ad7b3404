"""Every value of replication, reached for real; a database that is away, hangs, comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.agent.databases import Server, Watched, watching
from tests.agent.lab import until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
async def subscriber(server: Server, tmp_path: Path) -> AsyncIterator[Watched]:
    access = server.make()
    async with watching(Watched("imp2", access["imp2"], tmp_path)) as watched:
        await watched.becomes(2, "equal")
        yield watched


@pytest.fixture
async def publisher(server: Server, tmp_path: Path) -> AsyncIterator[Watched]:
    access = server.make()
    async with watching(Watched("imp1", access["imp1"], tmp_path)) as watched:
        await watched.becomes(2, "publishes: 2")
        yield watched


async def test_all_is_well(server: Server, subscriber: Watched):
    rows = server.at("imp2", "select userid, home from presence_user order by 1")
    assert rows == [("alice", "imp1"), ("bob", "imp2")]
    report = subscriber.database.report()
    assert (report.answers, report.down_s) == (True, None)
    await until(lambda: subscriber.database.report().lag_bytes == 0)
