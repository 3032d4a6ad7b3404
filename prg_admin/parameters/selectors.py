"""Parameter values in force: what is stored, else what the catalogue suggests."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from prg_admin.domain import catalogue
from prg_admin.domain.catalogue import Parameter
from prg_admin.domain.parameter_rules import check_value
from prg_admin.domain.states import CRITICAL_SERVICES, ServiceState
from prg_admin.domain.timing import RecoverySettings
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology.models import Cluster, Node
from prg_admin.topology.selectors import last_report

logger = logging.getLogger(__name__)

MINUTE = 60.0


def recovery_settings(cluster_ids: Iterable[int]) -> dict[int, RecoverySettings]:
    """What the engine works with, by cluster; one query however many clusters."""
    wanted = set(cluster_ids)
    stored: dict[int, dict[str, str]] = {cluster_id: {} for cluster_id in wanted}
    rows = ParameterValue.objects.filter(
        cluster_id__in=wanted,
        node__isnull=True,
        service__in=(catalogue.SRM, catalogue.XCP_ROUTER),
    )
    for cluster_id, service, name, value in rows.values_list(
        "cluster_id", "service", "name", "value"
    ):
        if _is_usable(service, name, value):
            stored[cluster_id][name] = value
    return {cluster_id: settings_of(values) for cluster_id, values in stored.items()}


def settings_of(stored: Mapping[str, str]) -> RecoverySettings:
    """From values by parameter name; what is not there is as suggested."""

    def text(name: str) -> str:
        service = catalogue.XCP_ROUTER if name == catalogue.MULTIPLE_DEVICE_MESSAGING else None
        return stored.get(name) or catalogue.BY_KEY[service or catalogue.SRM, name].default

    def flag(name: str) -> bool:
        return text(name) == catalogue.TRUE

    return RecoverySettings(
        heart_beat_interval=float(text(catalogue.HEART_BEAT_INTERVAL)),
        connect_timeout=float(text(catalogue.CONNECT_TIMEOUT)),
        keep_alive_timeout=float(text(catalogue.KEEP_ALIVE_TIMEOUT)),
        initialization_timeout=float(text(catalogue.INITIALIZATION_TIMEOUT)),
        critical_service_delay=float(text(catalogue.CRITICAL_SERVICE_DELAY)),
        automatic_fallback=flag(catalogue.AUTOMATIC_FALLBACK),
        monitor_xcp_authentication=flag(catalogue.MONITOR_XCP_AUTHENTICATION),
        automatic_fallback_delay=float(text(catalogue.AUTOMATIC_FALLBACK_DELAY)) * MINUTE,
        keep_serving_when_isolated=(text(catalogue.ISOLATED_NODE_POLICY) == catalogue.KEEP_SERVING),
        transition_deadline=float(text(catalogue.TRANSITION_DEADLINE)),
        multiple_device_messaging=flag(catalogue.MULTIPLE_DEVICE_MESSAGING),
    )


def parameter(cluster_id: int, service: str, name: str, node_id: int | None = None) -> str:
    """One value in force. Raises KeyError for a parameter that the catalogue does not know."""
    node = None if catalogue.BY_KEY[service, name].clusterwide else node_id
    return parameter_values(cluster_id, service, node)[name]


def parameter_values(cluster_id: int, service: str, node_id: int | None = None) -> dict[str, str]:
    """Values in force of a service's parameters by name, in the catalogue's order; one query.

    Without a node only the clusterwide ones.
    """
    of_node = Q(node__isnull=True) if node_id is None else Q(node__isnull=True) | Q(node=node_id)
    rows = ParameterValue.objects.filter(of_node, cluster_id=cluster_id, service=service)
    stored: dict[tuple[int | None, str], str] = {
        (node, name): value
        for node, name, value in rows.values_list("node_id", "name", "value")
        if _is_usable(service, name, value)
    }
    return {
        p.name: stored.get((None if p.clusterwide else node_id, p.name), p.default)
        for p in shown_parameters(service, node_id)
    }


def shown_parameters(service: str, node_id: int | None) -> list[Parameter]:
    """The parameters that can be set for a node, or for a cluster when no node is given."""
    return [p for p in catalogue.parameters_of(service) if p.clusterwide or node_id is not None]


def parameter_clusters() -> list[Cluster]:
    return list(Cluster.objects.order_by("name"))


def parameter_nodes() -> list[Node]:
    """Every server one may choose on the page, with its cluster and its last report; one query."""
    nodes = Node.objects.select_related("cluster", "last_report")
    return list(nodes.order_by("cluster__name", "name"))


@dataclass(frozen=True, slots=True)
class ServiceChoice:
    name: str
    active: bool


def service_choices(node: Node) -> list[ServiceChoice]:
    """Services of a node by name; active are those that its last report lists as started.

    Cisco Server Recovery Manager is the node's agent, active while it can be reached.
    """
    last = last_report(node)
    services = last.report.services if last and last.report else ()
    started = {s.name for s in services if s.state is ServiceState.STARTED}
    reachable = last is not None and last.reachable
    names = {catalogue.SRM, *CRITICAL_SERVICES, *(s.name for s in services)}
    return [
        ServiceChoice(name, reachable and (name == catalogue.SRM or name in started))
        for name in sorted(names)
    ]


def _is_usable(service: str, name: str, value: str) -> bool:
    """A value written past the services must not stop the engine; the suggested one holds then."""
    known = catalogue.BY_KEY.get((service, name))
    if known is None:
        return False
    problem = check_value(known, value)
    if problem is not None:
        logger.warning("Stored value of %s / %s is not usable: %s", service, name, problem.code)
    return problem is None
