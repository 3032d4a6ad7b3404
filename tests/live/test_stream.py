"""The event stream of a real web process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys

import pytest
from django.conf import settings

from prg_admin.launcher.spawn import end, free_port, wait_until
from prg_admin.live import news, views
from prg_admin.live.hub import Browser
from tests.live.browsing import Web, answers, opened
from tests.live.conftest import start_web

ADDRESS = "/live/?topics=group-7,groups"
POOL = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]


def publish(broker, topics: str) -> str:
    return broker.xadd(news.STREAM, {"topics": topics}).decode()


def test_the_first_connection_is_told_to_look_anew(web):
    with opened(web, ADDRESS) as stream:
        assert stream.response.status == 200
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        assert stream.response.headers["Cache-Control"] == "no-cache"
        assert stream.response.headers["X-Accel-Buffering"] == "no"
        assert stream.block() == {"retry": "1000"}
        assert stream.block() == {"event": "resync", "data": '{"topic": "resync"}'}


def test_news_of_the_page_s_topics_arrive_as_events(web, broker):
    with opened(web, ADDRESS) as stream:
        assert stream.event()["event"] == "resync"
        publish(broker, "group-8")
        entry = publish(broker, "group-7,groups,nodes")
        # Both topics, and only the last names the id to resume from.
        assert stream.event() == {"event": "group-7", "data": '{"topic": "group-7"}'}
        assert stream.event() == {"event": "groups", "data": '{"topic": "groups"}', "id": entry}


def test_a_browser_that_comes_back_gets_what_it_missed(web, broker):
    seen = publish(broker, "group-7")
    publish(broker, "group-7")
    entry = publish(broker, "group-8,group-7")
    with opened(web, ADDRESS, **{"Last-Event-ID": seen}) as stream:
        assert stream.event() == {"event": "group-7", "data": '{"topic": "group-7"}', "id": entry}
        later = publish(broker, "groups")
        assert stream.event()["id"] == later


def test_a_browser_that_missed_too_much_is_told_to_look_anew(web, broker):
    publish(broker, "group-7")
    with opened(web, ADDRESS, **{"Last-Event-ID": "1-1"}) as stream:
        assert stream.event()["event"] == "resync"


def test_the_stream_survives_lost_connections_to_redis(web, broker):
    with opened(web, ADDRESS) as stream:
        stream.event()
        broker.client_kill_filter(_type="normal", skipme=True)
        assert stream.event()["event"] == "resync"
        entry = publish(broker, "group-7")
        assert stream.event()["id"] == entry


def test_whoever_is_not_signed_in_is_refused(web):
    web.cookie = ""
    with opened(web, ADDRESS) as stream:
        assert stream.response.status == 403


async def test_a_quiet_stream_is_pinged(monkeypatch):
    monkeypatch.setattr(views, "PING_SECONDS", 0.01)
    quiet = views._queued(Browser(frozenset({"groups"})))
    async with contextlib.aclosing(quiet):
        assert await anext(quiet) is None
        assert await anext(quiet) is None


@pytest.mark.parametrize(
    "topics",
    ["", "Group-7", "group-7;nodes", "a" * 33, ",".join(f"group-{n}" for n in range(21))],
)
def test_topics_that_are_none_are_refused(web, topics):
    with opened(web, f"/live/?topics={topics}") as stream:
        assert stream.response.status == 400
        assert b"topics must name 1 to 20" in stream.response.read()


def test_open_streams_hold_no_database_connections(web):
    with contextlib.ExitStack() as streams:
        for _ in range(POOL * 2):
            streams.enter_context(opened(web, ADDRESS)).event()
        with opened(web, "/") as page:
            assert page.response.status == 200


def test_a_stop_ends_open_streams_at_once(web, tmp_path):
    port = free_port()
    process = start_web(port, tmp_path / "web.log")
    try:
        assert wait_until(lambda: answers(port), seconds=30)
        second = Web(port, process, web.log, web.cookie)
        with opened(second, ADDRESS) as one, opened(second, ADDRESS) as other:
            assert one.event()["event"] == other.event()["event"] == "resync"
            process.send_signal(signal.SIGTERM)
            assert one.block() == other.block() == {}
            assert process.wait(20) in (0, -signal.SIGTERM)
    finally:
        end(process, signal.SIGKILL, seconds=10)
    # uvicorn says so when it had to cut requests off after its grace.
    said = (tmp_path / "web.log").read_text()
    assert "Finished server process" in said
    assert "graceful shutdown exceeded" not in said
    assert "Traceback" not in said


def test_a_taken_port_is_said_in_one_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "prg_admin.live.server", "--port", str(port)]
        run = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ)
    assert run.returncode == 2
    assert run.stderr == (
        f"Port {port} on 127.0.0.1 is taken by another program; choose a free one with PORT.\n"
    )
