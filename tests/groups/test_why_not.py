"""The group's page says why no failover happens although something is wrong."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from prg_admin.domain.states import NodeState
from prg_admin.domain.whynot import Hindrance, Why
from prg_admin.domain.wire import PeerReport
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.lib.clock import steady_now
from prg_admin.lib.whynot import hindrance_text
from prg_admin.recovery.models import EngineStatus
from tests.factories import create_cluster, create_group, create_node, create_report
from tests.groups.test_group_page import address

VALUES: dict[str, float | str] = {
    "service": "Cisco SIP Proxy", "down_s": 12.4, "delay_s": 90.0, "silence_s": 7.0,
    "engine_s": 7.0, "peer_s": 6.0, "limit_s": 90.0, "left_s": 84.0, "peer_state": "idle",
    "services": "Cisco SIP Proxy", "failovers": 2,
}  # fmt: skip


def page(admin: Client, group: PresenceRedundancyGroup) -> str:
    return " ".join(admin.get(address(group)).content.decode().split())


def normal_pair(*, down: str = "", silent: bool = False) -> PresenceRedundancyGroup:
    """``silent``: the engine does not hear the first, the second does."""
    cluster = create_cluster()
    report = create_report("one", down=[down] if down else [])
    hears = PeerReport("one", silence_s=0.2, rtt_ms=1.0, error="", serving=("one",))
    one = create_node("one", cluster=cluster, report=report, reachable=not silent, error="timeout")
    two = create_node("two", cluster=cluster, report=create_report("two", peer=hears))
    return create_group(members=[one, two], states=[NodeState.NORMAL] * 2)


@pytest.mark.parametrize("why", list(Why))
def test_every_hindrance_has_a_sentence(why: Why):
    text = hindrance_text(Hindrance(why, "imp1", "imp2", VALUES))

    assert text.endswith(".")
    assert "%(" not in text


def test_who_cannot_take_over_is_told_with_the_cause():
    def told(**values: float | str) -> str:
        return hindrance_text(Hindrance(Why.PEER_UNHEALTHY, "imp1", "imp2", values))

    assert told().endswith("it does not answer.")
    assert told(services="Cisco SIP Proxy").endswith("Cisco SIP Proxy not running.")
    assert told(services="").endswith("its database does not answer.")


def test_a_pair_that_is_well_needs_no_reasons(admin: Client):
    assert "Why no failover happens" not in page(admin, normal_pair())


def test_a_service_within_its_delay(admin: Client):
    html = page(admin, normal_pair(down="Cisco SIP Proxy"))

    # Five seconds in the report, and those that have passed since.
    assert re.search(r"Cisco SIP Proxy of one is down for [5-9] s of 90 s", html)


def test_one_witness_alone(admin: Client):
    html = page(admin, normal_pair(silent=True))

    assert "one witness alone never causes a failover" in html
    assert "but two hears it" in html


def test_a_blind_engine(admin: Client):
    EngineStatus.objects.create(pk=1, is_blind=True, ticked_at=steady_now(), swept_at=steady_now())

    html = page(admin, normal_pair(silent=True))

    assert "it may be cut off itself, so it only observes" in html.split('id="why-not"')[1]


def test_a_node_that_stopped_by_itself_says_so(admin: Client):
    cluster = create_cluster()
    fenced = create_node("one", cluster=cluster, report=create_report("one", fenced=True))
    group = create_group(
        members=[fenced, create_node("two", cluster=cluster)], states=[NodeState.NORMAL] * 2
    )

    assert "stopped serving by itself" in page(admin, group)
