"""One whole installation: what it says, how it heals, what one may ask of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prg_admin.launcher.config import ROOT
from prg_admin.launcher.spawn import wait_until
from tests.launcher.launched import END_SECONDS, Launched

pytestmark = pytest.mark.processes
NODES = {"imp1", "imp2", "imp3", "imp4", "imp5", "imp6"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    launched = Launched(tmp_path_factory.mktemp("house") / "var")
    try:
        launched.bring_up()
        yield launched
    finally:
        launched.clean_up()


def password_of(launched: Launched) -> str:
    return launched.text.partition("password: ")[2].split("\n")[0]


def kill_and_wait_for_another(house: Launched, name: str) -> bool:
    former = house.pids()[name]
    os.kill(former, signal.SIGKILL)
    return wait_until(
        lambda: house.pids().get(name, former) != former and house.page() == 200,
        seconds=END_SECONDS,
    )


def test_every_process_is_in_the_table_and_alive(house: Launched):
    pids = house.pids()
    assert set(pids) >= {"postgres", "valkey", "web", "worker", "chores", "beat"} | NODES
    assert all(Path("/proc", str(pid)).exists() for pid in pids.values())


def test_the_pages_answer(house: Launched):
    assert house.page() == 200


def test_the_generated_password_is_printed_once_and_nowhere_else(house: Launched):
    password = password_of(house)
    assert len(password) > 12
    assert house.text.count(password) == 1
    files = [path for path in house.var.rglob("*") if path.is_file()]
    assert [path for path in files if password.encode() in path.read_bytes()] == []


def test_no_secret_is_on_a_command_line(house: Launched):
    known = (house.var / "installation.json").read_text()
    secrets = [word for word in known.split('"') if len(word) > 40 and "://" not in word]
    assert len(secrets) == 3
    lines = " ".join(house.left())
    assert [secret for secret in secrets if secret in lines] == []


def test_what_holds_secrets_is_for_the_owner_only(house: Launched):
    for name in ("installation.json", "valkey/valkey.conf"):
        assert (house.var / name).stat().st_mode & 0o077 == 0


def test_manage_finds_the_running_installation(house: Launched):
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"],
        cwd=ROOT, env=house.env, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["worker", "beat", "valkey", "web", "postgres"])
def test_a_killed_process_comes_back(house: Launched, name: str):
    assert kill_and_wait_for_another(house, name)
    assert house.said(f"{name} ended (killed by SIGKILL); starting it again")


def test_a_killed_agent_stays_dead_until_somebody_starts_it(house: Launched):
    former = house.pids()["imp6"]
    os.kill(former, signal.SIGKILL)
    assert house.said("python -m prg_admin.launcher start imp6")
    assert "imp6" not in house.pids()
    done = house.order("start", "imp6")
    assert done.returncode == 0, done.stderr
    assert house.pids()["imp6"] != former


def test_a_process_is_stopped_and_started_by_order(house: Launched):
    assert house.order("stop", "beat").stdout.startswith("beat: stopped")
    assert "beat" not in house.pids()
    assert "beat: stopped" in house.order("status").stdout
    assert house.order("start", "beat").returncode == 0
    assert "beat" in house.pids()


def test_a_process_is_restarted_by_order(house: Launched):
    former = house.pids()["worker"]
    assert house.order("restart", "worker").returncode == 0
    assert house.pids()["worker"] != former


def test_an_order_for_nobody_is_refused_with_the_names_there_are(house: Launched):
    done = house.order("start", "nobody")
    assert done.returncode == 2
    assert "no process 'nobody'" in done.stderr
    assert "worker" in done.stderr


def test_what_runs_is_not_started_twice(house: Launched):
    done = house.order("start", "worker")
    assert (done.returncode, done.stderr) == (2, "worker runs already.\n")


def test_the_same_folder_is_not_run_twice(house: Launched):
    second = Launched(house.var).with_output(house.var.with_name("second.out"))
    assert f"runs already (process {house.launcher_pid()})" in second.refused()


def test_a_taken_port_is_refused_in_one_sentence(house: Launched, tmp_path: Path):
    said = Launched(tmp_path / "var", port=house.port).refused()
    assert said == (
        f"Port {house.port} is taken; "
        f"choose another one, for example: PORT={house.port + 1} make run\n"
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_a_second_installation_lives_and_dies_beside_the_first(house: Launched, tmp_path: Path):
    second = Launched(tmp_path / "var", PRG_ADMIN_PASSWORD="chosen by Alice")
    try:
        second.bring_up(command=("make", "run"))
        assert "the one in PRG_ADMIN_PASSWORD" in second.text
        assert "chosen by Alice" not in second.text
        assert second.page() == house.page() == 200
        second.send(signal.SIGTERM)
        assert second.ended()
        assert second.leaves_nothing(), second.left()
    finally:
        second.clean_up()
    assert house.page() == 200
