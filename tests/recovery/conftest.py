from __future__ import annotations

import pytest

from prg_admin.domain.states import NodeState
from tests.recovery.agents import SimPair, create_sim_pair


@pytest.fixture
def pair(db: None) -> SimPair:
    """A group with High Availability on, both nodes Normal."""
    pair = create_sim_pair()
    pair.run(1)
    assert pair.states == (NodeState.NORMAL, NodeState.NORMAL)
    return pair
