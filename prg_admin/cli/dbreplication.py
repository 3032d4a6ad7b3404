"""``utils dbreplication``: what the agents read last, in the layout of domain facts 8.2."""

from __future__ import annotations

import json
from argparse import _SubParsersAction
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

from prg_admin.domain.replication import Replication, is_good, read_detail
from prg_admin.domain.wire import DatabaseReport, PeerReport
from prg_admin.lib.replication import cause_text
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import last_report

AREA = "dbreplication"
ENGINE = "the engine"
HEADING = (
    ("", "", "PING", "DB/RPC/", "REPL.", "Replication", "REPLICATION SETUP"),
    ("SERVER-NAME", "IP ADDRESS", "(msec)", "DbMon?", "QUEUE", "Group ID", "(RTMT) & Details"),
)
FIRST_GROUP = 2
"""The original numbers its publisher so; 1 is the call manager's own."""
SETUP = {
    Replication.INITIALIZING: "Initializing",
    Replication.INCOMPLETE: "Setup Incomplete",
    Replication.GOOD: "Setup Completed",
    Replication.MISMATCH: "Mismatched",
    Replication.FAILED: "Setup Failed",
}
NOT_SETUP = "Not Setup"


@dataclass(frozen=True, slots=True)
class Server:
    """One line: a node as the engine last heard it."""

    name: str
    address: str
    group: int
    is_publisher: bool
    reachable: bool
    rtt_ms: float | None
    database: DatabaseReport | None
    """None for a node that is not monitored, or was never heard."""
    peer: PeerReport | None
    """What it hears of its peer."""

    @property
    def value(self) -> int | None:
        """What an unreachable node said earlier is not known to hold."""
        return self.database.replication if self.reachable and self.database else None

    @property
    def facts(self) -> str:
        """Whether its database answers, its agent does, and replication could be read."""
        answers = self.reachable and self.database is not None and self.database.answers
        return "/".join(
            "Y" if f else "N" for f in (answers, self.reachable, self.value is not None)
        )

    @property
    def lag_bytes(self) -> int | None:
        return self.database.lag_bytes if self.reachable and self.database else None

    @property
    def setup(self) -> str:
        return NOT_SETUP if self.value is None else SETUP[Replication(self.value)]

    @property
    def details(self) -> str:
        if not self.reachable or self.database is None or is_good(self.value):
            return ""
        return str(cause_text(*read_detail(self.database.detail)))


def add_arguments(areas: _SubParsersAction[CommandParser]) -> None:
    verbs = areas.add_parser(AREA, help="Replication of the nodes' databases").add_subparsers(
        dest="verb", required=True, metavar="command"
    )
    for verb in ("status", "runtimestate"):
        command = verbs.add_parser(verb)
        command.add_argument("--json", action="store_true", help="print JSON")
        if verb == "runtimestate":
            command.add_argument("name", nargs="?", metavar="nodename")


def run(*, verb: str, now: datetime, name: str | None = None, **options: Any) -> str:
    """What the command prints. Raises CommandError."""
    clusters, observer = servers(), ENGINE
    if name:
        cluster, observer = _cluster_of(name, clusters)
        clusters = [seen_from(cluster, observer)]
    if options["json"]:
        documents = [document(cluster, now=now) for cluster in clusters]
        return json.dumps(documents, indent=2, ensure_ascii=False)
    if not clusters:
        return "There are no servers."
    if verb == "status":
        return "\n\n".join(status_text(cluster, now=now) for cluster in clusters)
    return "\n\n".join(runtime_text(c, observer=observer, now=now) for c in clusters)


def _cluster_of(name: str, clusters: list[list[Server]]) -> tuple[list[Server], str]:
    for cluster in clusters:
        for server in cluster:
            if server.name.lower() == name.lower():
                return cluster, server.name
    known = ", ".join(server.name for cluster in clusters for server in cluster) or "none"
    raise CommandError(f"There is no node {name!r}. Known nodes: {known}.")


def servers() -> list[list[Server]]:
    """The nodes of each cluster, the publisher first."""
    nodes = Node.objects.select_related("cluster", "last_report").order_by("cluster__name", "pk")
    clusters: dict[int, list[Node]] = {}
    for node in nodes:
        clusters.setdefault(node.cluster_id, []).append(node)
    return [_in_order(found) for found in clusters.values()]


