"""The agents' call-ins go past the pages.

Django runs all pages of a process in one thread. A call-in, by which a node tells that a service
has died or that it lives, must not wait there for a page that is long in the making; so it has
threads of its own, and none of what browsers need on the way (sessions, language, tokens).
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpResponseBase, JsonResponse
from django.urls import reverse

from prg_admin.recovery.views import MOST_CALL_IN_BYTES, agent_call_in

logger = logging.getLogger(__name__)

THREADS = 4

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Doorway:
    """An ASGI application before the one with the pages."""

    def __init__(self, pages: Application) -> None:
        self._pages = pages
        self._path = reverse("recovery:call-in")
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="call-in")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path:
            await self._pages(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            return  # it hung up
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self._threads, _answer, scope, body)
        headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in response.items()]
        content = bytes(getattr(response, "content", b""))
        headers.append((b"Content-Length", str(len(content)).encode()))
        await send({"type": "http.response.start", "status": response.status_code,
                    "headers": headers})  # fmt: skip
        await send({"type": "http.response.body", "body": content})


async def _body(receive: Receive) -> bytes | None:
    """One byte more than allowed is enough to be refused; what follows is not kept."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body = (body + bytes(message.get("body", b"")))[: MOST_CALL_IN_BYTES + 1]
        if not message.get("more_body"):
            return body


def _answer(scope: Scope, body: bytes) -> HttpResponseBase:
    try:
        return agent_call_in(ASGIRequest(scope, io.BytesIO(body)))
    except Exception:
        # The agent asks again; a page of Django's would tell it nothing.
        logger.exception("a call-in could not be answered")
        return JsonResponse({"error": "internal"}, status=500)
    finally:
        connection.close()
