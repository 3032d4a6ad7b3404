"""docker-compose.yml describes the processes of the launcher, without secrets of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from prg_admin.launcher import specs
from prg_admin.launcher.config import ROOT, Config

FOLDER = "/var/lib/prg-admin"
NODES = [f"imp{number}" for number in range(1, 7)]
GIVEN = re.compile(r"\$\{(SECRET_KEY|POSTGRES_PASSWORD|PRG_ADMIN_PASSWORD):\?[^}]+\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return compose["services"]


def test_each_process_of_the_launcher_is_a_service(services: dict[str, Any]):
    house = {"postgres", "valkey", "web", "worker", "chores", "beat", "clients", *NODES}
    assert set(services) == house | {"migrate"}


@pytest.mark.parametrize("name", ["web", "worker", "chores", "beat"])
def test_the_house_runs_with_the_launchers_options(services: dict[str, Any], name: str):
    command = getattr(specs, name)(Config(var=Path(FOLDER), port=8000)).command()
    mine = [word for word in command[1:] if not word.startswith(FOLDER)]
    assert [word for word in mine if word not in services[name]["command"]] == []


@pytest.mark.parametrize("name", [*NODES, "clients"])
def test_a_node_runs_with_its_own_file(services: dict[str, Any], name: str):
    chosen = Config(var=Path(FOLDER), port=8000)
    make = specs.clients if name == "clients" else specs.agent
    command = make(chosen, Path(FOLDER, "nodes", f"{name}.toml")).command()
    assert services[name]["command"] == ["python", *command[1:]]
    assert services[name]["restart"] == "no"
    assert services[name]["environment"] == {}


def test_the_demo_calls_in_where_the_web_server_listens(services: dict[str, Any]):
    assert "--engine-url http://127.0.0.1:8000" in services["migrate"]["command"][2]
    for name in ["worker", "chores", "beat", "clients", *NODES]:
        assert services[name]["network_mode"] == "service:web"


def test_who_is_waited_for_exists_and_can_be_waited_for(services: dict[str, Any]):
    for service in services.values():
        for name, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert services[name]["healthcheck"]["test"]
            else:
                assert services[name]["restart"] == "no"


def test_images_are_pinned(services: dict[str, Any]):
    for service in services.values():
        assert re.search(r":\d+(\.\d+)*$", service["image"]), service["image"]
    assert re.match(r"FROM python:3\.\d+-", (ROOT / "Dockerfile").read_text().splitlines()[1])


def test_secrets_come_from_the_environment_and_have_no_default(services: dict[str, Any]):
    for name in ("migrate", "web", "worker", "chores", "beat"):
        environment = services[name]["environment"]
        assert GIVEN.fullmatch(environment["SECRET_KEY"])
        assert GIVEN.search(environment["DATABASE_URL"])
    assert GIVEN.fullmatch(services["postgres"]["environment"]["POSTGRES_PASSWORD"])
    assert GIVEN.fullmatch(services["migrate"]["environment"]["PRG_ADMIN_PASSWORD"])


def test_only_the_pages_are_published_and_only_to_this_machine(services: dict[str, Any]):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}


def test_volumes_are_declared(compose: dict[str, Any], services: dict[str, Any]):
    used = {volume.split(":")[0] for s in services.values() for volume in s.get("volumes", [])}
    assert used == set(compose["volumes"])


def test_only_the_worker_takes_the_engines_queue_and_it_takes_no_other():
    config = Config(var=Path(FOLDER), port=8000)
    taken = [spec(config).command() for spec in (specs.worker, specs.chores)]
    assert [words[words.index("-Q") + 1] for words in taken] == ["recovery", "default"]
