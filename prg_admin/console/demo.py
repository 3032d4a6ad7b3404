"""The demo cluster: six nodes, two pairs, two nodes left free, and users at home on the pairs."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from psycopg.conninfo import make_conninfo

from prg_admin.console.demo_databases import Content, NodeRow, RefusedError, databases_make
from prg_admin.domain import catalogue
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology.enrolment import NodeDatabase, node_enrol
from prg_admin.topology.models import Cluster, Node, NodeReport
from prg_admin.users.models import PresenceUser

CLUSTER = "demo"
VERSION = "15.0.1.10000-10"
NODES = ("imp1", "imp2", "imp3", "imp4", "imp5", "imp6")
ADDRESSES = {name: f"127.0.0.{10 + number}" for number, name in enumerate(NODES, start=1)}
"""Each node has a loopback address of its own, as each would be a machine of its own."""
GROUPS = {"DefaultCUPSubcluster": ("imp1", "imp2"), "Subcluster-2": ("imp3", "imp4")}
USERS_PER_NODE = {"imp1": 60, "imp2": 40, "imp3": 25, "imp4": 25}
CLIENT_PORT_STEP = 1000
"""From a node's agent port to the port its clients log in at."""

# Short enough to watch a failover; a real cluster keeps the suggested values.
TIMINGS = {
    catalogue.HEART_BEAT_INTERVAL: "1",
    catalogue.CONNECT_TIMEOUT: "1",
    catalogue.KEEP_ALIVE_TIMEOUT: "4",
    catalogue.INITIALIZATION_TIMEOUT: "10",
    catalogue.CRITICAL_SERVICE_DELAY: "2",
    catalogue.TRANSITION_DEADLINE: "20",
}
NO_DATABASES = "The nodes have no databases of their own:"
RE_LOGIN_WINDOW_S = (0.2, 2.0)


@dataclass(frozen=True, slots=True)
class Made:
    created: bool
    files: list[Path]
    no_databases: str = ""
    """Why the nodes have no databases of their own, in one sentence."""


def demo_load(*, engine_url: str, port: int) -> Made:
    """Creates the demo once; writes the nodes' files each time, for they name addresses.

    ``port`` is the installation's own: the nodes' ports are chosen from a range of its own, so that
    two installations on one machine keep out of each other's way.
    """
    created = not (
        Cluster.objects.filter(name=CLUSTER).exists()
        or Node.objects.filter(name__in=NODES).exists()
    )
    if created:
        _create(port)
    nodes = list(Node.objects.filter(cluster__name=CLUSTER, name__in=NODES))
    databases, why_none = _databases(nodes)
    files = [
        node_enrol(
            node=node,
            version=VERSION,
            client_port=node.port + CLIENT_PORT_STEP,
            engine_url=engine_url,
            folder=settings.NODES_DIR,
            pki_dir=settings.PKI_DIR,
            database=databases.get(node.name),
        )
        for node in nodes
    ]
    _write_clients_file(nodes)
    return Made(created, files, why_none)


def _databases(nodes: list[Node]) -> tuple[dict[str, NodeDatabase], str]:
    """The nodes' own databases, or why there are none."""
    if not nodes:
        return {}, ""
    if not _is_ours():
        # Nobody asked for roles and databases in a server that belongs to somebody else.
        return {}, f"{NO_DATABASES} the server in DATABASE_URL is not ours."
    main = settings.DATABASES["default"]
    try:
        return databases_make(server=_conninfo(main), content=_content(nodes), password=_secret), ""
    except RefusedError as error:
        return {}, f"{NO_DATABASES} {error}"


def _is_ours() -> bool:
    """The server of the main database was started for this installation, with its password."""
    password = settings.DATABASES["default"]["PASSWORD"]
    return bool(password) and password == settings.INSTALLATION.get("database_password")


def _conninfo(main: dict[str, Any]) -> str:
    return make_conninfo(
        host=main["HOST"],
        port=main["PORT"],
        user=main["USER"],
        password=main["PASSWORD"],
        dbname=main["NAME"],
    )


def _content(nodes: list[Node]) -> Content:
    # A node may have been removed from the demo; the publisher is the first of those left.
    rows = [NodeRow(n.name, n.address, n.port) for n in sorted(nodes, key=lambda n: n.name)]
    users = PresenceUser.objects.filter(cluster__name=CLUSTER).select_related("home")
    return Content(rows, {user.userid: user.home.name if user.home else "" for user in users})


def _secret(role: str) -> str:
    """The same at each start, and kept nowhere but in the files of those who need it."""
    return salted_hmac("prg_admin.node-database", role, algorithm="sha256").hexdigest()


@transaction.atomic
def _create(port: int) -> None:
    cluster = Cluster.objects.create(name=CLUSTER)
    free = _free_ports(port)
    nodes = {
        name: Node.objects.create(
            cluster=cluster, name=name, address=ADDRESSES[name], port=next(free), publisher=NODES[0]
        )
        for name in NODES
    }
    NodeReport.objects.bulk_create(NodeReport(node=node) for node in nodes.values())
    for group_name, pair in GROUPS.items():
        group = PresenceRedundancyGroup.objects.create(
            cluster=cluster, name=group_name, ha_enabled=True
        )
        for position, name in enumerate(pair, start=1):
            Member.objects.create(group=group, node=nodes[name], position=position)
    ParameterValue.objects.bulk_create(
        ParameterValue(cluster=cluster, service=catalogue.SRM, name=name, value=value)
        for name, value in TIMINGS.items()
    )
    PresenceUser.objects.bulk_create(
        PresenceUser(cluster=cluster, userid=userid, home=nodes[name])
        for name in USERS_PER_NODE
        for userid in _userids(name)
    )


def _userids(node: str) -> list[str]:
    return [f"{node}-user{i:03}" for i in range(1, USERS_PER_NODE[node] + 1)]


def _free_ports(port: int) -> Iterator[int]:
    base = 20000 + port * 16 % 10000
    for candidate in range(base, base + 900):
        ports = (candidate, candidate + CLIENT_PORT_STEP)
        if all(_is_free(p, address) for p in ports for address in ADDRESSES.values()):
            yield candidate


def _is_free(port: int, address: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


def _write_clients_file(nodes: list[Node]) -> None:
    """What the demo's client process logs in: each user at home, else at the peer.

    Somebody may have taken nodes out of the demo.
    """
    lines = [
        f"relogin_lower_s = {RE_LOGIN_WINDOW_S[0]}",
        f"relogin_upper_s = {RE_LOGIN_WINDOW_S[1]}",
    ]
    known = {node.name for node in nodes}
    counts = {name: count for name, count in USERS_PER_NODE.items() if name in known}
    lines += [f"{key} = []" for key, rows in (("nodes", nodes), ("users", counts)) if not rows]
    for node in nodes:
        lines += ["", "[[nodes]]", f"name = {json.dumps(node.name)}"]
        lines += [f'host = "{node.address}"', f"port = {node.port + CLIENT_PORT_STEP}"]
    peers = {a: b for pair in GROUPS.values() for a, b in (pair, pair[::-1]) if b in known}
    for name, count in counts.items():
        lines += ["", "[[users]]", f'home = "{name}"']
        lines += [f'peer = "{peers[name]}"'] if name in peers else []
        lines += [f"count = {count}", f'prefix = "{name}-user"']
    settings.NODES_DIR.mkdir(parents=True, exist_ok=True)
    (settings.NODES_DIR / "clients.toml").write_text("\n".join([*lines, ""]))
