"""Call-ins go past the pages, and are answered as the view answers them."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from prg_admin.recovery import doorway
from prg_admin.recovery.doorway import Doorway
from tests.recovery.agents import SimPair, create_sim_pair, key_of

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/srm/v1/call-in"


@pytest.fixture
def pair(transactional_db: None, broker) -> SimPair:
    pair = create_sim_pair()
    pair.run(1)
    return pair


async def pages(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"a page"})


async def ask(method: str, path: str, body: bytes, key: str = "") -> tuple[int, Any]:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    headers += [(b"authorization", f"Bearer {key}".encode())] if key else []
    scope = {"type": "http", "method": method, "path": path, "headers": headers,
             "query_string": b"", "http_version": "1.1", "scheme": "http"}  # fmt: skip
    call = ApplicationCommunicator(Doorway(pages), scope)
    half = len(body) // 2
    await call.send_input({"type": "http.request", "body": body[:half], "more_body": True})
    await call.send_input({"type": "http.request", "body": body[half:]})
    start, end = await call.receive_output(20), await call.receive_output(20)
    return start["status"], end["body"]


def note(kind: str = "service", boot: str = "1") -> bytes:
    return json.dumps({"node": "a", "boot_id": boot, "kind": kind, "detail": ""}).encode()


@pytest.mark.parametrize(
    ("method", "body", "key"),
    [
        ("POST", note(), key_of("a")),
        ("POST", note("alive"), key_of("a")),
        ("POST", note(), "wrong"),
        ("POST", note(), ""),
        ("POST", b"{", key_of("a")),
        ("POST", b" " * 5000, key_of("a")),
        ("GET", b"", key_of("a")),
    ],
)
def test_the_doorway_answers_as_the_view_does(pair: SimPair, method: str, body: bytes, key: str):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    direct = Client().generic(method, PATH, body, "application/json", headers=headers)
    assert async_to_sync(ask)(method, PATH, body, key) == (direct.status_code, direct.content)


def test_all_else_is_left_to_the_pages():
    assert async_to_sync(ask)("GET", "/srm/v1/other", b"") == (299, b"a page")


def test_a_page_that_is_long_in_the_making_holds_up_no_call_in(pair: SimPair):
    done = threading.Event()

    async def both() -> tuple[int, Any]:
        page = asyncio.create_task(sync_to_async(done.wait, thread_sensitive=True)(60))
        answer = await ask("POST", PATH, note("alive"), key_of("a"))
        assert not page.done()
        done.set()
        await page
        return answer

    assert async_to_sync(both)()[0] == 200


def test_a_fault_of_ours_is_a_short_answer(monkeypatch, caplog):
    def broken(request: Any) -> Any:
        raise RuntimeError("boom")

    monkeypatch.setattr(doorway, "agent_call_in", broken)
    status, body = async_to_sync(ask)("POST", PATH, note(), key_of("a"))
    assert (status, json.loads(body)) == (500, {"error": "internal"})
    assert "boom" in caplog.text
