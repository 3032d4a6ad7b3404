"""Whether the pair's client re-login limits fit its users as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prg_admin.domain.catalogue import (
    ACTIVE_STANDBY,
    ENTERPRISE,
    RE_LOGIN_LOWER,
    RE_LOGIN_UPPER,
    SRM,
    USER_ASSIGNMENT_MODE,
)
from prg_admin.domain.relogin import Fit, Limits, Recommendation, fit, recommended
from prg_admin.parameters.selectors import ClusterValues
from prg_admin.topology.models import Node


@dataclass(frozen=True, slots=True)
class ReLogin:
    fit: Fit
    recommendation: Recommendation
    present: tuple[tuple[Node, Limits], ...]
    size: int
    """The smaller of the two nodes' sizes, in users."""
    is_standby: bool

    @property
    def is_risky(self) -> bool:
        return self.fit in (Fit.TOO_SHORT, Fit.UNEQUAL, Fit.TOO_MANY_USERS)


def relogin(nodes: Sequence[Node], users: Sequence[int], values: ClusterValues) -> ReLogin:
    """``users`` are those assigned to each node, ``values`` those of their cluster."""
    mode = values.value(ENTERPRISE, USER_ASSIGNMENT_MODE)
    size = min(node.size for node in nodes)
    wanted = recommended(users, size=size, standby=mode == ACTIVE_STANDBY)
    present = tuple((node, _limits(node, values)) for node in nodes)
    found = fit([limits for _, limits in present], wanted)
    return ReLogin(found, wanted, present, size, mode == ACTIVE_STANDBY)


def _limits(node: Node, values: ClusterValues) -> Limits:
    lower, upper = (values.value(SRM, n, node.pk) for n in (RE_LOGIN_LOWER, RE_LOGIN_UPPER))
    return Limits(int(lower), int(upper))
