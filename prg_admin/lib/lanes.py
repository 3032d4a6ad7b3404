"""The pages under ASGI: each request has one thread, and stays in it from the first middleware to
the last.

Left to itself Django changes between the event loop and a new thread two dozen times for each
request, twice for each middleware, and makes the thread's objects of the database anew. That took
a third of the time of a page. Here a request crosses over three times (it begins, is answered,
ends), into a thread that has been there before.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase

KEPT = 10
"""Idle threads that wait for the next request: as many as the pool has connections."""


class Pages(ASGIHandler):
    """Django's own handler with a synchronous chain of middleware.

    A view that is ``async`` runs in the event loop as ever; its lane waits for it, and is its own
    until the last byte was sent.
    """

    def __init__(self) -> None:
        self._free: list[ThreadPoolExecutor] = []
        """Of one thread each; the latest used is the last one, and the next to be used."""
        super().__init__()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        lane = self._free.pop() if self._free else ThreadPoolExecutor(1, "page")
        is_idle = False
        try:
            async with ThreadSensitiveContext(executor=lane):
                await super().__call__(scope, receive, send)
            is_idle = True
        finally:
            # One that was broken off may still be at work: nobody is to wait behind it.
            if is_idle and len(self._free) < KEPT:
                self._free.append(lane)
            else:
                lane.shutdown(wait=False)

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response)(request)
