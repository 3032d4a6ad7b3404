"""The lab runs in a network namespace of its own; ``python -m tests.lab`` makes and enters it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.lab import namespace
from tests.lab.network import Network, faulty
from tests.scenarios.doors import DoorWatch
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import wait_until

# Elsewhere they would cut the connections of everything else on the machine.
collect_ignore_glob = [] if namespace.is_inside() else ["test_*.py"]


@pytest.fixture
def network(
    installation: Installation, person: Person, parameters: Mapping[str, str]
) -> Iterator[Network]:
    """Sound before and after the test."""
    with faulty() as network:
        yield network


@pytest.fixture
def watch(network: Network, installation: Installation, pair: WatchedPair) -> Iterator[DoorWatch]:
    """Fails the test if at any instant both nodes served the same home (I01)."""
    doors = {node: installation.door(node) for node in (pair.first, pair.second)}
    with DoorWatch(doors) as watch:
        wait_until(lambda: watch.admitted, "the watch sees a door that admits")
        yield watch
