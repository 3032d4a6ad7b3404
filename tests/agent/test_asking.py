"""What real agents are asked: the checkup, the measure of a link, and who is logged in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from prg_admin.domain.checkups import LINK_BYTES
from prg_admin.domain.states import Role
from prg_admin.topology.agents import AgentError, Target
from prg_admin.topology.asking import KnownRoll, Roll, call_rolls, examine, measure_link
from tests.agent.lab import Agent, goal, until

SECONDS = 20.0


@pytest.fixture(autouse=True)
def authority(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PKI_DIR", certificates)


def target(agent: Agent, *, name: str = "", port: int = 0) -> Target:
    return Target(name or agent.name, "127.0.0.1", port or agent.port, SECONDS)


async def test_a_checkup_shows_clock_disk_and_certificate(node: Agent) -> None:
    found = await asyncio.to_thread(examine, target(node))
    assert abs(found.clock_ahead_s) < SECONDS
    assert found.certificate_name == "imp1"
    assert found.certificate_until > datetime.now(UTC) + timedelta(days=365)
    assert found.checkup.free_bytes > 0


async def test_why_a_node_cannot_be_examined(node: Agent) -> None:
    with pytest.raises(AgentError) as refused:
        await asyncio.to_thread(examine, target(node, port=1))
    assert refused.value.kind == "refused"
    with pytest.raises(AgentError) as other:
        await asyncio.to_thread(examine, target(node, name="imp2"))
    assert other.value.kind == "tls"


async def test_a_link_is_measured_from_agent_to_agent(pair: tuple[Agent, Agent]) -> None:
    first, second = pair
    count = await asyncio.to_thread(measure_link, target(first), second.address)
    assert count.received == LINK_BYTES
    with pytest.raises(AgentError) as again:
        await asyncio.to_thread(measure_link, target(first), second.address)
    assert again.value.kind == "measured-lately"


async def logged_in(agent: Agent, known: KnownRoll | None = None) -> Roll | AgentError:
    return (await asyncio.to_thread(call_rolls, [(target(agent), known)]))[0]


def log_in(agent: Agent, user: str) -> socket.socket:
    session = socket.create_connection(("127.0.0.1", agent.client_port), timeout=SECONDS)
    session.sendall(f"LOGIN {user} imp1\n".encode())
    assert session.recv(100) == b"OK\n"
    return session


async def test_who_is_logged_in_page_by_page(node: Agent) -> None:
    await node.order(goal(Role.OWN, 1))
    assert (await logged_in(node)).users == ()
    users = [f"{'山' * 100}{number:03}" for number in range(60)]
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(log_in(node, user)) for user in reversed(users)]
        await _asked_page_by_page(node, users, sessions)


async def _asked_page_by_page(node: Agent, users: list[str], sessions: list[socket.socket]) -> None:
    status, page = await node.call("GET", "logged-in?after=")
    assert status == 200
    assert page["more"]
    assert 0 < len(page["users"]) < len(users)
    found = await logged_in(node)
    assert found.users == tuple(users)
    known = (found.boot_id, found.revision)
    assert (await logged_in(node, known)).users is None
    sessions.pop().close()
    await until(lambda: _counts(node, len(users) - 1))
    assert (await logged_in(node, known)).users == tuple(users[1:])


async def _counts(agent: Agent, sessions: int) -> bool:
    return (await agent.report()).sessions == sessions


async def test_a_roll_is_told_to_the_engine_alone_and_never_to_nonsense(node: Agent) -> None:
    assert (await node.call("GET", "logged-in", who="imp2"))[0] == 403
    status, body = await node.call("GET", f"logged-in?after={'x' * 600}")
    assert (status, body["error"]) == (400, "bad-name")


async def test_who_cannot_be_asked_says_why(node: Agent) -> None:
    refused, other = await asyncio.to_thread(
        call_rolls, [(target(node, port=1), None), (target(node, name="imp2"), None)]
    )
    assert (refused.kind, other.kind) == ("refused", "tls")
