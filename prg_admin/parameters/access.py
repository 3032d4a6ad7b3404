"""What a request is about: whose parameters, of which service. Also what it asks for and is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

from prg_admin.domain import catalogue
from prg_admin.domain.catalogue import Parameter
from prg_admin.parameters.selectors import (
    ServiceChoice,
    parameter_clusters,
    parameter_nodes,
    parameter_values,
    recovery_settings,
    service_choices,
    shown_parameters,
)
from prg_admin.topology.models import Cluster, Node


@dataclass(frozen=True, slots=True)
class Scope:
    """The parameters of one service, of a cluster and, for a service page, of one of its nodes."""

    cluster: Cluster
    node: Node | None
    service: str

    @property
    def node_id(self) -> int | None:
        return self.node.pk if self.node else None

    def parameters(self, *, advanced: bool = True) -> list[Parameter]:
        every = shown_parameters(self.service, self.node_id)
        return [p for p in every if advanced or not p.advanced]

    def factor(self) -> float:
        """By how much Multiple Device Messaging lengthens the delays of this service."""
        if self.service != catalogue.SRM:
            return 1.0
        return recovery_settings([self.cluster.pk])[self.cluster.pk].factor

    def values(self) -> dict[str, str]:
        return parameter_values(self.cluster.pk, self.service, self.node_id)


@dataclass(frozen=True, slots=True)
class ServiceChooser:
    """The two drop-downs of the service parameter page and what is chosen in them."""

    nodes: list[Node]
    node: Node | None
    services: list[ServiceChoice]
    service: str
    unknown: str = ""
    """What was asked for and does not exist."""

    @property
    def scope(self) -> Scope | None:
        if self.node is None or not self.service:
            return None
        return Scope(self.node.cluster, self.node, self.service)


@dataclass(frozen=True, slots=True)
class ClusterChooser:
    """The drop-down of the enterprise parameter page; the first cluster unless one is chosen."""

    clusters: list[Cluster]
    cluster: Cluster | None
    unknown: str = ""

    @property
    def scope(self) -> Scope | None:
        return None if self.cluster is None else Scope(self.cluster, None, catalogue.ENTERPRISE)


def request_data(request: HttpRequest) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET


def choose_service(data: Mapping[str, str]) -> ServiceChooser:
    nodes = parameter_nodes()
    wanted, service = data.get("server", ""), data.get("service", "")
    node = next((n for n in nodes if str(n.pk) == wanted), None)
    if node is None:
        return ServiceChooser(nodes, None, [], "", unknown=wanted)
    services = service_choices(node)
    known = service in {choice.name for choice in services}
    return ServiceChooser(
        nodes, node, services, service if known else "", unknown="" if known else service
    )


def choose_cluster(data: Mapping[str, str]) -> ClusterChooser:
    clusters = parameter_clusters()
    wanted = data.get("cluster", "")
    if not wanted:
        return ClusterChooser(clusters, clusters[0] if clusters else None)
    chosen = next((c for c in clusters if str(c.pk) == wanted), None)
    return ClusterChooser(clusters, chosen, unknown="" if chosen else wanted)
