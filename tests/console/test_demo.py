"""The demo cluster is made once; after that it belongs to whoever changes it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from prg_admin.accounts.models import User
from prg_admin.agent.config import load
from prg_admin.agent.demo.clients import Settings
from prg_admin.agent.demo.clients import load as load_clients
from prg_admin.console import demo
from prg_admin.console.demo import GROUPS, NODES, USERS_PER_NODE
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.parameters.models import ParameterValue
from prg_admin.parameters.selectors import recovery_settings
from prg_admin.topology.models import Cluster, Node, NodeReport
from prg_admin.users.models import PresenceUser
from tests.factories import create_node

pytestmark = pytest.mark.django_db

PAIRED = tuple(USERS_PER_NODE)
MODELS = (
    Cluster, Node, NodeReport, PresenceRedundancyGroup, Member, ParameterValue, PresenceUser,
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings) -> Path:
    settings.NODES_DIR = tmp_path / "nodes"
    settings.PKI_DIR = tmp_path / "pki"
    return tmp_path


def run(command: str, *words: str) -> str:
    out = StringIO()
    call_command(command, *words, stdout=out)
    return out.getvalue()


def load_demo(url: str = "http://127.0.0.1:8000") -> str:
    return run("load_demo", "--engine-url", url)


def rows() -> dict[str, list[dict[str, Any]]]:
    return {m.__name__: list(m.objects.order_by("pk").values()) for m in MODELS}


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_it_makes_two_pairs_with_high_availability_and_two_free_nodes():
    assert load_demo().startswith("demo cluster created, 6 nodes\n")
    pairs = {
        group.name: tuple(m.node.name for m in group.members.order_by("position"))
        for group in PresenceRedundancyGroup.objects.filter(ha_enabled=True)
    }
    assert pairs == GROUPS
    assert set(Node.objects.filter(member=None).values_list("name", flat=True)) == {"imp5", "imp6"}
    assert PresenceUser.objects.count() == sum(USERS_PER_NODE.values())


def test_loaded_twice_nothing_changes(folder: Path):
    load_demo()
    before = rows(), files(folder)
    assert load_demo().startswith("demo cluster exists, 6 nodes\n")
    assert (rows(), files(folder)) == before


def test_what_somebody_changed_stays_changed():
    load_demo()
    Member.objects.filter(group__name="Subcluster-2").delete()
    PresenceRedundancyGroup.objects.filter(name="Subcluster-2").delete()
    Node.objects.filter(name="imp6").delete()
    before = rows()
    assert load_demo().startswith("demo cluster exists, 5 nodes\n")
    assert rows() == before


def test_a_cluster_that_was_renamed_is_not_made_again():
    load_demo()
    Cluster.objects.update(name="laboratory")
    before = rows()
    assert load_demo().startswith("demo cluster exists")
    assert rows() == before


def test_nodes_of_somebody_elses_keep_the_demo_out():
    create_node("imp3")
    before = rows()
    assert load_demo() == "demo cluster exists, 0 nodes\n"
    assert rows() == before


def test_the_agents_understand_their_files(folder: Path):
    load_demo("https://admin.example:8443/")
    for name in NODES:
        config = load(folder / "nodes" / f"{name}.toml")
        node = Node.objects.get(name=name)
        assert (config.name, config.listen_port) == (name, node.port)
        assert config.engine_url == "https://admin.example:8443"
        assert config.tls.cert.is_file()


def clients(folder: Path) -> Settings:
    return load_clients(folder / "nodes" / "clients.toml")


def test_the_clients_know_a_door_and_a_peer_for_each_home(folder: Path):
    load_demo()
    known = clients(folder)
    assert list(known.nodes) == list(NODES)
    for name in NODES:
        command = load(folder / "nodes" / f"{name}.toml").services[0].command
        assert command[-1] == ":".join(map(str, known.nodes[name]))
    assert {users.home: users.count for users in known.users} == USERS_PER_NODE
    assert {(users.home, users.peer) for users in known.users} == {
        ("imp1", "imp2"), ("imp2", "imp1"), ("imp3", "imp4"), ("imp4", "imp3"),
    }  # fmt: skip


@pytest.mark.parametrize("left", [("imp2", "imp4", "imp5"), ("imp6",), ()])
def test_the_clients_go_on_without_nodes_that_were_taken_out(folder: Path, left: tuple[str, ...]):
    load_demo()
    Member.objects.exclude(node__name__in=left).delete()
    PresenceUser.objects.exclude(home__name__in=left).delete()
    Node.objects.exclude(name__in=left).delete()
    load_demo()
    assert tuple(clients(folder).nodes) == left
    assert [users.home for users in clients(folder).users] == [n for n in left if n in PAIRED]
    assert {users.peer for users in clients(folder).users} <= {None}


def test_its_timings_can_be_watched():
    load_demo()
    cluster = Cluster.objects.get()
    settings = recovery_settings([cluster.pk])[cluster.pk]
    assert (settings.heart_beat_interval, settings.keep_alive_timeout) == (1, 4)
    assert settings.critical_service_delay == 2


def test_a_port_that_is_taken_is_passed_over(monkeypatch):
    first = next(demo._free_ports(8000))
    monkeypatch.setattr(demo, "_is_free", lambda port, *_: port != first)
    assert next(demo._free_ports(8000)) == first + 1


def test_two_installations_keep_out_of_each_others_way(monkeypatch):
    monkeypatch.setattr(demo, "_is_free", lambda *_: True)
    assert abs(next(demo._free_ports(8000)) - next(demo._free_ports(8001))) >= len(NODES)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x", "http://", "http://x:99999"])
def test_an_address_that_is_none_is_refused(url: str):
    with pytest.raises(CommandError, match="--engine-url"):
        load_demo(url)
    assert not Cluster.objects.exists()


# The first user.


def test_the_administrator_is_made_once(monkeypatch):
    monkeypatch.setenv("PRG_ADMIN_PASSWORD", "Wonderland-1")
    assert run("ensure_admin") == "created\n"
    admin = User.objects.get()
    assert (admin.username, admin.is_staff, admin.is_superuser) == ("admin", True, True)
    assert admin.check_password("Wonderland-1")


def test_the_administrators_password_is_not_touched_again(monkeypatch):
    monkeypatch.setenv("PRG_ADMIN_PASSWORD", "Wonderland-1")
    run("ensure_admin")
    monkeypatch.setenv("PRG_ADMIN_PASSWORD", "another")
    assert run("ensure_admin") == "exists\n"
    assert User.objects.get().check_password("Wonderland-1")


@pytest.mark.parametrize("password", [None, ""])
def test_without_a_password_there_is_no_administrator(monkeypatch, password: str | None):
    monkeypatch.delenv("PRG_ADMIN_PASSWORD", raising=False)
    if password is not None:
        monkeypatch.setenv("PRG_ADMIN_PASSWORD", password)
    with pytest.raises(CommandError, match="PRG_ADMIN_PASSWORD must be set"):
        run("ensure_admin")
    assert not User.objects.exists()
