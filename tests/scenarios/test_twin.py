"""A second machine was made from a copy of a node's disk and claims to be that node (F26)."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Iterator

import pytest

from prg_admin.launcher.config import ROOT
from prg_admin.launcher.spawn import end, spawn
from tests.scenarios.doors import admits
from tests.scenarios.fixtures import Timed
from tests.scenarios.installation import Address, Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import stays, wait_until

pytestmark = pytest.mark.processes

BACKUP, DOWN, PEER_DOWN = "Running in Backup Mode", "Down", "Peer Down"
HOST = "127.0.0.50"
RIVAL = "select rival_boot from topology_nodereport where node_id = %s"
ALARM = "Two machines claim to be this server"


@pytest.fixture
def twin(installation: Installation, pair: WatchedPair) -> Iterator[Address]:
    """The door of the copy, which runs."""
    nodes, folder = installation.var / "nodes", installation.var / "twin"
    shutil.copytree(nodes / "imp1", folder / "imp1")
    text = (nodes / "imp1.toml").read_text()
    (folder / "imp1.toml").write_text(text.replace("127.0.0.11", HOST))
    state = folder / "imp1" / "state.json"
    # The processes of the first machine have no such numbers on the second.
    state.write_text(json.dumps({**json.loads(state.read_text()), "processes": {}}))
    command = [sys.executable, "-m", "prg_admin.agent", "--config", str(folder / "imp1.toml")]
    process = spawn(command, log=installation.var / "log" / "twin.log", cwd=ROOT)
    yield HOST, installation.door("imp1")[1]
    end(process, signal.SIGTERM, seconds=20)
    shutil.rmtree(folder)
    installation.restart("imp1")  # only that lifts the alarm
    wait_until(lambda: _rival(installation) == "", "there is one imp1 again")


@pytest.mark.fault("F26")
def test_f26_a_second_machine_serves_nobody_and_the_page_says_that_it_is_there(
    installation: Installation, pair: WatchedPair, person: Person, twin: Address
):
    before = installation.last_event()
    wait_until(lambda: _rival(installation), "the engine knows of two machines")
    assert ALARM in person.get(f"/system/servers/{installation.node_id('imp1')}/")
    stays(lambda: admits(twin, "imp1") or admits(twin, "imp2"), wanted=False, seconds=5)
    assert admits(installation.door("imp1"), "imp1")
    assert pair.rules(after=before) == []


@pytest.mark.fault("F26")
def test_f26_a_second_machine_hides_no_death_of_the_first(
    installation: Installation, pair: WatchedPair, timed: Timed, twin: Address
):
    wait_until(lambda: _rival(installation), "the engine knows of two machines")
    with timed("F26", pair.worst_case().refused):
        installation.kill_agent("imp1")
        pair.becomes(DOWN, BACKUP, reason=PEER_DOWN)
    wait_until(lambda: admits(installation.door("imp2"), "imp1"), "imp2 serves the users of imp1")
    assert not admits(twin, "imp1")
    installation.start("imp1")


def _rival(installation: Installation) -> str:
    return str(installation.query(RIVAL, installation.node_id("imp1"))[0]["rival_boot"])
