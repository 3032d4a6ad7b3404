"""The demo's node databases: made once, kept, mended, and not made where nobody wants them."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from prg_admin.agent import config
from prg_admin.console import demo
from prg_admin.console.demo_databases import NodeRow, RefusedError, databases_make
from prg_admin.launcher import servers
from tests.agent.databases import CONTENT, Server
from tests.scenarios.waiting import becomes


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def users(server: Server, node: str) -> list[tuple[object, ...]]:
    return server.at(node, "select userid, home from presence_user order by 1")


def made(server: Server) -> object:
    """Everything of which there must not be a second one, or another one."""
    return (
        server.run("select oid, datname from pg_database order by 1"),
        server.run("select oid, rolname from pg_roles order by 1"),
        server.run("select oid, subname, subenabled, subconninfo from pg_subscription"),
        # Besides those by which tables are being copied.
        server.run("select slot_name from pg_replication_slots where slot_name ~ '^prg'"),
        server.at("imp1", "select oid, pubname from pg_publication"),
    )


ALL = [("alice", "imp1"), ("bob", "imp2")]


def test_made_twice_is_made_once(server: Server):
    access = server.make()
    before = made(server)
    assert server.make() == access
    assert made(server) == before
    becomes(lambda: users(server, "imp2"), ALL)


def test_changes_of_the_cluster_arrive(server: Server):
    server.make()
    content = replace(CONTENT, users={"alice": "imp2", "carol": "imp1"})
    databases_make(server=server.postgres.url(), content=content, password=str)
    becomes(lambda: users(server, "imp2"), [("alice", "imp2"), ("carol", "imp1")])
    server.make()
    becomes(lambda: users(server, "imp2"), ALL)


def test_a_dropped_subscription_begins_anew(server: Server):
    server.make()
    server.drop_subscription()
    server.at("imp2", "delete from presence_user")
    server.make()
    becomes(lambda: users(server, "imp2"), ALL)


def test_a_lost_slot_begins_anew(server: Server):
    server.make()
    server.subscription("disable")
    name = f"{servers.DATABASE}_imp2"
    active = "select active from pg_replication_slots where slot_name = %s"
    becomes(lambda: server.run(active, name), [(False,)])
    server.run("select pg_drop_replication_slot(%s)", name)
    server.make()
    becomes(lambda: users(server, "imp2"), ALL)
    enabled = "select subenabled from pg_subscription where subname = %s"
    assert server.run(enabled, name) == [(True,)]


def test_a_subscription_follows_its_server_to_another_port(server: Server):
    server.make()
    server.stop()
    server.postgres = servers.Postgres(server.postgres.folder, durable=False)
    server.start()
    server.make()
    server.at("imp1", "insert into presence_user values ('carol', 'imp1')")
    becomes(lambda: users(server, "imp2"), [*ALL[:2], ("carol", "imp1")])
    server.at("imp1", "delete from presence_user where userid = 'carol'")
    becomes(lambda: users(server, "imp2"), [*ALL[:2]])  # the next test counts them


@pytest.mark.parametrize(
    "statement",
    [
        "delete from presence_user",
        "alter subscription prg_admin_imp2 disable",
        "create table own (id int)",
        "create temporary table own (id int)",
    ],
)
def test_a_node_may_only_read(server: Server, statement: str):
    access = server.make()["imp2"]
    for url in (access.url, access.publisher_url):
        assert url is not None
        with psycopg.connect(url, autocommit=True) as link:
            assert link.execute("select count(*) from presence_user").fetchone() == (2,)
            with pytest.raises(psycopg.Error):
                link.execute(statement)


def test_a_node_does_not_come_to_the_database_of_another_subscriber(server: Server):
    third = NodeRow("imp3", "10.0.0.3", 22103)
    content = replace(CONTENT, nodes=(*CONTENT.nodes, third))
    databases_make(server=server.postgres.url(), content=content, password=str)
    url = f"host=127.0.0.1 port={server.postgres.port} user=prg_admin_imp2 dbname=prg_admin_imp3"
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url).close()


def test_a_user_without_rights_is_refused(server: Server):
    server.run("create role somebody login")
    url = server.postgres.url().replace("prg_admin@", "somebody@")
    with pytest.raises(RefusedError, match="a database user with superuser rights"):
        databases_make(server=url, content=CONTENT, password=str)


def test_a_server_without_logical_replication_is_refused(tmp_path: Path):
    server = Server(tmp_path)
    command = server.postgres.command
    server.postgres.command = lambda: [*command(), "-c", "wal_level=replica"]  # type: ignore[method-assign]
    server.start()
    with contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        with pytest.raises(RefusedError, match="wal_level = logical, not replica"):
            server.make()


@pytest.fixture
def own_folder(tmp_path: Path, settings: Any) -> Path:
    settings.NODES_DIR = tmp_path / "nodes"
    settings.NODES_DIR.mkdir()
    settings.PKI_DIR = tmp_path / "pki"
    return settings.NODES_DIR


@pytest.mark.django_db
def test_a_foreign_server_is_left_alone_and_the_demo_goes_on(own_folder: Path):
    loaded = demo.demo_load(engine_url="http://127.0.0.1:1", port=1)
    assert loaded.no_databases.endswith("the server in DATABASE_URL is not ours.")
    assert len(loaded.files) == 6
    assert config.load(own_folder / "imp2.toml").database is None


@pytest.mark.django_db
def test_the_demo_writes_the_addresses_where_only_the_node_reads_them(
    own_folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(demo, "_is_ours", lambda: True)
    monkeypatch.setattr(demo, "_conninfo", lambda _main: server.postgres.url())
    loaded = demo.demo_load(engine_url="http://127.0.0.1:1", port=1)
    assert loaded.no_databases == ""
    publisher = config.load(own_folder / "imp1.toml").database
    subscriber = config.load(own_folder / "imp6.toml").database
    assert publisher is not None
    assert subscriber is not None
    assert (publisher.publisher, subscriber.publisher) == (True, False)
    for file in own_folder.glob("*/*.url"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    becomes(lambda: server.at("imp6", "select count(*) from presence_user"), [(150,)])
