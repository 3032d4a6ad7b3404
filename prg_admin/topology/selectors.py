"""Reading nodes: the list, one node with its services, and the facts validation needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count, QuerySet
from django.db.models.expressions import RawSQL

from prg_admin.domain.node_rules import NodeContext, NodeDraft, NodeFacts
from prg_admin.domain.states import CRITICAL_SERVICES, Role, ServiceState
from prg_admin.domain.wire import Report, ServiceReport
from prg_admin.topology.models import Cluster, Node, NodeReport

USERS = "select count(*) from users_presenceuser where home_id = {}"
"""Assigned to a node; a column that holds its key belongs into the braces."""


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service of a node as it stood in the node's last report."""

    name: str
    state: ServiceState
    pid: int | None
    up_s: float | None
    down_s: float | None
    wanted: bool
    error: str
    critical: bool
    activated: bool = True

    @property
    def is_running(self) -> bool:
        return self.state is ServiceState.STARTED

    @property
    def is_down(self) -> bool:
        return self.state is ServiceState.STOPPED


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A node with the last thing it said, and how old that is."""

    node: Node
    users: int
    reachable: bool
    heard_at: datetime | None
    silence_s: float | None
    """Seconds since the engine last heard it; None when it never did."""
    error: str
    """Short cause of the last failed probe."""
    version: str
    report: Report | None
    services: tuple[ServiceRow, ...]
    has_rival: bool = False
    """A second machine claims to be this node; it serves nobody."""

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def is_idle(self) -> bool:
        """Its services stay stopped until somebody falls back; the agent refuses to start them."""
        return self.report is not None and self.report.role is Role.IDLE

    @property
    def running(self) -> int:
        return sum(1 for s in self.services if s.critical and s.is_running)

    @property
    def critical(self) -> int:
        return sum(1 for s in self.services if s.critical)

    @property
    def all_running(self) -> bool:
        return bool(self.services) and self.running == self.critical


def node_list() -> QuerySet[Node]:
    """All nodes with what their rows show; one query."""
    return (
        Node.objects.select_related("cluster", "last_report", "member__group")
        .annotate(users=Count("presence_users"))
        .order_by("cluster__name", "name")
    )


def last_report(node: Node) -> NodeReport | None:
    try:
        return node.last_report
    except ObjectDoesNotExist:
        return None


def group_name(node: Node) -> str | None:
    try:
        return str(node.member.group.name)
    except ObjectDoesNotExist:
        return None


def node_status(node: Node, *, now: datetime, users: int) -> NodeStatus:
    stored = last_report(node)
    heard_at = stored.heard_at if stored else None
    silence = max(0.0, (now - heard_at).total_seconds()) if heard_at else None
    report = stored.report if stored else None
    return NodeStatus(
        node=node,
        users=users,
        reachable=bool(stored and stored.reachable),
        heard_at=heard_at,
        silence_s=silence,
        error=stored.error if stored else "",
        version=stored.version if stored else "",
        report=report,
        services=_service_rows(report, silence or 0.0),
        has_rival=bool(stored and stored.rival_boot),
    )


def node_facts(nodes: QuerySet[Node]) -> list[NodeFacts]:
    """What the validator has to know of nodes; one query."""
    return [node_fact(node) for node in for_facts(nodes)]


def for_facts(nodes: QuerySet[Node]) -> QuerySet[Node]:
    """Nodes with all that ``node_fact`` looks at."""
    # Counted beside and not joined to them: rows that are put together cannot be locked.
    users = RawSQL(USERS.format("topology_node.id"), ())  # noqa: S611 - a fixed text
    return nodes.select_related("cluster", "last_report", "member__group").annotate(users=users)


def node_fact(node: Node) -> NodeFacts:
    stored = last_report(node)
    return NodeFacts(
        name=node.name,
        cluster=node.cluster.name,
        publisher=node.publisher,
        version=stored.version if stored else "",
        group=group_name(node),
        users=vars(node)["users"],  # of ``for_facts``
    )


def node_context(draft: NodeDraft, node: Node | None) -> NodeContext:
    others = Node.objects.exclude(pk=node.pk) if node else Node.objects.all()
    near = others.filter(name__iexact=draft.name) | others.filter(
        cluster__name__iexact=draft.cluster
    )
    addresses = others.filter(address__iexact=draft.address, port=draft.port or 0)
    clusters = Cluster.objects.filter(name__iexact=draft.cluster)
    return NodeContext(
        other_nodes=tuple(node_facts(near)),
        clusters=frozenset(clusters.values_list("name", flat=True)),
        addresses={(n.address.lower(), n.port): n.name for n in addresses},
        current=node_facts(Node.objects.filter(pk=node.pk))[0] if node else None,
    )


def cluster_names() -> list[str]:
    return list(Cluster.objects.values_list("name", flat=True))


def _service_rows(report: Report | None, age_s: float) -> tuple[ServiceRow, ...]:
    """Times are counted on from the moment of the report."""
    if report is None:
        return ()
    return tuple(_service_row(service, age_s) for service in report.services)


def _service_row(service: ServiceReport, age_s: float) -> ServiceRow:
    return ServiceRow(
        name=service.name,
        state=service.state,
        pid=service.pid,
        up_s=None if service.up_s is None else service.up_s + age_s,
        down_s=None if service.down_s is None else service.down_s + age_s,
        wanted=service.wanted,
        error=service.error,
        critical=service.name in CRITICAL_SERVICES,
        activated=service.activated,
    )
