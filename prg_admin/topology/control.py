"""The services of one node as the Control Center and Service Activation show them.

What a node has is in its own file; the rest of the catalogue is shown as not installed, so that an
administrator who looks for a name finds it, and why it cannot be started here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from prg_admin.domain import catalogue
from prg_admin.domain.services import (
    BY_NAME,
    SRM_SERVICE,
    ServiceKind,
    kind_of,
    services_of,
)
from prg_admin.domain.settings import is_usable, settings_of
from prg_admin.domain.states import ServiceState
from prg_admin.domain.timing import RecoverySettings
from prg_admin.topology.models import Cluster, Node
from prg_admin.topology.selectors import NodeStatus, ServiceRow


class Standing(StrEnum):
    """How a service stands where its state alone does not say it."""

    INSTALLED = "installed"
    NOT_ACTIVATED = "not-activated"
    NOT_INSTALLED = "not-installed"
    AGENT = "agent"
    """The Server Recovery Manager: the node's agent itself."""


@dataclass(frozen=True, slots=True)
class ControlRow:
    name: str
    standing: Standing
    state: ServiceState | None
    """None: not installed, or not known because the node never said."""
    wanted: bool
    error: str
    started_at: datetime | None
    up_s: float | None
    down_s: float | None
    critical: bool
    default: bool
    """A feature service that is to be activated on every node."""

    @property
    def can_be_controlled(self) -> bool:
        return self.standing is Standing.INSTALLED

    @property
    def can_be_activated(self) -> bool:
        return self.standing in (Standing.INSTALLED, Standing.NOT_ACTIVATED)

    @property
    def is_activated(self) -> bool:
        return self.standing in (Standing.INSTALLED, Standing.AGENT)

    def with_activation(self, *, active: bool) -> ControlRow:
        """The same service; one that is not installed can be neither."""
        if not self.can_be_activated:
            return self
        standing = Standing.INSTALLED if active else Standing.NOT_ACTIVATED
        return replace(self, standing=standing)

    @property
    def is_stopped_on_request(self) -> bool:
        stopped = self.state is ServiceState.STOPPED and not self.error
        return stopped and self.standing is Standing.INSTALLED and not self.wanted


@dataclass(frozen=True, slots=True)
class ServiceGroup:
    is_catalogue: bool
    """False: services of this node that the catalogue does not know."""
    rows: tuple[ControlRow, ...]


def control_groups(
    status: NodeStatus, kind: ServiceKind, *, settings: RecoverySettings, now: datetime
) -> tuple[ServiceGroup, ...]:
    """The services of a kind, those of the catalogue first."""
    has = {row.name: row for row in status.services}
    known = tuple(
        _agent_row(status, now)
        if service.name == SRM_SERVICE
        else _row(service.name, has.get(service.name), settings, now)
        for service in services_of(kind)
    )
    groups = [ServiceGroup(is_catalogue=True, rows=known)]
    others = [r for r in status.services if r.name not in BY_NAME and kind_of(r.name) is kind]
    if others:
        rows = tuple(_row(row.name, row, settings, now) for row in others)
        groups.append(ServiceGroup(is_catalogue=False, rows=rows))
    return tuple(groups)


def feature_rows(
    status: NodeStatus, *, settings: RecoverySettings, now: datetime
) -> tuple[ControlRow, ...]:
    groups = control_groups(status, ServiceKind.FEATURE, settings=settings, now=now)
    return tuple(row for group in groups for row in group.rows)


def activated_names(rows: Iterable[ControlRow]) -> frozenset[str]:
    return frozenset(row.name for row in rows if row.is_activated)


def cluster_settings(cluster: Cluster) -> RecoverySettings:
    """What the engine works with in this cluster; one query.

    The values are read through their relation: their app stands above this one.
    """
    stored = cluster.parameters.filter(
        node__isnull=True, service__in=(catalogue.SRM, catalogue.XCP_ROUTER)
    )
    rows = stored.values_list("service", "name", "value")
    return settings_of({name: value for s, name, value in rows if is_usable(s, name, value)})


def choosable_nodes() -> list[Node]:
    """Every node one may choose in a drop-down; one query."""
    return list(Node.objects.select_related("cluster").order_by("cluster__name", "name"))


def _row(
    name: str, row: ServiceRow | None, settings: RecoverySettings, now: datetime
) -> ControlRow:
    known = BY_NAME.get(name)
    standing = Standing.NOT_INSTALLED
    if row is not None:
        standing = Standing.INSTALLED if row.activated else Standing.NOT_ACTIVATED
    return ControlRow(
        name=name,
        standing=standing,
        state=row.state if row else None,
        wanted=bool(row and row.wanted),
        error=row.error if row else "",
        started_at=_moment(now, row.up_s if row else None),
        up_s=row.up_s if row else None,
        down_s=row.down_s if row else None,
        critical=name in settings.critical_services,
        default=bool(known and known.default),
    )


def _agent_row(status: NodeStatus, now: datetime) -> ControlRow:
    """Running while it answers; of one that does not answer nothing is known."""
    up_s = status.report.up_s + (status.silence_s or 0.0) if status.report else None
    up_s = up_s if status.reachable else None
    return ControlRow(
        name=SRM_SERVICE,
        standing=Standing.AGENT,
        state=ServiceState.STARTED if status.reachable else None,
        wanted=True,
        error="",
        started_at=_moment(now, up_s),
        up_s=up_s,
        down_s=None,
        critical=False,
        default=False,
    )


def _moment(now: datetime, seconds_ago: float | None) -> datetime | None:
    return None if seconds_ago is None else now - timedelta(seconds=seconds_ago)
