"""The right to serve: who keeps it, who loses it, and how it comes back."""

from __future__ import annotations

import os
import signal
from typing import Any

from prg_admin.domain.states import Role
from prg_admin.domain.wire import Goal, Order, PeerAddress, Timing
from tests.agent.lab import CALM, Agent, Lab, Session, goal, stays, until


def fenced_goal(epoch: int = 1, **changes: Any) -> Goal:
    return goal(Role.OWN, epoch, fence=True, **changes)


async def test_a_node_that_nobody_hears_stops_serving(lab: Lab, node: Agent) -> None:
    report = await node.serve(fenced_goal())
    assert (report.serving, report.isolates, report.fences) == (("imp1",), True, 0)
    session = await Session.log_in(node, "imp1")
    assert session is not None
    await lab.engine.close()
    await session.closed_by_node()
    report = await node.wait(lambda r: r.fenced)
    assert (report.serving, report.sessions, report.fences) == ((), 0, 1)
    assert report.services_running


async def test_an_isolated_node_serves_again_only_after_an_order(lab: Lab, node: Agent) -> None:
    await node.serve(fenced_goal())
    old = await node.report()
    lab.engine.alive_status = 409
    await node.wait(lambda r: r.fenced)
    lab.engine.alive_status = 200
    order = Order(fenced_goal(2), old.boot_id, old.fences, old.seq)
    status, body = await node.call("PUT", "goal", json=order.to_json())
    assert (status, body["error"], body["fences"]) == (409, "stale-order", 1)
    await stays(lambda: _serves(node, ()), seconds=0.5)
    await node.order(fenced_goal(2))
    await node.wait(lambda r: r.serving == ("imp1",) and not r.fenced)


async def test_alive_call_ins_keep_the_right_when_the_peer_is_dead(lab: Lab, node: Agent) -> None:
    await node.serve(fenced_goal(timing=CALM))
    await stays(lambda: _serves(node, ("imp1",)), seconds=1.3 * CALM.isolation_limit)
    assert lab.engine.kinds().count("alive") >= 3


async def test_a_node_that_cannot_be_heard_does_not_begin_to_serve(lab: Lab, node: Agent) -> None:
    lab.engine.alive_status = 409
    report = await node.order(fenced_goal())
    assert (report.serving, report.fenced) == ((), True)
    lab.engine.alive_status = 200
    await node.wait(lambda r: r.serving == ("imp1",))


async def test_a_serving_node_is_not_interrupted_when_fencing_begins(lab: Lab, node: Agent) -> None:
    await node.order(goal(Role.OWN, 1, ha_enabled=False))
    session = await Session.log_in(node, "imp1")
    assert session is not None
    assert (await node.order(fenced_goal(1, timing=CALM))).sessions == 1
    await node.wait(lambda r: r.sessions == 1 and lab.engine.kinds().count("alive") > 1)
    session.writer.close()


async def test_the_door_of_a_frozen_agent_closes_by_itself(lab: Lab, node: Agent) -> None:
    await node.serve(fenced_goal())
    old = await node.report()
    session = await Session.log_in(node, "imp1")
    assert session is not None
    node.signal(signal.SIGSTOP)
    await session.closed_by_node()
    assert await Session.log_in(node, "imp1") is None
    node.signal(signal.SIGCONT)
    report = await node.report()
    assert (report.serving, report.fenced, report.fences) == ((), True, old.fences + 1)


async def test_a_short_freeze_does_no_harm(lab: Lab, node: Agent) -> None:
    await node.serve(fenced_goal(timing=Timing(0.2, 0.5, 30.0)))
    node.signal(signal.SIGSTOP)
    node.signal(signal.SIGCONT)
    assert (await node.report()).serving == ("imp1",)


async def test_a_door_that_does_not_obey_is_ended(node: Agent) -> None:
    await node.order(goal(Role.OWN, 1))
    router = (await node.report()).services[0]
    assert router.pid is not None
    os.kill(router.pid, signal.SIGSTOP)
    report = await node.order(goal(Role.STANDBY, 2))
    report = await node.wait(lambda r: r.services[0].state == "stopped")
    assert report.serving == ()
    assert "did not stop serving" in report.services[0].error


async def test_two_nodes_keep_one_another_serving_without_the_engine(
    lab: Lab, pair: tuple[Agent, Agent]
) -> None:
    first, second = pair
    await lab.engine.close()
    await first.order(fenced_goal(peer=second.address, timing=CALM))
    await second.order(fenced_goal(node="imp2", peer=first.address, timing=CALM))
    for agent in (first, second):
        await agent.wait(lambda r: r.serving and r.peer.error == "" and r.peer.rtt_ms)
    await stays(lambda: _serves(first, ("imp1",)), seconds=1.3 * CALM.isolation_limit)


async def test_a_peer_that_took_over_confirms_nothing(lab: Lab, pair: tuple[Agent, Agent]) -> None:
    first, second = pair
    await first.order(fenced_goal(peer=second.address))
    await second.order(goal(Role.BOTH, 1, node="imp2", peer=first.address, peer_silence_s=60.0))
    lab.engine.alive_status = 409
    report = await first.wait(lambda r: r.fenced)
    assert report.peer is not None
    assert report.peer.error == ""
    assert (await second.report()).serving == ("imp2",)


async def test_a_silent_peer_is_called_in_and_so_is_its_return(
    lab: Lab, pair: tuple[Agent, Agent]
) -> None:
    first, second = pair
    await first.order(goal(Role.OWN, 1, peer=second.address))
    await second.order(goal(Role.OWN, 1, node="imp2", peer=first.address))
    await first.wait(lambda r: r.peer.error == "")
    await second.kill()
    report = await first.wait(lambda r: r.peer.error == "refused")
    await until(lambda: _details(lab)[-1:] not in ([], ["heard again"]))  # "disconnected" at first?
    await second.start()
    await first.wait(lambda r: r.peer.error == "" and r.peer.silence_s < 5)
    await until(lambda: _details(lab)[-1:] == ["heard again"])
    assert report.peer is not None
    assert report.peer.name == "imp2"


async def test_an_unreachable_peer_is_an_error_with_a_name(node: Agent) -> None:
    await node.order(goal(Role.OWN, 1, peer=PeerAddress("imp2", "127.0.0.1", node.client_port)))
    report = await node.wait(lambda r: r.peer.error != "")
    assert report.peer is not None
    assert report.peer.error in ("tls", "disconnected", "timeout")


async def _serves(agent: Agent, homes: tuple[str, ...]) -> bool:
    return (await agent.report()).serving == homes


def _details(lab: Lab) -> list[str]:
    taken = lab.engine.taken
    return [n["detail"] for n in taken if n["kind"] == "peer" and n["node"] == "imp1"]
