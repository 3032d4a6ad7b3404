"""The event stream: one connection of a browser, news of the topics that its page shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from prg_admin.accounts.access import readers_or_refused
from prg_admin.live import hub
from prg_admin.live.news import RESYNC, TOPIC

MOST_TOPICS = 20
PING_SECONDS = 15.0
RETRY_MS = 1000
PING = b": ping\n\n"


@require_GET
@readers_or_refused
async def stream(request: HttpRequest) -> HttpResponseBase:
    """``/live/?topics=groups,group-7``; resumes after the ``Last-Event-ID`` of the browser."""
    topics = frozenset(filter(None, request.GET.get("topics", "").split(",")))
    if not 1 <= len(topics) <= MOST_TOPICS or not all(map(TOPIC.fullmatch, topics)):
        return HttpResponse(
            f"topics must name 1 to {MOST_TOPICS} topics such as group-7, separated by commas.\n",
            status=400,
            content_type="text/plain; charset=utf-8",
        )
    # Signing in was looked up in the database: its connection must not stay out of the pool for
    # as long as this stream is open.
    await sync_to_async(connections.close_all)()
    response = StreamingHttpResponse(
        _events(topics, request.headers.get("Last-Event-ID", "")),
        content_type="text/event-stream",
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


async def _events(topics: frozenset[str], last_id: str) -> AsyncIterator[bytes]:
    news_hub = hub.current()
    browser = await news_hub.register(topics)
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        # A first connection looks anew too: the page was rendered a moment before.
        missed = await news_hub.missed(browser, last_id)
        if _is_gone():
            return
        if missed is not None:
            yield _event(missed)
        seen = missed.id if missed else last_id
        async for news in _queued(browser):
            if news is None:
                yield PING
            elif not news.id or hub.is_after(news.id, seen):
                yield _event(news)
    finally:
        news_hub.unregister(browser)


def _is_gone() -> bool:
    """Whether the browser left while Redis was asked; see ``Hub.aclose`` on lost cancellations."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _queued(browser: hub.Browser) -> AsyncIterator[hub.News | None]:
    """News of the queue, None after a while without any; ends when the hub ends the stream."""
    while True:
        try:
            async with asyncio.timeout(PING_SECONDS):
                news = await browser.queue.get()
        except TimeoutError:
            yield None
            continue
        if news is None:
            return
        yield news


def _event(news: hub.News) -> bytes:
    """One event per topic; only the last has the id: a cut in between repeats, never skips."""
    names = [RESYNC] if RESYNC in news.topics else sorted(news.topics)
    lines = [f"event: {name}\ndata: {json.dumps({'topic': name})}\n" for name in names]
    if news.id:
        lines[-1] = f"id: {news.id}\n{lines[-1]}"
    return ("\n".join(lines) + "\n").encode()
