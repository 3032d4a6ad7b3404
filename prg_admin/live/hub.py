"""One reader of the news for all browsers of this process.

Rules

1. One task per process reads the stream; each browser has a bounded queue. The task starts with the
   first browser and is told to end by ``close``.
2. A browser that does not keep up is dropped, not waited for: its stream ends, it reconnects and
   resumes by the id of the last news it saw.
3. A queue is registered before older news are looked up, so nothing falls between the two.
4. Whoever may have missed something gets the topic ``resync``: after an outage of Redis, when the
   stream was emptied, and when the last id a browser saw is no longer kept.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field
from typing import cast

import redis.asyncio as aioredis
from django.conf import settings
from redis import RedisError
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from prg_admin.live.news import FIELD, RESYNC, STREAM

logger = logging.getLogger(__name__)

QUEUE_SIZE = 256
BLOCK_MS = 5000
PAUSE = 0.25
"""Seconds between two attempts to reach Redis again."""
Entry = tuple[str, dict[str, str]]
"""Id and fields, as Redis gives them."""
ENTRY_ID = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")


@dataclass(frozen=True)
class News:
    """Topics that changed. ``id`` resumes after them; empty when they stand outside the stream."""

    id: str
    topics: frozenset[str]


@dataclass(eq=False)
class Browser:
    """One open stream. ``None`` in its queue ends it."""

    topics: frozenset[str]
    queue: asyncio.Queue[News | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_SIZE))

    def concerns(self, topics: frozenset[str]) -> frozenset[str]:
        return topics & (self.topics | {RESYNC})

    def end(self) -> None:
        """Whatever still waits in the queue is left to the resumption."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class Hub:
    """Fans the news out to the browsers of one process; lives in one event loop."""

    def __init__(self, url: str) -> None:
        self._redis = aioredis.Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=2,
            socket_timeout=BLOCK_MS / 1000 + 5,  # XREAD itself waits for BLOCK_MS
            retry=Retry(NoBackoff(), 0),  # _run tries again, and knows then that news were missed
        )
        self._browsers: set[Browser] = set()
        self._task: asyncio.Task[None] | None = None
        self._reading = asyncio.Event()
        self._closed = False

    @property
    def browsers(self) -> int:
        return len(self._browsers)

    async def register(self, topics: frozenset[str]) -> Browser:
        """A browser that gets all news from now on."""
        browser = Browser(topics)
        if self._closed:
            browser.end()
            return browser
        self._browsers.add(browser)
        if self._task is None or self._task.done():
            self._reading.clear()
            self._task = asyncio.create_task(self._run(), name="live-hub")
        # What is published before the reader knows where it starts would reach nobody.
        await self._reading.wait()
        return browser

    def unregister(self, browser: Browser) -> None:
        self._browsers.discard(browser)

    def close(self) -> None:
        """End every stream and the reader; browsers reconnect to whoever serves next."""
        self._closed = True
        for browser in list(self._browsers):
            self._drop(browser)
        self._reading.set()
        if self._task is not None:
            self._task.cancel()

    async def aclose(self) -> None:
        self.close()
        # Once may not do: before Python 3.12 asyncio.wait_for, with which redis-py sends, swallows
        # a cancellation that comes while it finishes.
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=0.1)
        await self._redis.aclose()

    async def missed(self, browser: Browser, last_id: str) -> News | None:
        """What came after ``last_id``, as one piece of news; ``resync`` if that cannot be told."""
        resync = News("", frozenset({RESYNC}))
        if not ENTRY_ID.fullmatch(last_id):
            return resync
        try:
            if not await self._is_kept(last_id):
                return resync
            entries = await self._entries(after=last_id)
        except (RedisError, OSError):
            return resync
        topics = browser.concerns(frozenset().union(*(_topics(f) for _, f in entries)))
        return News(entries[-1][0], topics) if topics else None

    async def _is_kept(self, last_id: str) -> bool:
        """Whether every entry after ``last_id`` is still in the stream."""
        oldest = await self._entries(count=1)
        newest = await self._newest_id()
        return bool(oldest) and _order(oldest[0][0]) <= _order(last_id) <= _order(newest)

    async def _entries(self, *, after: str = "", count: int | None = None) -> list[Entry]:
        first = f"({after}" if after else "-"
        return cast("list[Entry]", await self._redis.xrange(STREAM, min=first, count=count))

    async def _newest_id(self) -> str:
        """The stream's last id, of an entry since trimmed too; ``0-0`` without a stream."""
        if not await self._redis.exists(STREAM):
            return "0-0"
        return str((await self._redis.xinfo_stream(STREAM))["last-generated-id"])

    async def _run(self) -> None:
        last: str | None = None
        away = False
        while not self._closed:
            try:
                if last is None:
                    last = await self._newest_id()
                    self._reading.set()
                if away:
                    away = False
                    logger.info("Redis answers again; open pages are told to look anew.")
                    self._spread(News("", frozenset({RESYNC})))
                last = await self._read(last)
            except (RedisError, OSError) as error:
                if not away:
                    logger.warning("Redis is away, open pages poll meanwhile: %s", error)
                away, last = True, None
                self._reading.set()  # nobody waits for an outage; its end tells them to look anew
                await asyncio.sleep(PAUSE)

    async def _read(self, last: str) -> str:
        """Hand out what comes next; returns the id to go on from."""
        answer = cast(
            "list[tuple[str, list[Entry]]]",
            await self._redis.xread({STREAM: last}, block=BLOCK_MS, count=500),
        )
        if not answer:
            newest = await self._newest_id()
            if _order(newest) < _order(last):  # emptied, and the clock may have been set back
                self._spread(News("", frozenset({RESYNC})))
                return newest
            return last
        entries = answer[0][1]
        for entry_id, fields in entries:
            self._spread(News(entry_id, _topics(fields)))
        return entries[-1][0]

    def _spread(self, news: News) -> None:
        for browser in list(self._browsers):
            topics = browser.concerns(news.topics)
            if not topics:
                continue
            try:
                browser.queue.put_nowait(News(news.id, topics))
            except asyncio.QueueFull:
                logger.info("A browser did not keep up with the news; it has to reconnect.")
                self._drop(browser)

    def _drop(self, browser: Browser) -> None:
        self.unregister(browser)
        browser.end()


def _topics(fields: dict[str, str]) -> frozenset[str]:
    return frozenset(filter(None, fields.get(FIELD, "").split(",")))


def is_after(entry_id: str, other: str) -> bool:
    """Whether news came after ``other``; what is no id comes before everything."""
    return not ENTRY_ID.fullmatch(other) or _order(entry_id) > _order(other)


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence)


_hub: tuple[asyncio.AbstractEventLoop, Hub] | None = None


def current() -> Hub:
    """The hub of the running event loop, made on first use."""
    global _hub  # noqa: PLW0603 - one per process is the point
    loop = asyncio.get_running_loop()
    if _hub is None or _hub[0] is not loop:
        _hub = (loop, Hub(settings.REDIS_URL))
    return _hub[1]


def close_current() -> None:
    """End the streams of this process; to be called in its event loop."""
    if _hub is not None and _hub[0] is asyncio.get_running_loop():
        _hub[1].close()
