"""However an installation ends, no process of it is left, and it comes up again."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from prg_admin.launcher.spawn import wait_until
from tests.launcher.launched import END_SECONDS, Launched

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """Stopped and started again by each test, in a folder whose path is too long for a socket."""
    folder = tmp_path_factory.mktemp("house") / ("long" * 25)
    folder.mkdir()
    launched = Launched(folder / "var")
    yield launched
    launched.clean_up()


def secret_key(house: Launched) -> str:
    return str(json.loads((house.var / "installation.json").read_text())["secret_key"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(house: Launched, number: signal.Signals):
    house.bring_up()
    house.send(number)
    assert house.ended()
    assert house.code == 0
    assert house.left() == []


def test_kill_9_of_the_launcher_leaves_nothing(house: Launched):
    house.bring_up()
    house.send(signal.SIGKILL)
    assert house.ended()
    assert house.leaves_nothing(), house.left()


def test_services_of_a_killed_agent_end_with_the_installation(house: Launched):
    house.bring_up()
    os.kill(house.pids()["imp1"], signal.SIGKILL)
    assert house.said("start imp1")
    house.send(signal.SIGTERM)
    assert house.ended()
    assert house.left() == []


def test_a_signal_in_the_middle_of_the_start_ends_what_was_started(house: Launched):
    house.start()
    assert house.said("postgres answers")
    house.send(signal.SIGTERM)
    assert house.ended()
    assert house.left() == []


def test_the_next_start_keeps_key_and_user(house: Launched):
    house.bring_up()
    key = secret_key(house)
    house.send(signal.SIGTERM)
    assert house.ended()
    house.bring_up()
    assert secret_key(house) == key
    assert "password: as chosen when" in house.text
    house.send(signal.SIGTERM)
    assert house.ended()


def test_processes_that_shall_stay_down_stay_down(house: Launched):
    house.env["PRG_NO_RESTART"] = "worker"
    house.bring_up()
    os.kill(house.pids()["worker"], signal.SIGKILL)
    assert house.said("python -m prg_admin.launcher start worker")
    assert wait_until(lambda: "worker" not in house.pids(), seconds=END_SECONDS)
    house.send(signal.SIGTERM)
    assert house.ended()


@pytest.mark.parametrize("variable", ["DATABASE_URL", "REDIS_URL"])
def test_a_server_that_does_not_answer_is_named(tmp_path: Path, variable: str):
    scheme = "postgres" if variable == "DATABASE_URL" else "redis"
    address = {variable: f"{scheme}://u:hidden@127.0.0.1:1/0"}
    house = Launched(tmp_path / "var", **address)
    house.start()
    assert house.ended()
    assert house.code == 1
    assert f"{variable} does not answer" in house.text
    assert "hidden" not in house.text
    assert house.left() == []
