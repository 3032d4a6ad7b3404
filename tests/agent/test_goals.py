"""What a node does about its goal, seen at its processes and its door."""

from __future__ import annotations

import os
import signal

import pytest

from prg_admin.domain.states import Role
from prg_admin.domain.wire import Order
from tests.agent.lab import CALM, SERVICES, Agent, Lab, Session, alive, goal, until


async def test_a_new_node_runs_its_services_and_serves_nobody(lab: Lab, node: Agent) -> None:
    report = await node.report()
    assert [s.name for s in report.services] == list(SERVICES)
    assert all(alive(s.pid) for s in report.services if s.pid)
    assert report.services_running
    assert (report.role, report.serving, report.fenced) == (Role.STANDBY, (), True)
    assert report.goal_digest == ""
    assert await Session.log_in(node, "imp1") is None


async def test_services_start_in_the_order_of_the_file(node: Agent) -> None:
    ages = [s.up_s for s in (await node.report()).services if s.up_s is not None]
    assert ages == sorted(ages, reverse=True)
    assert len(ages) == len(SERVICES)


async def test_the_answer_to_a_goal_already_shows_who_is_served(node: Agent) -> None:
    wanted = goal(Role.OWN, 5)
    report = await node.order(wanted)
    assert (report.serving, report.fenced) == (("imp1",), False)
    assert (report.goal_epoch, report.goal_digest) == (5, wanted.digest)
    session = await Session.log_in(node, "imp1")
    assert session is not None
    await node.wait(lambda r: r.sessions == 1)
    session.writer.close()


async def test_from_own_to_standby_to_both_to_idle_and_back(node: Agent) -> None:
    before = await node.pids()
    assert (await node.order(goal(Role.OWN, 1))).serving == ("imp1",)
    session = await Session.log_in(node, "imp1")
    assert session is not None
    assert (await node.order(goal(Role.STANDBY, 2))).serving == ()
    await session.closed_by_node()
    assert (await node.order(goal(Role.BOTH, 3))).serving == ("imp1", "imp2")
    assert await node.pids() == before
    assert (await node.order(goal(Role.IDLE, 4))).serving == ()
    await node.wait(lambda r: r.services_stopped)
    assert not any(alive(pid) for pid in before.values())
    await node.order(goal(Role.OWN, 5))
    report = await node.wait(lambda r: r.services_running and r.serving == ("imp1",))
    assert set(before.values()).isdisjoint({s.pid for s in report.services})


async def test_what_ended_a_service_is_past_once_it_is_to_be_started_again(node: Agent) -> None:
    """Else the engine could not tell it from one that has failed to start."""
    await node.order(goal(Role.OWN, 1))
    os.kill((await node.pids())[SERVICES[-1]], signal.SIGKILL)
    await node.wait(lambda r: any(s.error for s in r.services))
    await node.order(goal(Role.IDLE, 2))
    await node.wait(lambda r: r.services_stopped)
    report = await node.order(goal(Role.OWN, 3))
    assert not any(s.error for s in report.services)
    assert all(s.is_starting or s.up_s is not None for s in report.services)
    await node.wait(lambda r: r.services_running)


async def test_reaching_a_slow_goal_is_called_in(lab: Lab, node: Agent) -> None:
    await node.order(goal(Role.IDLE, 1))
    await node.wait(lambda r: r.services_stopped)
    await until(lambda: "goal" in lab.engine.kinds())


async def test_a_goal_may_change_while_it_is_being_reached(node: Agent) -> None:
    await node.order(goal(Role.OWN, 1))
    await node.order(goal(Role.IDLE, 2))
    await node.order(goal(Role.OWN, 3))
    await node.wait(lambda r: r.services_running and r.serving == ("imp1",))


@pytest.mark.fault("F21")
async def test_a_stale_epoch_is_refused_even_after_a_restart(lab: Lab, node: Agent) -> None:
    await node.order(goal(Role.OWN, 7))
    await node.kill()
    await node.start()
    status, body = await node.put(goal(Role.BOTH, 6))
    assert (status, body) == (409, {"error": "stale-epoch", "highest_epoch": 7})
    assert (await node.report()).serving == ()


async def test_an_order_that_a_later_one_has_overtaken_is_refused(node: Agent) -> None:
    """High Availability went off and on again, and the former order comes last: of one epoch."""
    now = await node.report()
    late = Order(goal(Role.OWN, 7, ha_enabled=False), now.boot_id, now.fences, now.seq)
    followed = await node.order(goal(Role.OWN, 7, fence=True, timing=CALM))
    assert followed.order_seq > now.seq
    status, body = await node.call("PUT", "goal", json=late.to_json())
    assert (status, body) == (409, {"error": "stale-order", "order_seq": followed.order_seq})
    assert (await node.report()).isolates


async def test_an_order_may_be_repeated_but_not_replaced_from_the_same_report(node: Agent) -> None:
    now = await node.report()
    order = Order(goal(Role.OWN, 7), now.boot_id, now.fences, now.seq)
    other = Order(goal(Role.OWN, 8), now.boot_id, now.fences, now.seq)
    puts = [await node.call("PUT", "goal", json=put.to_json()) for put in (order, order, other)]
    assert [status for status, _ in puts] == [200, 200, 409]
    assert (await node.report()).order_seq == now.seq


async def test_the_peers_users_wait_until_the_peer_was_silent_long_enough(node: Agent) -> None:
    report = await node.order(goal(Role.BOTH, 1, peer_silence_s=1.0))
    assert report.serving == ("imp1",)
    report = await node.wait(lambda r: r.serving == ("imp1", "imp2"))
    assert report.peer is not None
    assert report.peer.silence_s >= 1.0


async def test_a_peer_that_is_heard_keeps_its_users(node: Agent) -> None:
    report = await node.order(goal(Role.BOTH, 1, peer_silence_s=1.2))
    end = report.up_s + 1.5
    greeting = {
        "node": "imp2", "boot_id": "b", "highest_epoch": 1, "role": "own", "serving": ["imp2"],
    }  # fmt: skip
    while report.up_s < end:
        await node.call("POST", "heartbeat", who="imp2", json=greeting)
        report = await node.report()
        assert report.serving == ("imp1",)
    await node.wait(lambda r: r.serving == ("imp1", "imp2"))
