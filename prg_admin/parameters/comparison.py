"""The values of one service on all servers of a cluster, side by side (domain facts 6.4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from prg_admin.domain import catalogue
from prg_admin.domain.catalogue import Parameter
from prg_admin.domain.settings import is_usable
from prg_admin.lib.parameter_sentences import amount
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology.models import Cluster, Node


class Show(StrEnum):
    ALL = "all"
    OUT_OF_SYNC = "out-of-sync"
    """Only parameters whose values differ between the servers."""
    MODIFIED = "modified"
    """Only parameters that are not as suggested on some server."""


@dataclass(frozen=True, slots=True)
class ServerValue:
    node: Node
    value: str
    shown: str
    is_modified: bool


@dataclass(frozen=True, slots=True)
class Compared:
    parameter: Parameter
    label: str
    suggested: str
    values: tuple[ServerValue, ...]

    @property
    def is_out_of_sync(self) -> bool:
        return len({one.value for one in self.values}) > 1

    @property
    def is_modified(self) -> bool:
        return any(one.is_modified for one in self.values)


def compared(cluster: Cluster, service: str, show: Show) -> list[Compared]:
    """By label; two queries. A clusterwide value is the value of every server."""
    nodes = list(Node.objects.filter(cluster=cluster).order_by("name"))
    stored: dict[tuple[int | None, str], str] = {
        (node, name): value
        for node, name, value in ParameterValue.objects.filter(
            cluster=cluster, service=service
        ).values_list("node_id", "name", "value")
        if is_usable(service, name, value)
    }
    found = [_compared(p, nodes, stored) for p in catalogue.parameters_of(service)]
    wanted = {
        Show.ALL: lambda one: True,  # noqa: ARG005
        Show.OUT_OF_SYNC: lambda one: one.is_out_of_sync,
        Show.MODIFIED: lambda one: one.is_modified,
    }[show]
    return sorted(filter(wanted, found), key=lambda one: one.label.casefold())


def _compared(
    parameter: Parameter, nodes: list[Node], stored: dict[tuple[int | None, str], str]
) -> Compared:
    values = []
    for node in nodes:
        key = (None if parameter.clusterwide else node.pk, parameter.name)
        value = stored.get(key, parameter.default)
        is_modified = value != parameter.default
        values.append(ServerValue(node, value, amount(parameter, value), is_modified))
    suggested = amount(parameter, parameter.default)
    return Compared(parameter, _(parameter.label), suggested, tuple(values))
