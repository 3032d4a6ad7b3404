"""Fixtures for all tests. Servers, skips and the browser are plugins in ``tests/plugins``."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import redis
from django.db import connections


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The test database; sessions that were opened beside the set-up's own end before its drop.

    Under a browser test Django keeps connections of its own (see ``tests.plugins.chromium``).
    """
    yield
    connections.close_all()


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """The tests' own Redis database, empty."""
    link = redis.Redis.from_url(os.environ["REDIS_URL"])
    link.flushdb()
    yield link
    link.flushdb()
    link.close()
