"""Deaths and starts: of services, of the agent, and of both."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from prg_admin.domain.states import Role
from tests.agent.lab import KEY, PROXY, ROUTER, SYNC, Agent, Lab, Session, alive, goal, until

STUBBORN = """
import ctypes, signal, subprocess, sys, time
ctypes.CDLL(None).prctl(1, 0)  # lives on when the agent dies
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
open(sys.argv[1], "a").write(f"{child.pid}\\n")
time.sleep(1000)
"""


async def test_the_death_of_a_service_is_called_in_and_it_stays_dead(lab: Lab, node: Agent) -> None:
    lab.engine.taken.clear()
    os.kill((await node.pids())[SYNC], signal.SIGKILL)
    await until(lambda: f"{SYNC}: stopped" in [n["detail"] for n in lab.engine.taken])
    service = next(s for s in (await node.report()).services if s.name == SYNC)
    assert (service.state, service.pid, service.wanted) == ("stopped", None, True)
    assert service.error == "ended by SIGKILL"
    assert service.down_s is not None
    assert lab.engine.keys == {f"Bearer {KEY}"}


async def test_a_dead_service_is_started_by_the_administrator(lab: Lab, node: Agent) -> None:
    os.kill((await node.pids())[SYNC], signal.SIGKILL)
    await node.wait(lambda r: not r.services_running)
    status, _ = await node.control(SYNC, "start")
    assert status == 202
    await node.wait(lambda r: r.services_running)


async def test_the_death_of_the_door_ends_serving_until_it_is_back(node: Agent) -> None:
    await node.order(goal(Role.OWN, 1))
    os.kill((await node.pids())[ROUTER], signal.SIGKILL)
    report = await node.wait(lambda r: r.services[0].state == "stopped")
    assert (report.serving, report.sessions) == ((), 0)
    await node.control(ROUTER, "start")
    await node.wait(lambda r: r.serving == ("imp1",))


async def test_stop_and_restart_of_one_service(node: Agent) -> None:
    before = await node.pids()
    await node.control(SYNC, "restart")
    await node.wait(lambda r: r.services_running and r.services[1].pid != before[SYNC])
    await node.control(SYNC, "stop")
    report = await node.wait(lambda r: r.services[1].state == "stopped")
    assert (report.services[1].wanted, report.services[1].error) == (False, "")
    assert (await node.pids())[PROXY] == before[PROXY]


async def test_an_idle_node_starts_nothing(node: Agent) -> None:
    await node.order(goal(Role.IDLE, 1))
    await node.wait(lambda r: r.services_stopped)
    for action in ("start", "restart"):
        assert await node.control(SYNC, action) == (409, {"error": "idle"})
    assert (await node.control(SYNC, "stop"))[0] == 202
    assert (await node.report()).services_stopped


async def test_a_service_that_cannot_start_says_why(lab: Lab) -> None:
    agent = lab.agent()
    agent.write_config({SYNC: ["/nonexistent/sync"], PROXY: ["sh", "-c", "exit 3"]})
    await agent.spawn()
    report = await agent.wait(lambda r: all(s.error for s in r.services[1:]))
    assert "/nonexistent/sync cannot be started" in report.services[1].error
    assert report.services[2].error == "ended with exit code 3 while starting"


async def test_services_die_with_a_killed_agent_and_its_successor_takes_them_up(
    node: Agent,
) -> None:
    before = await node.pids()
    await node.order(goal(Role.OWN, 1))
    await node.kill()
    await until(lambda: not any(alive(pid) for pid in before.values()))
    report = await node.start()
    assert set(before.values()).isdisjoint((await node.pids()).values())
    # Its peer may have taken over meanwhile: nobody is served before the engine said so anew.
    assert (report.role, report.serving, report.fenced) == (Role.OWN, (), True)
    assert report.goal_digest == ""
    assert (await node.order(goal(Role.OWN, 1))).serving == ("imp1",)


async def test_without_high_availability_a_restarted_node_serves_at_once(node: Agent) -> None:
    wanted = goal(Role.OWN, 1, ha_enabled=False, peer=None)
    await node.order(wanted)
    await node.kill()
    await node.start()
    report = await node.wait(lambda r: r.serving == ("imp1",))
    assert (report.fenced, report.goal_digest) == (False, wanted.digest)


@pytest.mark.fault("F01")
async def test_what_survived_a_killed_agent_is_ended_before_anything_is_started(
    lab: Lab, tmp_path: Path
) -> None:
    agent, children = lab.agent(), tmp_path / "children"
    agent.write_config({SYNC: ["{python}", "-c", STUBBORN, str(children)]})
    await agent.start()
    stubborn = (await agent.pids())[SYNC]
    await until(lambda: children.exists() and children.read_text().endswith("\n"))
    await agent.kill()
    left = [stubborn, int(children.read_text())]
    assert all(alive(pid) for pid in left)
    await agent.start()
    assert not any(alive(pid) for pid in left)
    assert "ended what an earlier agent left" in agent.log.read_text()


async def test_wishes_of_the_administrator_outlive_the_agent(node: Agent) -> None:
    await node.control(SYNC, "stop")
    await node.wait(lambda r: r.services[1].state == "stopped")
    await node.kill()
    report = await node.start()
    assert [s.state for s in report.services] == ["started", "stopped", "started"]


async def test_an_idle_node_stays_idle_after_a_restart(node: Agent) -> None:
    await node.order(goal(Role.IDLE, 1))
    await node.kill()
    report = await node.start()
    assert report.role is Role.IDLE
    assert report.services_stopped


async def test_a_clean_shutdown_says_goodbye_and_leaves_nothing(lab: Lab, node: Agent) -> None:
    await node.order(goal(Role.OWN, 1))
    pids = await node.pids()
    session = await Session.log_in(node, "imp1")
    assert session is not None
    node.signal(signal.SIGTERM)
    assert await node.ended() == 0
    await session.closed_by_node()
    assert not any(alive(pid) for pid in pids.values())
    assert lab.engine.kinds()[-1] == "goodbye"
    words = node.log.read_text()
    places = [words.index(f"{name} stopped") for name in (PROXY, SYNC, ROUTER)]
    assert places == sorted(places)


async def test_a_shutdown_without_an_engine_ends_too(lab: Lab, node: Agent) -> None:
    await lab.engine.close()
    node.signal(signal.SIGTERM)
    assert await node.ended() == 0


async def test_a_start_is_called_in_as_soon_as_the_engine_is_there(lab: Lab) -> None:
    await lab.engine.close()
    await lab.started()
    await lab.engine.open()
    await until(lambda: "started" in lab.engine.kinds())


async def test_a_second_agent_with_the_same_state_is_refused(lab: Lab, node: Agent) -> None:
    twin = lab.agent()
    code, words = await twin.refusal()
    assert code == 2
    assert words == f"Another agent is running with the state folder {node.state_dir}.\n"
    assert (await node.report()).services_running


async def test_a_port_that_is_taken_is_named(lab: Lab, node: Agent) -> None:
    other = lab.agent("imp2")
    other.port = node.port
    other.write_config()
    code, words = await other.refusal()
    assert code == 2
    assert f"cannot listen on 127.0.0.1 port {node.port}" in words


async def test_a_damaged_state_file_is_put_aside(node: Agent) -> None:
    await node.order(goal(Role.OWN, 9, ha_enabled=False))
    await node.kill()
    (node.state_dir / "state.json").write_text('{"format": 1, "goal"')
    report = await node.start()
    assert (report.highest_epoch, report.serving, report.fenced) == (0, (), True)
    assert len(list(node.state_dir.glob("state.json.bad-*"))) == 1
    assert "the state file is damaged" in node.log.read_text()


async def test_without_a_peer_no_word_is_given_and_the_next_start_serves_at_once(
    lab: Lab, node: Agent
) -> None:
    await node.order(goal(Role.OWN, 1, ha_enabled=False, peer=None))
    await shut_down(node)
    assert "goodbye" not in lab.engine.kinds()
    await node.start()
    assert (await node.wait(lambda r: r.serving)).serving == ("imp1",)


async def test_who_said_goodbye_serves_when_it_is_told(lab: Lab, node: Agent) -> None:
    """Its peer may have been told to take over on that word, High Availability or not."""
    wanted = goal(Role.OWN, 1, ha_enabled=False)
    await node.order(wanted)
    await shut_down(node)
    assert lab.engine.kinds()[-1] == "goodbye"
    for _ in range(2):
        report = await node.start()
        assert (report.serving, report.fenced, report.serves_unasked) == ((), True, False)
        assert report.goal_digest == ""
        await node.kill()
    await node.start()
    report = await node.order(wanted)
    assert (report.serving, report.serves_unasked) == (("imp1",), True)
    await node.kill()
    await node.start()
    await node.wait(lambda r: r.serving == ("imp1",))


async def test_whose_goodbye_was_heard_by_nobody_serves_at_once(lab: Lab, node: Agent) -> None:
    await node.order(goal(Role.OWN, 1, ha_enabled=False))
    await lab.engine.close()
    await shut_down(node)
    await node.start()
    await node.wait(lambda r: r.serving == ("imp1",))


async def test_whose_goodbye_may_have_been_heard_serves_when_it_is_told(
    lab: Lab, node: Agent
) -> None:
    await node.order(goal(Role.OWN, 1, ha_enabled=False))
    lab.engine.status = 500
    await shut_down(node)
    report = await node.start()
    assert (report.serving, report.fenced) == ((), True)


async def shut_down(node: Agent) -> None:
    node.signal(signal.SIGTERM)
    assert await node.ended() == 0
