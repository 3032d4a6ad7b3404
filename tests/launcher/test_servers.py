"""The embedded servers: as root and as anybody, with and without a former life."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from prg_admin.launcher import servers, unroot
from prg_admin.launcher.servers import Postgres, ServerError, Valkey
from prg_admin.launcher.spawn import end

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


@contextmanager
def running(server: Postgres | Valkey, log: Path) -> Iterator[int]:
    process = servers.start(server, log=log)
    try:
        yield process.pid
    finally:
        servers.stop(server, process)
    assert process.returncode == 0, log.read_text()


def test_postgres_keeps_its_data_over_a_restart(tmp_path: Path):
    server = Postgres(tmp_path / "data", durable=False)
    with running(server, tmp_path / "log"), psycopg.connect(server.url()) as link:
        link.execute("create table kept as select 'päärynä' as word")
    again = Postgres(tmp_path / "data", durable=False)
    with running(again, tmp_path / "log"), psycopg.connect(again.url()) as link:
        assert link.execute("select word from kept").fetchone() == ("päärynä",)
        assert link.execute("show wal_level").fetchone() == ("logical",)


def test_folders_above_the_data_keep_their_mode(tmp_path: Path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with running(Postgres(closed / "data", durable=False), tmp_path / "log"):
        assert closed.stat().st_mode & 0o777 == 0o700
        assert (closed / "data").stat().st_mode & 0o777 == 0o700


def test_a_postgres_with_a_password_lets_nobody_in_without_it(tmp_path: Path):
    server = Postgres(tmp_path / "data", password="right", durable=False)
    with running(server, tmp_path / "log"):
        wrong = Postgres(tmp_path / "data", port=server.port, password="wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong.url())
        assert server.answers()
    assert {path.name for path in tmp_path.iterdir()} == {"data", "log"}


@as_root
def test_root_without_user_namespaces_becomes_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unroot, "namespace", list)
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        with running(Postgres(folder / "data", durable=False), folder / "log") as pid:
            owner = Path("/proc", str(pid)).stat().st_uid
            assert owner == pwd.getpwnam("nobody").pw_uid
    finally:
        shutil.rmtree(folder)


@as_root
def test_root_in_a_user_namespace_keeps_its_files(tmp_path: Path):
    if not unroot.namespace():
        pytest.skip("this machine forbids user namespaces")
    with running(Postgres(tmp_path / "data", durable=False), tmp_path / "log"):
        assert {path.stat().st_uid for path in tmp_path.rglob("*")} == {0}


def test_data_of_another_version_is_refused(tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(ServerError, match="is of PostgreSQL 12, but PostgreSQL 18 is installed"):
        Postgres(tmp_path / "data").prepare()


def test_a_number_that_belongs_to_somebody_else_by_now_does_not_matter(tmp_path: Path):
    server = Postgres(tmp_path / "data", durable=False)
    with running(server, tmp_path / "log"):
        left_behind = (tmp_path / "data" / "postmaster.pid").read_text().split("\n")
    left_behind[0] = str(os.getpid())
    (tmp_path / "data" / "postmaster.pid").write_text("\n".join(left_behind))
    with running(server, tmp_path / "log"):
        assert server.answers()


def test_a_second_server_on_the_same_data_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(servers, "STOP_SECONDS", 0.1)
    server = Postgres(tmp_path / "data", durable=False)
    process = servers.start(server, log=tmp_path / "log")
    try:
        with pytest.raises(ServerError, match=f"process {process.pid}.* still uses"):
            servers.start(Postgres(tmp_path / "data"), log=tmp_path / "log2")
    finally:
        end(process, signal.SIGINT, seconds=20)


def test_a_server_that_does_not_come_up_says_why(tmp_path: Path):
    with running(Valkey(tmp_path / "one"), tmp_path / "log"):
        taken = Postgres(tmp_path / "data", durable=False)
        with running(taken, tmp_path / "log2"):
            with pytest.raises(ServerError, match=r"valkey did not start: .*in use"):
                servers.start(Valkey(tmp_path / "two", port=taken.port), log=tmp_path / "log3")


def test_valkey_keeps_its_data_over_a_restart(tmp_path: Path):
    server = Valkey(tmp_path / "data", password="right")
    with running(server, tmp_path / "log"):
        with redis.Redis.from_url(server.url()) as link:
            link.set("word", "kept")
    with running(server, tmp_path / "log"), redis.Redis.from_url(server.url()) as link:
        assert link.get("word") == b"kept"


def test_without_a_package_for_the_machine_the_variable_is_named(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(servers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ServerError, match="set REDIS_URL to the address"):
        Valkey(tmp_path).command()


@as_root
def test_where_nobody_can_reach_the_data_root_is_told_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(unroot, "namespace", list)
    tmp_path.chmod(0o700)
    with pytest.raises(ServerError, match="start as an ordinary user or set DATABASE_URL"):
        Postgres(tmp_path / "data").prepare()
