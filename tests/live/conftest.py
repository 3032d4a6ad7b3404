"""A real web process beside the tests, on the test database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser

from prg_admin.launcher.spawn import end, free_port, spawn, wait_until
from tests.e2e.buttons import Reader
from tests.factories import create_user
from tests.live.browsing import Web, answers


def test_database_url() -> str:
    """The address of the database that pytest-django made, for other processes."""
    address, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return f"{address}/{settings.DATABASES['default']['NAME']}"


def start_web(port: int, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "prg_admin.live.server", "--port", str(port)]
    env = os.environ | {"DATABASE_URL": test_database_url()}
    return spawn(command, log=log, death_signal=signal.SIGTERM, env=env)


@pytest.fixture(scope="module")
def web_process(django_db_setup: None, tmp_path_factory) -> Iterator[Web]:
    port, log = free_port(), tmp_path_factory.mktemp("web") / "web.log"
    process = start_web(port, log)
    web = Web(port, process, log)
    assert wait_until(lambda: answers(port), seconds=30), log.read_text()
    yield web
    end(process, signal.SIGTERM, seconds=10)


@pytest.fixture
def web(web_process: Web, transactional_db: None, broker) -> Web:
    """The web process, with Alice signed in."""
    alice = create_user("alice", password="Wonderland-1")
    client = Client()
    client.force_login(alice)
    web_process.cookie = f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"
    return web_process


LOCALES = {"en": "en-US", "ja": "ja-JP"}


@pytest.fixture(params=LOCALES)
def reader(request: pytest.FixtureRequest, browser: Browser, web: Web) -> Iterator[Reader]:
    """Alice before a browser, once in each language."""
    context = browser.new_context(locale=LOCALES[request.param])
    name, _, value = web.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{web.port}"}])
    yield Reader(context.new_page(), request.param)
    context.close()