def _in_order(nodes: list[Node]) -> list[Server]:
    nodes = sorted(nodes, key=lambda node: node.name != node.publisher)
    return [_server(node, number) for number, node in enumerate(nodes, start=FIRST_GROUP)]


def _server(node: Node, number: int) -> Server:
    stored = last_report(node)
    report = stored.report if stored else None
    return Server(
        name=node.name,
        address=node.address,
        group=number,
        is_publisher=node.name == node.publisher,
        reachable=bool(stored and stored.reachable),
        rtt_ms=stored.rtt_ms if stored and stored.reachable else None,
        database=report.database if report else None,
        peer=report.peer if report else None,
    )


def seen_from(cluster: list[Server], name: str) -> list[Server]:
    """With the round trips that this node measured: only its peer's, for it asks nobody else."""
    own = next(server for server in cluster if server.name == name)
    times = {own.peer.name: own.peer.rtt_ms} if own.reachable and own.peer else {}
    return [replace(server, rtt_ms=times.get(server.name)) for server in cluster]


def runtime_text(cluster: list[Server], *, observer: str, now: datetime) -> str:
    count = len(cluster)
    return "\n".join(
        [
            f"Server Time: {now:%a %b %d %H:%M:%S %Z %Y}",
            "",
            f"Cluster Replication State: {state_text(cluster)}",
            "",
            f"Cluster Detailed View from {observer} ({count} Servers):",
            "",
            *table(cluster),
        ]
    )


def state_text(cluster: list[Server]) -> str:
    """One sentence on all of them."""
    bad = [server.name for server in cluster if not is_good(server.value)]
    if not bad:
        return "replication is good (2) on every server."
    return f"replication is not good on {', '.join(bad)}."


def table(cluster: list[Server]) -> list[str]:
    rows = [_cells(server) for server in cluster]
    widths = [max(map(len, column)) for column in zip(*HEADING, *rows, strict=True)]
    rules = ("-" * width for width in (*widths[:-1], len(HEADING[1][-1])))
    return [_line(cells, widths) for cells in (*HEADING, tuple(rules), *rows)]


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip()


def _cells(server: Server) -> tuple[str, ...]:
    details = f": {server.details}" if server.details else ""
    return (
        server.name,
        server.address,
        "-" if server.rtt_ms is None else f"{server.rtt_ms:.3f}",
        server.facts,
        "-" if server.lag_bytes is None else str(server.lag_bytes),
        f"(g_{server.group})",
        f"({_value(server)}) {server.setup}{details}",
    )


def status_text(cluster: list[Server], *, now: datetime) -> str:
    """The comparison of tables, which the agents do by themselves all the time."""
    subscribers = [server for server in cluster if not server.is_publisher]
    lines = [f"Server Time: {now:%a %b %d %H:%M:%S %Z %Y}", ""]
    if not any(server.value is not None for server in subscribers):
        lines.append("No active connected replication servers found.")
        return "\n".join(lines)
    compared = [s for s in subscribers if _cause(s) in ("equal", "different")]
    different = [s.name for s in subscribers if _cause(s) == "different"]
    lines.append(
        f"Replication status: tables of {len(compared)} servers checked out of {len(subscribers)}."
    )
    if different:
        lines.append(f"Mismatches found on: {', '.join(different)}.")
    elif len(compared) == len(subscribers):
        lines.append("No Errors or Mismatches found.")
    lines += [
        f"Not checked: {server.name}, ({_value(server)}) {server.setup}."
        for server in subscribers
        if server not in compared
    ]
    lines.append("Use 'utils dbreplication runtimestate' to see the details.")
    return "\n".join(lines)


def _value(server: Server) -> str:
    return "-" if server.value is None else str(server.value)


def _cause(server: Server) -> str:
    if server.value is None or server.database is None:
        return ""
    return read_detail(server.database.detail)[0] or ""


def document(cluster: list[Server], *, now: datetime) -> dict[str, Any]:
    return {
        "server_time": now.isoformat(),
        "good": all(is_good(server.value) for server in cluster),
        "servers": [
            {
                "name": server.name,
                "address": server.address,
                "publisher": server.is_publisher,
                "ping_ms": server.rtt_ms,
                "database_answers": server.facts[0] == "Y",
                "agent_answers": server.reachable,
                "replication_read": server.value is not None,
                "queue_bytes": server.lag_bytes,
                "group": f"g_{server.group}",
                "replication": server.value,
                "setup": server.setup,
                "details": server.details,
            }
            for server in cluster
        ],
    }
