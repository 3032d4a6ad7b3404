"""What a failover costs the engine: statements, commits and requests, however busy the machine."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.recovery.agents import SimPair, create_sim_pair

pytestmark = pytest.mark.django_db(transaction=True)

RULES = ["service-down", "next-order", "take-over-done"]
COMMITS = len(RULES) + 1
"""One a change, what it orders included, and one of the look that finds nothing more to do."""
STATEMENTS = 66
"""At most."""


@pytest.fixture
def pair(transactional_db: None, broker) -> SimPair:
    pair = create_sim_pair()
    pair.run(1)
    pair.lose_service(0)
    pair.pass_time(2)
    return pair


def test_a_failover_costs_one_commit_a_change_one_probe_and_two_orders(pair: SimPair):
    before = pair.group_version()
    pair.network.probed.clear()
    pair.network.ordered.clear()
    with CaptureQueriesContext(connection) as queries:
        pair.advance()
    assert [event.rule for event in pair.events(after=before)] == RULES
    assert [query["sql"] for query in queries].count("COMMIT") == COMMITS
    assert len(queries) <= STATEMENTS
    assert pair.network.probed == ["a", "b"]
    assert [name for name, _ in pair.network.ordered] == ["a", "b"]
