"""Parameter values in force: what is stored, else what the catalogue suggests."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from prg_admin.domain import catalogue
from prg_admin.domain.catalogue import Parameter
from prg_admin.domain.services import BY_NAME
from prg_admin.domain.settings import is_usable, settings_of
from prg_admin.domain.states import ServiceState
from prg_admin.domain.timing import RecoverySettings
from prg_admin.lib.statements import rows_of
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology.models import Cluster, Node
from prg_admin.topology.selectors import last_report

logger = logging.getLogger(__name__)

VALUES = """
    select node_id, service, name, value from parameters_parametervalue where cluster_id = %s
"""


def recovery_settings(cluster_ids: Iterable[int]) -> dict[int, RecoverySettings]:
    """What the engine works with, by cluster; one query however many clusters."""
    wanted = set(cluster_ids)
    # As one value: hundreds would be quoted one by one, for each batch of a sweep.
    ids = RawSQL("select unnest(string_to_array(%s, ',')::bigint[])", [",".join(map(str, wanted))])
    return _recovery_settings(wanted, ParameterValue.objects.filter(cluster_id__in=ids))


def all_recovery_settings() -> dict[int, RecoverySettings]:
    """The same of every cluster there is; two queries."""
    clusters = Cluster.objects.order_by().values_list("pk", flat=True)
    return _recovery_settings(clusters, ParameterValue.objects.all())


def _recovery_settings(
    clusters: Iterable[int], values: QuerySet[ParameterValue]
) -> dict[int, RecoverySettings]:
    stored: dict[int, dict[str, str]] = {cluster_id: {} for cluster_id in clusters}
    rows = values.filter(node__isnull=True, service__in=(catalogue.SRM, catalogue.XCP_ROUTER))
    # Unordered: the names by which a page sorts them would cost three joins.
    for cluster_id, service, name, value in rows.order_by().values_list(
        "cluster_id", "service", "name", "value"
    ):
        # A cluster may have come between two queries.
        if cluster_id in stored and _is_usable(service, name, value):
            stored[cluster_id][name] = value
    return {cluster_id: settings_of(values) for cluster_id, values in stored.items()}


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


@dataclass(frozen=True, slots=True)
class ClusterValues:
    """Values in force of a cluster and its nodes; made with one query, then asked for nothing."""

    stored: dict[tuple[int | None, str, str], str]

    @classmethod
    def of(cls, cluster_id: int) -> ClusterValues:
        return cls.read(rows_of(VALUES, cluster_id))

    @classmethod
    def read(cls, found: Iterable[Sequence[Any]]) -> ClusterValues:
        """From rows of node, service, name and value."""
        return cls({(node, s, n): v for node, s, n, v in found if _is_usable(s, n, v)})

    def value(self, service: str, name: str, node_id: int | None = None) -> str:
        """Raises KeyError for a parameter that the catalogue does not know."""
        known = catalogue.BY_KEY[service, name]
        node = None if known.clusterwide else node_id
        return self.stored.get((node, service, name), known.default)

    @property
    def recovery(self) -> RecoverySettings:
        services = (catalogue.SRM, catalogue.XCP_ROUTER)
        found = self.stored.items()
        return settings_of({n: v for (node, s, n), v in found if node is None and s in services})


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
    """All services there are, by name; active are those that the node's last report has started.

    Cisco Server Recovery Manager is the node's agent, active while it can be reached.
    """
    last = last_report(node)
    services = last.report.services if last and last.report else ()
    started = {s.name for s in services if s.state is ServiceState.STARTED}
    reachable = last is not None and last.reachable
    names = {*BY_NAME, *(s.name for s in services)}
    return [
        ServiceChoice(name, reachable and (name == catalogue.SRM or name in started))
        for name in sorted(names)
    ]


def _is_usable(service: str, name: str, value: str) -> bool:
    """A value written past the services must not stop the engine; the suggested one holds then."""
    usable = is_usable(service, name, value)
    if not usable and (service, name) in catalogue.BY_KEY:
        logger.warning("Stored value of %s / %s is not usable", service, name)
    return usable
