"""A service that is not activated: stopped, and nothing starts it but its activation."""

from __future__ import annotations

from prg_admin.domain.states import Role
from prg_admin.domain.wire import Report, ServiceReport
from tests.agent.lab import PROXY, SYNC, Agent, Lab, alive, goal


def proxy(report: Report) -> ServiceReport:
    return next(s for s in report.services if s.name == PROXY)


async def deactivated(node: Agent) -> ServiceReport:
    assert (await node.control(PROXY, "deactivate"))[0] == 202
    return proxy(await node.wait(lambda r: proxy(r).state == "stopped"))


async def test_a_deactivated_service_is_stopped_and_cannot_be_started(node: Agent) -> None:
    pid = (await node.pids())[PROXY]
    service = await deactivated(node)
    assert (service.activated, service.wanted, service.error) == (False, False, "")
    assert not alive(pid)
    for action in ("start", "restart"):
        assert await node.control(PROXY, action) == (409, {"error": "not-activated"})
    assert (await node.report()).services_running


async def test_it_stays_so_over_a_restart_of_the_agent(node: Agent) -> None:
    await deactivated(node)
    await node.kill()
    report = await node.start()
    assert (proxy(report).activated, proxy(report).state) == (False, "stopped")
    assert (await node.control(PROXY, "activate"))[0] == 202
    report = await node.wait(lambda r: proxy(r).state == "started")
    assert (proxy(report).activated, proxy(report).wanted) == (True, True)


async def test_it_is_not_started_when_the_node_leaves_idle(node: Agent) -> None:
    await deactivated(node)
    await node.order(goal(Role.IDLE, 1))
    await node.wait(lambda r: r.services_stopped)
    await node.order(goal(Role.OWN, 2))
    report = await node.wait(lambda r: r.services_running and r.serving == ("imp1",))
    assert proxy(report).state == "stopped"


async def test_what_is_activated_while_idle_starts_with_the_fallback(node: Agent) -> None:
    await deactivated(node)
    await node.order(goal(Role.IDLE, 1))
    await node.wait(lambda r: r.services_stopped)
    assert (await node.control(PROXY, "activate"))[0] == 202
    report = await node.report()
    assert (proxy(report).activated, report.services_stopped) == (True, True)
    await node.order(goal(Role.OWN, 2))
    await node.wait(lambda r: proxy(r).state == "started")


async def test_activating_what_is_activated_changes_nothing(node: Agent) -> None:
    before = await node.pids()
    assert (await node.control(PROXY, "activate"))[0] == 202
    assert (await node.control(SYNC, "activate"))[0] == 202
    assert await node.pids() == before


async def test_a_state_file_from_before_has_nothing_deactivated(lab: Lab, node: Agent) -> None:
    await node.control(SYNC, "stop")
    await node.kill()
    path = node.state_dir / "state.json"
    text = path.read_text()
    assert '"deactivated": [], ' in text
    path.write_text(text.replace('"deactivated": [], ', ""))
    report = await node.start()
    sync = next(s for s in report.services if s.name == SYNC)
    assert (sync.activated, sync.wanted, sync.state) == (True, False, "stopped")
