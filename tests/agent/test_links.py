"""The checkup, and the measure of the link between two agents."""

from __future__ import annotations

import io
import time

from prg_admin.domain.checkups import LINK_BYTES, RAMP_BYTES, Checkup, LinkCount, LinkOrder
from prg_admin.domain.wire import PeerAddress
from tests.agent.lab import Agent, until


async def measured(source: Agent, to: PeerAddress) -> LinkCount:
    status, body = await source.call("POST", "measure", json=LinkOrder(to).to_json())
    assert status == 200, body
    return LinkCount.from_json(body)


async def test_a_checkup_tells_clock_and_free_disk(node: Agent) -> None:
    before = time.time()
    status, body = await node.call("GET", "checkup")
    checkup = Checkup.from_json(body)
    assert status == 200
    assert before <= checkup.clock <= time.time()
    assert checkup.free_bytes > 0
    assert checkup.node == "imp1"


async def test_the_receiver_counts_what_arrives_after_the_ramp(pair: tuple[Agent, Agent]) -> None:
    count = await measured(pair[0], pair[1].address)
    assert count.received == LINK_BYTES
    assert LINK_BYTES - RAMP_BYTES <= count.counted < LINK_BYTES
    assert count.mbps is not None
    assert count.mbps > 0
    assert count.rtt_ms > 0


async def test_a_second_measure_has_to_wait(pair: tuple[Agent, Agent]) -> None:
    first, second = pair
    await measured(first, second.address)
    order = LinkOrder(second.address).to_json()
    status, body = await first.call("POST", "measure", json=order)
    assert (status, body) == (409, {"error": "measured-lately"})

    async def again() -> bool:
        return (await first.call("POST", "measure", json=order))[0] == 200

    await until(again)


async def test_a_node_that_does_not_answer_is_named(node: Agent) -> None:
    to = LinkOrder(PeerAddress("imp2", "127.0.0.1", 1)).to_json()
    status, body = await node.call("POST", "measure", json=to)
    assert (status, body) == (502, {"error": "link-failed", "detail": "refused"})


async def test_only_the_engine_has_a_link_measured_or_a_node_examined(node: Agent) -> None:
    for method, path in (("POST", "measure"), ("GET", "checkup")):
        answer = await node.call(method, path, who="imp2", json={})
        assert answer == (403, {"error": "engine-only"})


async def test_more_than_a_measure_is_not_taken(node: Agent) -> None:
    too_much = io.BytesIO(bytes(3 * LINK_BYTES))
    status, body = await node.call("POST", "link", who="imp2", data=too_much)
    assert status == 200
    assert LinkCount.from_json(body).received < 2 * LINK_BYTES
