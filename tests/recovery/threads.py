"""Several at once on real PostgreSQL: each in a thread with a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection

from prg_admin.launcher.spawn import wait_until

T = TypeVar("T")


@contextmanager
def workers(count: int) -> Iterator[Callable[..., Future[Any]]]:
    """Gives a ``begin(work)``; at the end all are waited for and their connections returned."""

    def with_connection(work: Callable[..., T], *args: Any) -> T:
        try:
            return work(*args)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        yield lambda work, *args: pool.submit(with_connection, work, *args)


def all_at_once(*works: Callable[[], T]) -> list[T]:
    with workers(len(works)) as begin:
        running = [begin(work) for work in works]
        return [future.result(timeout=30) for future in running]


def waits_for_a_lock() -> bool:
    """Whether some session of this database waits for a row that another holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def until_it_waits() -> None:
    assert wait_until(waits_for_a_lock, seconds=20), "nobody waits for a lock"
