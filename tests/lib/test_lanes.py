"""Each request has a thread of its own while it lasts, and threads are used again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from prg_admin.accounts.access import anonymous_allowed
from prg_admin.lib import lanes
from prg_admin.lib.lanes import Pages

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

PATIENCE_S = 20
begun, may_end = threading.Event(), threading.Event()


@anonymous_allowed
def thread(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(threading.get_ident()))


@anonymous_allowed
def slow(_request: HttpRequest) -> HttpResponse:
    begun.set()
    may_end.wait(PATIENCE_S)
    return HttpResponse(str(threading.get_ident()))


@anonymous_allowed
async def stream(_request: HttpRequest) -> StreamingHttpResponse:
    async def pieces():
        yield b"one"
        yield b"two"

    return StreamingHttpResponse(pieces())


urlpatterns = [path("thread/", thread), path("slow/", slow), path("stream/", stream)]


@pytest.fixture(autouse=True)
def _events() -> Iterator[None]:
    begun.clear()
    may_end.clear()
    yield
    may_end.set()


async def asked(pages: Pages, address: str) -> ApplicationCommunicator:
    scope = {"type": "http", "method": "GET", "path": address, "query_string": b"",
             "headers": [(b"host", b"localhost")], "http_version": "1.1",
             "scheme": "http"}  # fmt: skip
    call = ApplicationCommunicator(pages, scope)
    await call.send_input({"type": "http.request", "body": b""})
    return call


async def answer(call: ApplicationCommunicator) -> tuple[int, bytes]:
    start = await call.receive_output(PATIENCE_S)
    body, more = b"", True
    while more:
        piece: dict[str, Any] = await call.receive_output(PATIENCE_S)
        body, more = body + piece.get("body", b""), piece.get("more_body", False)
    await call.wait(PATIENCE_S)
    return start["status"], body


async def body_of(pages: Pages, address: str) -> bytes:
    return (await answer(await asked(pages, address)))[1]


async def test_one_after_another_they_run_in_the_same_thread():
    pages = Pages()
    assert len({await body_of(pages, "/thread/") for _ in range(5)}) == 1


async def test_all_of_a_request_runs_in_its_thread():
    seen: list[str] = []

    def note(**_more: Any) -> None:
        seen.append(str(threading.get_ident()))

    for signal in (request_started, request_finished):
        signal.connect(note)
    try:
        in_view = await body_of(Pages(), "/thread/")
    finally:
        for signal in (request_started, request_finished):
            signal.disconnect(note)
    assert seen == [in_view.decode()] * 2


async def test_two_at_once_do_not_wait_for_each_other():
    pages = Pages()
    call = await asked(pages, "/slow/")
    assert await asyncio.to_thread(begun.wait, PATIENCE_S)
    quick = await body_of(pages, "/thread/")
    may_end.set()
    assert (await answer(call))[1] != quick


async def test_nobody_waits_behind_somebody_who_hung_up():
    pages = Pages()
    call = await asked(pages, "/slow/")
    assert await asyncio.to_thread(begun.wait, PATIENCE_S)
    await call.send_input({"type": "http.disconnect"})
    assert (await answer(await asked(pages, "/thread/")))[0] == 200
    may_end.set()
    await call.wait(PATIENCE_S)
    assert len(pages._free) == 2


async def test_no_more_threads_wait_than_are_to_be_kept(monkeypatch):
    monkeypatch.setattr(lanes, "KEPT", 1)
    pages = Pages()
    call = await asked(pages, "/slow/")
    assert await asyncio.to_thread(begun.wait, PATIENCE_S)
    assert (await answer(await asked(pages, "/thread/")))[0] == 200
    may_end.set()
    await answer(call)
    assert len(pages._free) == 1


async def test_an_asynchronous_view_is_answered_too():
    assert await answer(await asked(Pages(), "/stream/")) == (200, b"onetwo")
