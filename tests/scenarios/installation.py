"""A whole real installation, started as ``make run`` does, and what one can do to it.

Everything here goes the ways an operator has: signals to real processes, the launcher's orders, the
command line, the log files. States and events are read from the database of the installation, which
is not the one of the tests.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Sequence
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from prg_admin.agent import processes
from prg_admin.agent.processes import ProcessId
from prg_admin.domain.states import XCP_ROUTER, NodeState, Reason
from prg_admin.launcher.config import ROOT
from prg_admin.launcher.spawn import end, spawn
from tests.scenarios.doors import CLIENTS
from tests.scenarios.waiting import wait_until

PASSWORD = "scenario password"
READY_SECONDS = 180.0
STOP_SECONDS = 60.0
COMMAND_SECONDS = 60.0
NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PRG_NO_RESTART")
"""The tests have servers of their own; the installation brings its own along."""
ESTABLISHED = "01"
"""State of a connection in ``/proc/net/tcp``."""
TOLD = ("worker", "beat", "web", "imp1", "imp2")
"""Processes whose logs say why a scenario failed."""

Address = tuple[str, int]
NodeStates = tuple[tuple[str, str], tuple[str, str]]
"""State and reason of the first and of the second node, in the words of the pages."""


class Installation:
    def __init__(self, var: Path, port: int) -> None:
        self.var = var
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._launcher: subprocess.Popen[bytes] | None = None

    @cached_property
    def env(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
        own = {"PRG_VAR_DIR": str(self.var), "PORT": str(self.port)}
        return kept | own | {"PRG_ADMIN_PASSWORD": PASSWORD}

    # Up and down

    def bring_up(self) -> None:
        command = [sys.executable, "-m", "prg_admin.launcher.run"]
        log = self.var / "launcher.log"
        self._launcher = spawn(
            command, log=log, death_signal=signal.SIGTERM, env=self.env, cwd=ROOT
        )
        wait_until(
            lambda: "Ready: " in self.launcher_log or not self._is_up,
            "the installation is ready",
            seconds=READY_SECONDS,
        )
        assert self._is_up, self.launcher_log

    def bring_down(self) -> int:
        """Stop as Ctrl-C does; returns the launcher's exit code."""
        assert self._launcher is not None
        end(self._launcher, signal.SIGTERM, seconds=STOP_SECONDS)
        return self._launcher.returncode

    @property
    def _is_up(self) -> bool:
        return self._launcher is not None and self._launcher.poll() is None

    @property
    def launcher_log(self) -> str:
        """What the person at the terminal sees."""
        return (self.var / "launcher.log").read_text()

    def launcher(self, *words: str) -> str:
        """``python -m prg_admin.launcher ...``; returns what it printed."""
        return self._command("-m", "prg_admin.launcher", *words)

    def manage(self, *words: str) -> str:
        """``python manage.py ...``; returns what it printed."""
        return self._command("manage.py", *words)

    def _command(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            check=False, cwd=ROOT, env=self.env, timeout=COMMAND_SECONDS,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    # Processes

    def pids(self) -> dict[str, int]:
        """The installation's processes that run now."""
        table: dict[str, int] = json.loads((self.var / "run" / "processes.json").read_text())
        return table

    def start(self, name: str) -> None:
        self.launcher("start", name)

    def stop(self, name: str) -> None:
        self.launcher("stop", name)

    def restart(self, name: str) -> None:
        self.launcher("restart", name)

    def bring_back(self) -> None:
        """Wake whatever is frozen and start whatever is down."""
        for name in self.pids():
            self.thaw(name, with_services=(self.var / "nodes" / name).is_dir())
        for line in self.launcher("status").splitlines():
            name, _, how = line.partition(": ")
            if not how.startswith("runs"):
                self.start(name)
        wait_until(self.database_answers, "the database answers")
        wait_until(self.serves_pages, "the web server answers")

    def serves_pages(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/login/", timeout=10) as answer:  # noqa: S310
                return bool(answer.status == HTTPStatus.OK)
        except OSError:
            return False

    def kill(self, name: str) -> ProcessId:
        """Kill -9 of one process; returns which one it was."""
        process = _identified(self.pids()[name])
        _kill([process])
        return process

    def kill_agent(self, node: str, *, with_services: bool = True) -> list[ProcessId]:
        """Kill -9 of a node's agent and of all its services at once."""
        victims = [_identified(self.pids()[node])]
        victims += self.services(node).values() if with_services else []
        _kill(victims)
        return victims

    def freeze(self, name: str, *, with_services: bool = False) -> None:
        """SIGSTOP: the process stands still and answers nobody."""
        self._signal_all(name, signal.SIGSTOP, with_services=with_services)

    def thaw(self, name: str, *, with_services: bool = False) -> None:
        self._signal_all(name, signal.SIGCONT, with_services=with_services)

    def freeze_services(self, node: str) -> None:
        """The node's services stand still and obey no order; its agent goes on."""
        for process in self.services(node).values():
            os.kill(process.pid, signal.SIGSTOP)

    def _signal_all(self, name: str, number: signal.Signals, *, with_services: bool) -> None:
        services = self.services(name).values() if with_services else []
        for pid in [self.pids()[name], *(process.pid for process in services)]:
            os.kill(pid, number)

    def services(self, node: str) -> dict[str, ProcessId]:
        """The node's service processes that live now, as its agent wrote them down."""
        state = json.loads((self.var / "nodes" / node / "state.json").read_text())
        written = {name: ProcessId(*which) for name, which in state["processes"].items()}
        return {name: process for name, process in written.items() if is_alive(process)}

    def kill_service(self, node: str, service: str = XCP_ROUTER) -> ProcessId:
        process = self.services(node)[service]
        _kill([process])
        return process

    # What is to be seen

    @property
    def database_url(self) -> str:
        return self._written("database_url")

    @property
    def redis_url(self) -> str:
        return self._written("redis_url")

    def _written(self, name: str) -> str:
        return str(json.loads((self.var / "installation.json").read_text())[name])

    def query(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Read (or, where a test needs it, write) the installation's own database."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as link:
            cursor = link.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def database_answers(self) -> bool:
        try:
            self.query("select 1")
        except psycopg.OperationalError:
            return False
        return True

    def states(self, group: str) -> NodeStates:
        first, second = self.query(
            "select m.state, m.reason from groups_member m"
            " join groups_presenceredundancygroup g on g.id = m.group_id"
            " where g.name = %s order by m.position",
            group,
        )
        return _words(first), _words(second)

    def ha_status(self) -> dict[str, NodeStates]:
        """As ``utils ha status`` prints them, by group."""
        groups = json.loads(self.manage("utils", "ha", "status", "--json"))
        return {group["name"]: _labels(*group["nodes"]) for group in groups}

    def events(self, group: str, *, after: int = 0) -> list[dict[str, Any]]:
        """The group's events, oldest first."""
        return self.query(
            "select id, at, rule, actor, epoch, version, before, after, values from recovery_event"
            " where group_name = %s and id > %s order by version",
            group, after,
        )  # fmt: skip

    def rules(self) -> set[str]:
        """Of all events there are."""
        return {row["rule"] for row in self.query("select distinct rule from recovery_event")}

    def last_event(self) -> int:
        return int(self.query("select coalesce(max(id), 0) as id from recovery_event")[0]["id"])

    def node_id(self, name: str) -> int:
        return int(self.query("select id from topology_node where name = %s", name)[0]["id"])

    def answers(self, node: str) -> bool:
        """As the engine found it last."""
        sql = "select reachable from topology_nodereport where node_id = %s"
        return bool(self.query(sql, self.node_id(node))[0]["reachable"])

    def report_of(self, node: str) -> dict[str, Any]:
        """The node's last report, as the engine keeps it."""
        sql = "select document from topology_nodereport where node_id = %s"
        document: dict[str, Any] = self.query(sql, self.node_id(node))[0]["document"]
        return document

    def group_id(self, name: str) -> int:
        sql = "select id from groups_presenceredundancygroup where name = %s"
        return int(self.query(sql, name)[0]["id"])

    def door(self, node: str) -> Address:
        """Where the node's clients log in."""
        services = tomllib.loads((self.var / "nodes" / f"{node}.toml").read_text())["services"]
        command = next(s["command"] for s in services if s["name"] == XCP_ROUTER)
        host, _, port = command[-1].rpartition(":")
        return host, int(port)

    def sessions(self, node: str) -> int:
        """Client connections that stand at the node's door, as the kernel knows them.

        Without those of the tests' own, which come and go as they watch the door.
        """
        host, port = self.door(node)
        door, own = f"{_in_table(host)}:{port:04X}", _in_table(CLIENTS[0])
        connections = [line.split()[1:4] for line in Path("/proc/net/tcp").read_text().splitlines()]
        return sum(
            (local, state) == (door, ESTABLISHED) and not remote.startswith(own)
            for local, remote, state in connections
        )

    def log_of(self, name: str) -> str:
        return (self.var / "log" / f"{name}.log").read_text()

    def told(self, *, lines: int) -> str:
        """What the logs and the engine wrote last, for the report of a failure."""
        logs = [self.var / "launcher.log"]
        logs += [self.var / "log" / f"{name}.log" for name in TOLD]
        parts = [f"--- {log.name}\n{_tail(log, lines)}" for log in logs if log.exists()]
        return "\n".join(parts)

    def log_contains(self, name: str, text: str) -> bool:
        return text in self.log_of(name)


def _in_table(host: str) -> str:
    """As ``/proc/net/tcp`` writes an address."""
    return socket.inet_aton(host)[::-1].hex().upper()


def is_alive(process: ProcessId) -> bool:
    return processes.identify(process.pid) == process


def _identified(pid: int) -> ProcessId:
    process = processes.identify(pid)
    assert process is not None, f"process {pid} is gone"
    return process


def _kill(victims: Sequence[ProcessId]) -> None:
    for process in victims:
        os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, victims)), "the killed processes are gone")


def _tail(log: Path, lines: int) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _labels(first: dict[str, Any], second: dict[str, Any]) -> NodeStates:
    a, b = ((node["state_label"], node["reason_label"]) for node in (first, second))
    return a, b


def _words(row: dict[str, Any]) -> tuple[str, str]:
    return NodeState(row["state"]).label, Reason(row["reason"]).label
