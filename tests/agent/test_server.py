"""Who may say what to an agent, and what it answers to nonsense."""

from __future__ import annotations

import aiohttp
import pytest

from prg_admin.domain.states import Role
from tests.agent.lab import Agent, goal

GREETING = {"node": "imp2", "boot_id": "b", "highest_epoch": 0, "role": "own", "serving": []}


async def test_only_the_engine_may_give_orders(node: Agent) -> None:
    for method, path in (
        ("GET", "report"), ("PUT", "goal"), ("POST", "services/Cisco%20Sync%20Agent/stop"),
    ):  # fmt: skip
        answer = await node.call(method, path, who="imp2", json={})
        assert answer == (403, {"error": "engine-only"})
    assert (await node.report()).services_running


async def test_only_the_peer_of_the_goal_may_greet(node: Agent) -> None:
    assert (await node.call("POST", "heartbeat", who="imp2", json=GREETING))[0] == 403
    await node.order(goal(Role.OWN, 1))
    status, answer = await node.call("POST", "heartbeat", who="imp2", json=GREETING)
    assert (status, answer["node"], answer["serving"]) == (200, "imp1", ["imp1"])
    assert (await node.call("POST", "heartbeat", who="imp3", json=GREETING))[0] == 403
    stranger = {**GREETING, "node": "imp3"}
    assert (await node.call("POST", "heartbeat", who="imp3", json=stranger))[0] == 403


async def test_a_caller_without_a_certificate_is_turned_away(node: Agent) -> None:
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await node.call("GET", "report", who="")


async def test_nonsense_gets_a_short_answer(node: Agent) -> None:
    status, body = await node.call("PUT", "goal", data=b"{")
    assert (status, body["error"]) == (400, "bad-json")
    status, body = await node.call("PUT", "goal", json={"boot_id": "x"})
    assert (status, body) == (
        400, {"error": "bad-document", "detail": "Order.fences is missing"},
    )  # fmt: skip
    assert await node.call("GET", "nothing") == (404, {"error": "Not Found"})
    assert (await node.control("Cisco Nothing", "start"))[0] == 404
    assert (await node.control("Cisco Sync Agent", "explode"))[0] == 404
    assert (await node.call("PUT", "goal", data=b"[" * 100_000))[0] == 413


async def test_each_report_has_its_number(node: Agent) -> None:
    first, second = await node.report(), await node.report()
    assert second.seq > first.seq
    assert second.boot_id == first.boot_id
