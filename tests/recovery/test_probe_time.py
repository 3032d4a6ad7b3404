"""How long a probe may take: a silent node's limit is not put off by a slow connection."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from prg_admin.domain.timing import RecoverySettings
from prg_admin.recovery.cycle import SHORTEST_PROBE_S, targets
from tests.domain.simulation import World

SETTINGS = RecoverySettings(heart_beat_interval=60, connect_timeout=30, keep_alive_timeout=90)


@pytest.mark.parametrize(
    ("silent_for", "expected"),
    [(10, 30), (60, 30), (75, 15), (89.8, SHORTEST_PROBE_S), (500, SHORTEST_PROBE_S)],
)
def test_a_suspect_node_is_waited_for_until_its_limit_only(silent_for: float, expected: float):
    world = World()
    heard_at = world.now - timedelta(seconds=silent_for)
    node = replace(world.pair.nodes[0], heard_at=heard_at, reachable=False)
    assert targets([node], SETTINGS, world.now)[0].timeout == pytest.approx(expected)


def test_a_node_that_answered_last_time_gets_the_whole_connect_timeout():
    world = World()
    long_ago = world.now - timedelta(hours=1)
    node = replace(world.pair.nodes[0], heard_at=long_ago, reachable=True)
    assert targets([node], SETTINGS, world.now)[0].timeout == SETTINGS.connect_timeout
