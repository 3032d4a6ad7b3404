"""The installation that the scenarios and the browser's journeys share (a pytest plugin).

One for each worker of pytest-xdist, started by the first test that asks for it. Loaded before the
settings are read: nothing here may import Django.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import pytest

from prg_admin.domain.timing import Bound
from prg_admin.launcher.spawn import free_port
from tests.plugins.faults import Measured
from tests.plugins.rows import note_fired
from tests.scenarios.doors import DoorWatch
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import wait_until

GROUP = "DefaultCUPSubcluster"
USERS = {"imp1": 60, "imp2": 40}
LOG_LINES = 15
Timed = Callable[[str, Bound], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A whole real installation that is ready."""
    made = Installation(tmp_path_factory.mktemp("installation"), _port())
    try:
        made.bring_up()
        yield made
        if made.database_answers():
            note_fired(request.config, made.rules())
    finally:
        code = made.bring_down()
    assert code == 0, made.launcher_log[-2000:]
    if not request.session.testsfailed:
        shutil.rmtree(made.var)


def _port() -> int:
    """The demo's nodes take their ports by the installation's: two workers shall not meet there."""
    parity = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 2
    while (port := free_port()) % 625 % 2 != parity:
        pass
    return port


@pytest.fixture(scope="session")
def person(installation: Installation) -> Person:
    """Somebody who is signed in, without a browser."""
    return Person(installation)


@pytest.fixture(scope="session")
def parameters(installation: Installation, person: Person) -> Mapping[str, str]:
    """The Server Recovery Manager's parameters of the demo."""
    return person.parameters("imp1")


@pytest.fixture
def pair(installation: Installation, person: Person, parameters: Mapping[str, str]) -> WatchedPair:
    """The demo's first pair: both nodes Normal, everybody at home, whatever was before."""
    pair = WatchedPair(installation, person, GROUP, "imp1", "imp2", USERS)
    pair.heal(parameters)
    return pair


@pytest.fixture
def watch(installation: Installation, pair: WatchedPair) -> Iterator[DoorWatch]:
    """Watches both doors and fails the test if at any instant both served the same home (I01)."""
    doors = {node: installation.door(node) for node in (pair.first, pair.second)}
    with DoorWatch(doors) as watch:
        wait_until(lambda: watch.admitted, "the watch sees a door that admits")
        yield watch


@pytest.fixture
def timed(measured: Measured) -> Timed:
    """Tells how long what stands beneath took from the fault to service by the peer."""

    @contextmanager
    def timed(fault: str, bound: Bound) -> Iterator[None]:
        assert bound.served_s is not None
        begun = time.monotonic()
        yield
        measured(fault, time.monotonic() - begun, bound.served_s)

    return timed


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what the installation wrote last."""
    report = yield
    made = getattr(item, "funcargs", {}).get("installation")
    if report.failed and isinstance(made, Installation):
        report.sections.append(("installation", made.told(lines=LOG_LINES)))
    return report
