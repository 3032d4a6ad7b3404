"""The node's own database: whether it answers, and what its replication is worth.

Read at the interval of the heartbeats, faster while it does not answer. A change is called in at
once. Whatever the database does, the agent goes on: every reading has a deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

import psycopg

from prg_admin.agent import clock
from prg_admin.agent.comparison import SUM_S, Comparison
from prg_admin.agent.config import SHORTEST_READING_S, DatabaseConfig
from prg_admin.agent.link import Link, NoAnswerError, within
from prg_admin.domain.replication import (
    Assessment,
    Cause,
    Observation,
    Publishing,
    Replication,
    TableState,
    assess,
    assess_publisher,
    unreadable,
)
from prg_admin.domain.wire import DatabaseReport

log = logging.getLogger(__name__)

READING_S = 2.0
FIRST_INTERVAL_S = 1.0
"""Until a goal says otherwise."""
RETRY_S = 0.25
"""While it does not answer: being back has to be seen soon."""
STATEMENT_S = 1.5

SUBSCRIPTIONS = """
select s.oid, s.subenabled, st.pid,
       extract(epoch from clock_timestamp() - st.last_msg_receipt_time)::float8,
       coalesce(e.apply_error_count + e.sync_error_count, 0),
       pg_wal_lsn_diff(%s::pg_lsn, st.latest_end_lsn)::int8
  from pg_subscription s
  left join pg_stat_subscription st
    on st.subid = s.oid and st.relid is null and st.leader_pid is null
  left join pg_stat_subscription_stats e on e.subid = s.oid
 where s.subdbid = (select oid from pg_database where datname = current_database())
 order by s.oid
"""
TABLES = "select srrelid::regclass::text, srsubstate::text from pg_subscription_rel order by 1"
PUBLICATIONS = """
select (select count(*) from pg_publication), (select count(*) from pg_publication_tables)
"""


class Subscriber:
    """Reads a subscriber's views, and remembers of the last reading what the next one needs."""

    def __init__(self, comparison: Comparison | None) -> None:
        self._comparison = comparison
        self._oids: tuple[int, ...] = ()
        self._pids: tuple[int | None, ...] | None = None
        self._errors: int | None = None
        self._was_subscribed = False
        self._was_failed = False
        self.lag_bytes: int | None = None

    async def read(self, link: Link) -> Assessment:
        seen = await self._observe(link)
        found = assess(seen)
        self._was_failed = found.value is Replication.FAILED
        self._was_subscribed |= seen.subscribed
        return found

    async def _observe(self, link: Link) -> Observation:
        beside = self._comparison
        log_end = beside.log_end if beside else None
        rows = await link.rows(SUBSCRIPTIONS, log_end)
        self._notice_others(tuple(row[0] for row in rows))
        if not rows:
            return Observation(subscribed=False, was_subscribed=self._was_subscribed)
        tables = tuple((name, TableState(state)) for name, state in await link.rows(TABLES))
        pids, ages, lags = (tuple(row[i] for row in rows) for i in (2, 3, 5))
        errors, errors_before = sum(row[4] for row in rows), self._errors
        is_new = self._pids is not None and pids != self._pids
        self._pids, self._errors = pids, errors
        self.lag_bytes = None if None in lags else max(0, *lags)
        return Observation(
            subscribed=True,
            enabled=all(row[1] for row in rows),
            worker=None not in pids,
            worker_is_new=is_new,
            tables=tables,
            expected_tables=beside.expected_tables if beside else None,
            message_age_s=max((age for age in ages if age is not None), default=None),
            errors=errors,
            errors_before=errors_before,
            publisher_answers=beside.answers if beside else None,
            same_content=beside.same if beside else None,
            was_failed=self._was_failed,
        )

    def _notice_others(self, oids: tuple[int, ...]) -> None:
        """A new subscription begins anew; its counters do too."""
        if oids != self._oids:
            self._oids, self._pids, self._errors = oids, None, None
            self._was_failed, self.lag_bytes = False, None
            if self._comparison is not None:
                self._comparison.forget()


class Publisher:
    def __init__(self) -> None:
        self._was_publishing = False
        self.lag_bytes: int | None = None
        """It has nothing to catch up with."""

    async def read(self, link: Link) -> Assessment:
        publications, tables = (await link.rows(PUBLICATIONS))[0]
        seen = Publishing(publications, tables, was_publishing=self._was_publishing)
        self._was_publishing |= publications > 0
        return assess_publisher(seen)


