"""A publisher and a subscriber in a real PostgreSQL of their own, and the agents' view of both."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from prg_admin.agent.config import DatabaseConfig
from prg_admin.agent.database import Database
from prg_admin.console.demo_databases import Content, NodeRow, databases_make
from prg_admin.launcher import servers
from prg_admin.topology.enrolment import NodeDatabase
from tests.agent.lab import until

CONTENT = Content(
    nodes=(NodeRow("imp1", "10.0.0.1", 22101), NodeRow("imp2", "10.0.0.2", 22102)),
    users={"alice": "imp1", "bob": "imp2"},
)


class Server:
    """The PostgreSQL, as its superuser sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = servers.Postgres(folder / "postgres", durable=False)
        self._process: Any = None

    def start(self) -> None:
        self._process = servers.start(self.postgres, log=self.folder / "postgres.log")

    def stop(self) -> None:
        servers.stop(self.postgres, self._process)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Every process of it stands still: connections are accepted and nothing is answered."""
        with _stopped(servers._inside(self.postgres.folder)):
            yield

    @contextlib.contextmanager
    def late(self) -> Iterator[None]:
        """The process that applies changes stands still."""
        with _stopped([row[0] for row in self.run("select pid from pg_stat_subscription")]):
            yield

    def run(self, statement: str, *values: object, database: str = "") -> list[tuple[Any, ...]]:
        url = self.postgres.url(database or servers.DATABASE)
        with psycopg.connect(url, autocommit=True) as link:
            cursor = link.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def at(self, node: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self.run(statement, *values, database=f"{servers.DATABASE}_{node}")

    def make(self) -> dict[str, NodeDatabase]:
        return databases_make(
            server=self.postgres.url(), content=CONTENT, password=lambda role: f"of {role}"
        )

    def lock_out(self, node: str) -> None:
        name = f"{servers.DATABASE}_{node}"
        self.run(f"alter database {name} allow_connections false")
        self.run(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", name
        )

    def let_in(self, node: str) -> None:
        self.run(f"alter database {servers.DATABASE}_{node} allow_connections true")

    def drop_subscription(self) -> None:
        self.subscription("disable")
        self.subscription("set (slot_name = none)")
        self.at("imp2", f"drop subscription {servers.DATABASE}_imp2")

    def apply_errors(self) -> int:
        counted = "select coalesce(sum(apply_error_count), 0) from pg_stat_subscription_stats"
        return int(self.run(counted)[0][0])

    @contextlib.contextmanager
    def later_table(self) -> Iterator[None]:
        """One more table, published, and there to be subscribed."""
        for node in ("imp1", "imp2"):
            self.at(node, "create table later (id int primary key)")
            self.at(node, "grant select on later to public")
        try:
            yield
        finally:
            for node in ("imp1", "imp2"):
                self.at(node, "drop table later")
            self.subscription("refresh publication")

    @contextlib.contextmanager
    def locked(self, node: str, table: str) -> Iterator[None]:
        with psycopg.connect(self.postgres.url(f"{servers.DATABASE}_{node}")) as link:
            link.execute(sql.SQL("lock table {} in share mode").format(sql.Identifier(table)))
            yield

    def subscription(self, change: str) -> None:
        """``alter subscription`` of imp2."""
        name = f"{servers.DATABASE}_imp2"
        self.at(
            "imp2",
            sql.SQL(f"alter subscription {{}} {change}").format(sql.Identifier(name)).as_string(),
        )


@contextlib.contextmanager
def _stopped(pids: Sequence[int]) -> Iterator[None]:
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


class Watched:
    """The database task of an agent, running in the test's own loop."""

    def __init__(self, node: str, access: NodeDatabase, folder: Path) -> None:
        own = _secret(folder / f"{node}.url", access.url)
        publisher = access.publisher_url and _secret(
            folder / f"{node}.publisher", access.publisher_url
        )
        self.config = DatabaseConfig(own, publisher is None, publisher or None, 0.2)
        self.task: asyncio.Task[None] | None = None
        self.told: list[str] = []
        self.database = Database(self.config, node=node, changed=self.told.append)

    @property
    def value(self) -> int | None:
        return self.database.report().replication

    @property
    def detail(self) -> str:
        return self.database.report().detail

    def has_told_nothing_since(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def silent() -> bool:
            return self.told[count:] == []

        return silent

    def write_url(self, url: str) -> None:
        _secret(self.config.url_file, url)

    async def end(self) -> None:
        assert self.task is not None
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    async def becomes(self, value: int | None, detail: str = "") -> None:
        def reached() -> bool:
            return self.value == value and self.detail.startswith(detail)

        try:
            await until(reached, seconds=30)
        except AssertionError:
            pytest.fail(f"{value} {detail} expected; {self.told}, now {self.database.report()}")


def _secret(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


@contextlib.asynccontextmanager
async def watching(watched: Watched) -> AsyncIterator[Watched]:
    watched.task = task = asyncio.create_task(watched.database.run())
    try:
        yield watched
        assert not task.done() or task.cancelled(), task
    finally:
        await watched.end()
