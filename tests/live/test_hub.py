"""The hub hands the news of a real stream to the browsers, whatever happens to Redis."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis

from prg_admin.launcher import servers
from prg_admin.live import hub as hubs
from prg_admin.live.hub import Browser, Hub, News
from prg_admin.live.news import RESYNC, STREAM

DEADLINE = 20.0
RESYNCED = frozenset({RESYNC})


@pytest.fixture
async def hub(broker) -> AsyncIterator[Hub]:
    async with contextlib.aclosing(Hub(os.environ["REDIS_URL"])) as hub:
        yield hub


@pytest.fixture
def group_7() -> frozenset[str]:
    return frozenset({"group-7"})


async def news_of(browser: Browser) -> News | None:
    async with asyncio.timeout(DEADLINE):
        return await browser.queue.get()


def publish(broker: redis.Redis, topics: str) -> str:
    return broker.xadd(STREAM, {"topics": topics}).decode()


async def test_news_reach_every_browser_that_shows_the_topic(hub, broker, group_7):
    browsers = [await hub.register(group_7) for _ in range(3)]
    entry = publish(broker, "group-7")
    assert [await news_of(b) for b in browsers] == [News(entry, group_7)] * 3


async def test_news_of_other_topics_stay_away(hub, broker, group_7):
    browser = await hub.register(group_7)
    publish(broker, "group-8")
    entry = publish(broker, "groups,group-7,nodes")
    assert await news_of(browser) == News(entry, group_7)


async def test_resync_reaches_everybody(hub, broker, group_7):
    browser = await hub.register(group_7)
    publish(broker, "group-8,resync")
    assert (await news_of(browser)).topics == RESYNCED


async def test_a_browser_that_does_not_keep_up_is_dropped(hub, broker, group_7, monkeypatch):
    monkeypatch.setattr(hubs, "QUEUE_SIZE", 3)
    slow, quick = await hub.register(group_7), await hub.register(group_7)
    for _ in range(5):
        entry = publish(broker, "group-7")
        assert (await news_of(quick)).id == entry
    assert await news_of(slow) is None
    assert hub.browsers == 1


@pytest.mark.fault("F30")
async def test_what_was_missed_comes_as_one_piece_of_news(hub, broker):
    seen = publish(broker, "group-7")
    publish(broker, "group-8")
    publish(broker, "group-7")
    last = publish(broker, "nodes,group-9")
    browser = await hub.register(frozenset({"group-7", "nodes"}))
    assert await hub.missed(browser, seen) == News(last, browser.topics)


async def i15_holds(hub: Hub, broker: redis.Redis) -> bool:
    """What a browser that was away shows, after it fetched anew what it is told to, is so."""
    database = dict.fromkeys(("group-7", "nodes"), 0)
    shown = dict(database)
    seen = publish(broker, "group-7")
    for change in range(1, 4):
        database["group-7"] = change
        publish(broker, "group-7")
    back = await hub.register(frozenset(database))
    missed = await hub.missed(back, seen)
    topics = missed.topics if missed else frozenset()
    shown.update(database if RESYNC in topics else {t: database[t] for t in topics})
    return shown == database


async def test_i15_a_browser_that_comes_back_shows_what_is_so(hub, broker):
    assert await i15_holds(hub, broker)


async def test_i15_red_when_what_was_missed_is_not_told(hub, broker, monkeypatch):
    async def nothing(self: Hub, after: str = "", count: int | None = None) -> list[hubs.Entry]:
        return [] if after else await good(self, count=count)

    good = Hub._entries
    monkeypatch.setattr(Hub, "_entries", nothing)
    assert not await i15_holds(hub, broker)


async def test_nothing_missed_is_no_news(hub, broker, group_7):
    seen = publish(broker, "group-7")
    publish(broker, "group-8")
    assert await hub.missed(await hub.register(group_7), seen) is None


@pytest.mark.parametrize("last_id", ["", "nonsense", "1-1", "99999999999999-0"])
async def test_an_unknown_last_id_means_look_anew(hub, broker, group_7, last_id):
    publish(broker, "group-7")
    missed = await hub.missed(await hub.register(group_7), last_id)
    assert missed.topics == RESYNCED


async def test_a_last_id_no_longer_kept_means_look_anew(hub, broker, group_7):
    seen = publish(broker, "group-7")
    publish(broker, "group-7")
    broker.xtrim(STREAM, maxlen=1, approximate=False)
    missed = await hub.missed(await hub.register(group_7), seen)
    assert missed.topics == RESYNCED


async def test_lost_connections_are_opened_again(hub, broker, group_7):
    browser = await hub.register(group_7)
    broker.client_kill_filter(_type="normal", skipme=True)
    assert (await news_of(browser)).topics == RESYNCED
    entry = publish(broker, "group-7")
    assert await news_of(browser) == News(entry, group_7)


@pytest.mark.fault("F17")
async def test_an_emptied_stream_is_noticed(hub, broker, group_7, monkeypatch):
    monkeypatch.setattr(hubs, "BLOCK_MS", 50)
    publish(broker, "group-7")
    browser = await hub.register(group_7)
    broker.delete(STREAM)
    assert (await news_of(browser)).topics == RESYNCED
    broker.xadd(STREAM, {"topics": "group-7"}, id="5-0")  # as if the clock had been set back
    assert await news_of(browser) == News("5-0", group_7)


@pytest.mark.fault("F17")
async def test_a_restarted_redis_is_found_again(tmp_path: Path, group_7, caplog):
    valkey = servers.Valkey(tmp_path / "valkey", durable=False)
    log = tmp_path / "valkey.log"
    process = servers.start(valkey, log=log)
    with caplog.at_level(logging.INFO, logger=hubs.__name__):
        async with contextlib.aclosing(Hub(valkey.url())) as hub:
            browser = await hub.register(group_7)
            servers.stop(valkey, process)
            process = servers.start(valkey, log=log)
            assert (await news_of(browser)).topics == RESYNCED
            with redis.Redis.from_url(valkey.url()) as link:
                entry = publish(link, "group-7")
            assert await news_of(browser) == News(entry, group_7)
    servers.stop(valkey, process)
    assert [r.levelname for r in caplog.records] == ["WARNING", "INFO"]


async def test_without_redis_a_browser_is_told_to_look_anew_and_waits(tmp_path: Path, group_7):
    valkey = servers.Valkey(tmp_path / "valkey", durable=False)
    async with contextlib.aclosing(Hub(valkey.url())) as hub:
        browser = await hub.register(group_7)
        assert (await hub.missed(browser, "1-1")).topics == RESYNCED
        process = servers.start(valkey, log=tmp_path / "valkey.log")
        assert (await news_of(browser)).topics == RESYNCED
    servers.stop(valkey, process)


async def test_closing_ends_every_stream_and_later_ones_at_once(hub, group_7):
    browser = await hub.register(group_7)
    hub.close()
    assert await news_of(browser) is None
    assert await news_of(await hub.register(group_7)) is None
