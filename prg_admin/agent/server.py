"""The agent's side of engine and peer: HTTPS with certificates on both ends, JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from prg_admin.agent.node import Node
from prg_admin.agent.refusal import Refused
from prg_admin.agent.tls import common_name
from prg_admin.agent.wishes import Action
from prg_admin.domain.checkups import LinkOrder
from prg_admin.domain.ticks import tag_of, ticks_of
from prg_admin.domain.wire import Document, Heartbeat, Order, Report, WireError

log = logging.getLogger(__name__)

ENGINE = "engine"
BODY_LIMIT = 64 * 1024
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(node: Node) -> web.Application:
    app = web.Application(middlewares=[_speak_json], client_max_size=BODY_LIMIT)

    async def report(request: web.Request) -> web.Response:
        await node.look_at_database()
        return _said(node.report(), known=request.headers.get("If-None-Match", ""))

    async def goal(request: web.Request) -> web.Response:
        return _answer(await node.accept(Order.from_json(await _json(request))))

    async def heartbeat(request: web.Request) -> web.Response:
        greeting = Heartbeat.from_json(await _json(request))
        if _caller(request) == ENGINE:
            return _answer(node.greeting())
        if _caller(request) != greeting.node:
            raise Refused(403, "not-who-you-say")
        return _answer(node.hear(greeting))

    async def service(request: web.Request) -> web.Response:
        action = Action(request.match_info["action"])
        return _answer(await node.control(request.match_info["name"], action), status=202)

    actions = "|".join(Action)
    app.router.add_get("/srm/v1/report", _engine_only(report), allow_head=False)
    app.router.add_put("/srm/v1/goal", _engine_only(goal))
    app.router.add_post("/srm/v1/heartbeat", heartbeat)
    app.router.add_post(f"/srm/v1/services/{{name}}/{{action:{actions}}}", _engine_only(service))
    _add_checks(app, node)
    return app


def _add_checks(app: web.Application, node: Node) -> None:
    async def checkup(_request: web.Request) -> web.Response:
        return _answer(node.checkup())

    async def logged_in(request: web.Request) -> web.Response:
        return _answer(await node.roll.page(request.query.get("after", "")))

    async def measure(request: web.Request) -> web.Response:
        return _answer(await node.links.measure(LinkOrder.from_json(await _json(request))))

    async def link(request: web.Request) -> web.Response:
        """Any agent of the authority may measure the link to this one: nothing comes of it."""
        if request.method == "POST":
            return _answer(await node.links.count(request))
        return web.Response()

    app.router.add_get("/srm/v1/checkup", _engine_only(checkup), allow_head=False)
    app.router.add_get("/srm/v1/logged-in", _engine_only(logged_in), allow_head=False)
    app.router.add_post("/srm/v1/measure", _engine_only(measure))
    app.router.add_get("/srm/v1/link", link, allow_head=False)
    app.router.add_post("/srm/v1/link", link)


def _engine_only(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        if _caller(request) != ENGINE:
            raise Refused(403, "engine-only")
        return await handler(request)

    return guarded


def _caller(request: web.Request) -> str:
    transport = request.transport
    return common_name(None if transport is None else transport.get_extra_info("peercert"))


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise Refused(400, "bad-json", detail=str(error)) from error


def _said(report: Report, *, known: str) -> web.Response:
    """Who knows all of it but what moves by itself is told that alone."""
    tag = f'"{tag_of(report)}"'
    if known == tag:
        return web.Response(status=304, headers={"ETag": tag, "Ticks": str(ticks_of(report))})
    answer = _answer(report)
    answer.headers["ETag"] = tag
    return answer


def _answer(document: Document, status: int = 200) -> web.Response:
    return web.json_response(document.to_json(), status=status)


@web.middleware
async def _speak_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever happens, the caller gets a short JSON answer and never a traceback."""
    try:
        return await handler(request)
    except Refused as refusal:
        return web.json_response(refusal.body, status=refusal.status)
    except WireError as error:
        return web.json_response({"error": "bad-document", "detail": str(error)}, status=400)
    except web.HTTPException as answer:
        return web.json_response({"error": answer.reason}, status=answer.status)
    except OSError:
        log.exception("the state cannot be written")
        return web.json_response({"error": "storage"}, status=500)
    except Exception:
        log.exception("a request failed")
        return web.json_response({"error": "internal"}, status=500)
