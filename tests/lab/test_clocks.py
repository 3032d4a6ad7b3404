"""The wall clock of the engine is stepped by five minutes (F13), on a real worker."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.network import ENGINE, Network
from tests.scenarios.doors import DoorWatch
from tests.scenarios.extras import another_worker
from tests.scenarios.fixtures import Timed
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair

pytestmark = pytest.mark.processes

BACKUP = "Running in Backup Mode"
SERVICES_DOWN = "Failed Over with Critical Services Not Running"
SERVICE_DOWN = "Critical Service Down"
FIVE_MINUTES = 300
LIBRARY = "/usr/$LIB/faketime/libfaketime.so.1"
"""Of Debian's package; the loader of programs puts in the folder of the machine's kind."""


class Wall:
    """The wall clock that a worker sees."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.step(0)

    def step(self, seconds: int) -> None:
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{seconds:+d}s\n")
        draft.replace(self._file)

    @property
    def env(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": LIBRARY,
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@pytest.fixture
def wall(tmp_path: Path) -> Wall:
    assert shutil.which("faketime"), "the package faketime is missing"
    return Wall(tmp_path / "wall")


@contextmanager
def only_worker(installation: Installation, wall: Wall) -> Iterator[None]:
    installation.stop("worker")
    with another_worker(installation, "stepped", wall.env):
        yield
    installation.start("worker")


@pytest.mark.fault("F13")
@pytest.mark.parametrize("step", [FIVE_MINUTES, -FIVE_MINUTES])
def test_f13_a_step_under_a_running_worker_causes_nothing_and_hides_nothing(
    step: int,
    network: Network,
    pair: WatchedPair,
    installation: Installation,
    timed: Timed,
    wall: Wall,
):
    before, worst = installation.last_event(), pair.worst_case().service
    with only_worker(installation, wall):
        pair.stays_normal(seconds=3)
        wall.step(step)
        pair.stays_normal(seconds=8)
        assert pair.rules(after=before) == []
        with timed("F13", worst):
            installation.kill_service("imp1")
            pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)


@pytest.mark.fault("F13")
@pytest.mark.parametrize("step", [FIVE_MINUTES, -FIVE_MINUTES])
def test_f13_a_worker_that_starts_after_a_step_believes_what_the_others_noted(
    step: int,
    network: Network,
    pair: WatchedPair,
    installation: Installation,
    wall: Wall,
    watch: DoorWatch,
):
    """Only the node's own call-ins, noted by the web server, say that it lives."""
    wall.step(step)
    with only_worker(installation, wall):
        pair.stays_normal(seconds=2)
        before = installation.last_event()
        network.cut_both_ways(("imp1", "imp2"))
        network.cut_connections((ENGINE, "imp1"))
        pair.stays_normal(seconds=10)
        assert pair.rules(after=before) == []
        assert watch.admitted["imp2", "imp1"] == 0