class Database:
    """``changed`` is called with a short text when the report says something else than before."""

    def __init__(
        self, config: DatabaseConfig, *, node: str, changed: Callable[[str], None]
    ) -> None:
        self._config = config
        self._changed = changed
        name = f"prg-agent {node}"
        self._link = Link(config.url_file, name=name, statement_s=STATEMENT_S)
        self._comparison: Comparison | None = None
        if config.publisher_url_file is not None:
            self._comparison = Comparison(
                Link(config.url_file, name=name, statement_s=SUM_S),
                Link(config.publisher_url_file, name=name, statement_s=SUM_S),
                changed=self._look_now,
            )
        self._reader: Publisher | Subscriber = (
            Publisher() if config.publisher else Subscriber(self._comparison)
        )
        self._interval_s = config.interval_s or FIRST_INTERVAL_S
        self._look = asyncio.Event()
        self._read = asyncio.Condition()
        self._began = clock.now()
        self._answered_at: float | None = None
        self._refused = False
        """The last reading failed at once, so that another one costs nothing."""
        self._found = Assessment(None, Cause.NO_ANSWER)
        self._told: object = None

    @property
    def answers(self) -> bool:
        return self._found.cause is not Cause.NO_ANSWER

    def report(self) -> DatabaseReport:
        down_s = None if self.answers else clock.now() - (self._answered_at or self._began)
        return DatabaseReport(
            answers=self.answers,
            down_s=down_s,
            replication=None if self._found.value is None else int(self._found.value),
            detail=self._found.detail,
            lag_bytes=self._reader.lag_bytes if self.answers else None,
        )

    def follow(self, heartbeat_interval: float) -> None:
        interval = self._config.interval_s or max(SHORTEST_READING_S, heartbeat_interval)
        if interval != self._interval_s:
            self._interval_s = interval
            self._look_now()

    def _look_now(self) -> None:
        self._look.set()

    async def freshen(self, seconds: float) -> None:
        """Look once more before the engine is told that the database is down.

        Engine and nodes may lose one server together; the engine must not be told, when it is back
        first, of a failure that is over.
        """
        if self.answers or not self._refused:
            return
        self._look_now()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._read:
                await self._read.wait()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_reading())
            if self._comparison is not None:
                tasks.create_task(self._keep_comparing(self._comparison))

    async def _keep_reading(self) -> None:
        try:
            while True:
                await self._read_once()
                wait = self._interval_s if self.answers else min(RETRY_S, self._interval_s)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._look.wait()
        finally:
            await self._link.close()

    async def _keep_comparing(self, comparison: Comparison) -> None:
        try:
            while True:
                if self.answers:
                    value = self._found.value
                    ready = value in (Replication.GOOD, Replication.MISMATCH)
                    await _survive(comparison.look(ready=ready))
                await asyncio.sleep(self._interval_s)
        finally:
            await comparison.close()

    async def _read_once(self) -> None:
        self._look.clear()
        began = clock.now()
        try:
            found = await within(READING_S, self._reader.read(self._link), self._link)
        except NoAnswerError as error:
            found = unreadable(Cause.NO_ANSWER, str(error))
            self._refused = clock.now() - began < RETRY_S
        except psycopg.Error as error:
            found = unreadable(Cause.UNREADABLE, str(error))
        except Exception as error:
            log.exception("the database cannot be read")
            found = unreadable(Cause.UNREADABLE, repr(error))
        self._take(found)
        async with self._read:
            self._read.notify_all()

    def _take(self, found: Assessment) -> None:
        self._found = found
        if self.answers:
            self._answered_at = clock.now()
        situation = (self.answers, found.value, found.detail if self.answers else "")
        if situation != self._told:
            self._told = situation
            log.info("database: replication %s, %s", _shown(found.value), found.detail)
            self._changed(f"{_shown(found.value)} {found.detail}")


def _shown(value: Replication | None) -> str:
    return "-" if value is None else str(int(value))


async def _survive(work: Any) -> None:
    try:
        await work
    except Exception:
        log.exception("the comparison with the publisher failed")
