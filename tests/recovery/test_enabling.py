"""High Availability is switched on while something is wrong (F24)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.states import NodeState, Reason
from tests.recovery.agents import SimPair, create_sim_pair

pytestmark = pytest.mark.django_db

S, R = NodeState, Reason


def enabled_with_services_down_on(*places: int) -> SimPair:
    pair = create_sim_pair()
    for place in places:
        pair.lose_service(place)
    pair.run(6)
    return pair


@pytest.mark.fault("F24")
def test_f24_with_services_down_on_one_node_the_other_takes_over():
    pair = enabled_with_services_down_on(0)
    assert pair.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
    assert pair.reasons == (R.CRITICAL_SERVICE_DOWN, R.CRITICAL_SERVICE_DOWN)
    assert pair.served == ([], ["a", "b"])


@pytest.mark.fault("F24")
def test_f24_with_services_down_on_both_nodes_the_group_fails_and_nobody_is_moved():
    pair = enabled_with_services_down_on(0, 1)
    assert pair.states == (S.FAILED, S.FAILED)
    assert pair.fired() == ["ha-on", "init-both-down"]


@pytest.mark.fault("F24")
def test_f24_with_replication_that_is_not_ready_it_is_enabled_all_the_same(monkeypatch):
    """The page warns before; what is served does not depend on the replication."""
    pair = create_sim_pair()
    report = pair.nodes[0].report

    def not_ready(*args):
        said = report(*args)
        return replace(said, database=replace(said.database, replication=0))

    monkeypatch.setattr(pair.nodes[0], "report", not_ready)
    pair.run(2)
    assert pair.states == (S.NORMAL, S.NORMAL)
