"""Who may say what to an agent, and what it answers to nonsense."""

from __future__ import annotations

import aiohttp
import pytest

from prg_admin.domain.states import Role
from prg_admin.domain.wire import Order
from tests.agent.lab import Agent, goal

pytestmark = pytest.mark.asyncio(loop_scope="module")

GREETING = {"node": "imp2", "boot_id": "b", "highest_epoch": 0, "role": "own", "serving": []}


async def test_only_the_engine_may_give_orders(shared: Agent) -> None:
    for method, path in (
        ("GET", "report"), ("PUT", "goal"), ("POST", "services/Cisco%20Sync%20Agent/stop"),
    ):  # fmt: skip
        answer = await shared.call(method, path, who="imp2", json={})
        assert answer == (403, {"error": "engine-only"})
    assert (await shared.report()).services_running


async def test_only_the_peer_of_the_goal_may_greet(shared: Agent) -> None:
    await shared.order(goal(Role.OWN, 7, peer=None))
    assert (await shared.call("POST", "heartbeat", who="imp2", json=GREETING))[0] == 403
    await shared.order(goal(Role.OWN, 7))
    status, answer = await shared.call("POST", "heartbeat", who="imp2", json=GREETING)
    assert (status, answer["node"], answer["serving"]) == (200, "imp1", ["imp1"])
    assert (await shared.call("POST", "heartbeat", who="imp3", json=GREETING))[0] == 403
    stranger = {**GREETING, "node": "imp3"}
    assert (await shared.call("POST", "heartbeat", who="imp3", json=stranger))[0] == 403


async def test_a_caller_without_a_certificate_is_turned_away(shared: Agent) -> None:
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await shared.call("GET", "report", who="")


async def test_nonsense_gets_a_short_answer(shared: Agent) -> None:
    status, body = await shared.call("PUT", "goal", data=b"{")
    assert (status, body["error"]) == (400, "bad-json")
    status, body = await shared.call("PUT", "goal", json={"boot_id": "x"})
    assert (status, body) == (
        400, {"error": "bad-document", "detail": "Order.fences is missing"},
    )  # fmt: skip
    assert await shared.call("GET", "nothing") == (404, {"error": "Not Found"})
    assert (await shared.control("Cisco Nothing", "start"))[0] == 404
    assert (await shared.control("Cisco Sync Agent", "explode"))[0] == 404
    assert (await shared.call("PUT", "goal", data=b"[" * 60_000))[0] == 400
    assert (await shared.call("PUT", "goal", data=b"[" * 100_000))[0] == 413


async def test_each_report_has_its_number(shared: Agent) -> None:
    first, second = await shared.report(), await shared.report()
    assert second.seq > first.seq
    assert second.boot_id == first.boot_id


async def test_the_same_epoch_may_bring_other_particulars(shared: Agent) -> None:
    await shared.order(goal(Role.OWN, 7))
    assert (await shared.order(goal(Role.OWN, 7, group="West"))).goal_epoch == 7


async def test_an_order_for_an_earlier_start_of_the_agent_is_refused(shared: Agent) -> None:
    order = Order(goal(Role.OWN, 7), "another boot", 0, 1)
    status, body = await shared.call("PUT", "goal", json=order.to_json())
    boot_id = (await shared.report()).boot_id
    assert status == 409
    assert body == {"error": "stale-order", "boot_id": boot_id, "fences": 0}


async def test_a_goal_for_another_node_is_refused(shared: Agent) -> None:
    status, body = await shared.put(goal(Role.OWN, 7, node="imp9"))
    assert (status, body["error"]) == (400, "wrong-node")
