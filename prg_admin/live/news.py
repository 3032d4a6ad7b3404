"""Says what changed: names of topics, never their contents.

A page that shows a topic fetches its part anew, under its own permission checks. News may be lost
while Redis is away; the first ones after that carry ``resync``, which tells every page to look.
"""

from __future__ import annotations

import functools
import logging
import re
import threading

import redis
from django.conf import settings
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

STREAM = "prg:news"
FIELD = "topics"
KEPT = 2000
"""News kept for browsers that come back; trimmed approximately."""
RESYNC = "resync"
TOPIC = re.compile(r"[a-z]{1,32}(-[0-9]{1,19})?")
"""``groups`` or ``group-7``; also what a browser may ask for."""
SOCKET_TIMEOUT = 0.5
"""Seconds. A Redis that is away must not hold up the change it is told about."""

_outage = threading.Event()


def announce(*topics: str) -> None:
    """Publish after the commit, at once outside a transaction; nothing after a rollback."""
    for topic in topics:
        if not TOPIC.fullmatch(topic):
            raise ValueError(f"{topic!r} is no news topic")
    if topics:
        transaction.on_commit(functools.partial(_publish, topics))


@functools.cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT,
        socket_connect_timeout=SOCKET_TIMEOUT,
        # One more try at once: the pooled connection may be from before a restart of Redis.
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
    )


def _publish(topics: tuple[str, ...]) -> None:
    after_outage = _outage.is_set()
    words = ",".join(dict.fromkeys((*topics, RESYNC) if after_outage else topics))
    try:
        _client(settings.REDIS_URL).xadd(STREAM, {FIELD: words}, maxlen=KEPT, approximate=True)
    except (redis.RedisError, OSError) as error:
        if not after_outage:
            logger.warning(
                "News are lost until Redis answers again; pages poll meanwhile: %s", error
            )
        _outage.set()
        return
    if after_outage:
        _outage.clear()
        logger.info("Redis answers again; every page is told to look anew.")
