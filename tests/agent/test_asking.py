"""What a person has real agents asked: the checkup and the measure of a link."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from prg_admin.domain.checkups import LINK_BYTES
from prg_admin.topology.agents import AgentError, Target
from prg_admin.topology.asking import examine, measure_link
from tests.agent.lab import Agent

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
