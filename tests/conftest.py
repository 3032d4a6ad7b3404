"""Fixtures for all tests. Servers, skips and the browser are plugins in ``tests/plugins``."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import redis


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """The tests' own Redis database, empty."""
    link = redis.Redis.from_url(os.environ["REDIS_URL"])
    link.flushdb()
    yield link
    link.flushdb()
    link.close()
