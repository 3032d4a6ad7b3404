"""What is announced reaches the stream on commit, and Redis being away hurts nobody."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import redis
from django.db import transaction

from prg_admin.launcher import servers
from prg_admin.live import news
from prg_admin.live.news import announce


def published(broker: redis.Redis) -> list[bytes]:
    return [fields[b"topics"] for _, fields in broker.xrange(news.STREAM)]


@pytest.mark.django_db(transaction=True)
def test_news_are_published_at_once_outside_a_transaction(broker):
    announce("group-7", "groups")
    assert published(broker) == [b"group-7,groups"]


@pytest.mark.django_db(transaction=True)
def test_news_wait_for_the_commit(broker):
    with transaction.atomic():
        announce("group-7")
        assert published(broker) == []
    assert published(broker) == [b"group-7"]


@pytest.mark.django_db(transaction=True)
def test_a_rollback_publishes_nothing(broker):
    with transaction.atomic():
        announce("group-7")
        transaction.set_rollback(True)
    assert published(broker) == []


@pytest.mark.django_db(transaction=True)
def test_no_topics_are_no_news(broker):
    announce()
    assert published(broker) == []


@pytest.mark.parametrize("topic", ["", "Groups", "group-", "group-7,nodes", "group 7", "group-x"])
def test_what_is_no_topic_is_refused_where_it_is_announced(topic):
    with pytest.raises(ValueError, match="no news topic"):
        announce(topic)


@pytest.mark.django_db(transaction=True)
def test_the_stream_does_not_grow_for_ever(broker):
    for _ in range(news.KEPT + 500):
        broker.xadd(news.STREAM, {"topics": "groups"})
    announce("groups")
    assert broker.xlen(news.STREAM) < news.KEPT + 200


@pytest.fixture
def valkey(tmp_path: Path, settings) -> servers.Valkey:
    """A server of this test alone, not started yet."""
    server = servers.Valkey(tmp_path / "valkey", durable=False)
    settings.REDIS_URL = server.url()
    return server


@pytest.mark.django_db(transaction=True)
def test_an_outage_is_logged_once_and_never_raised(valkey, caplog):
    with caplog.at_level(logging.INFO, logger="prg_admin.live.news"):
        announce("group-1")
        announce("group-2")
        assert [r.levelname for r in caplog.records] == ["WARNING"]
        process = servers.start(valkey, log=valkey.folder.with_suffix(".log"))
        announce("group-3")
        announce("group-4")
        servers.stop(valkey, process)
    assert [r.levelname for r in caplog.records] == ["WARNING", "INFO"]


@pytest.mark.django_db(transaction=True)
def test_the_first_news_after_an_outage_tell_everybody_to_look_anew(valkey, caplog):
    announce("group-1")
    process = servers.start(valkey, log=valkey.folder.with_suffix(".log"))
    announce("group-2")
    announce("group-3")
    with redis.Redis.from_url(valkey.url()) as link:
        assert published(link) == [b"group-2,resync", b"group-3"]
    servers.stop(valkey, process)
