"""What people ask of a pair, and which of it has a meaning to the machine.

Whether it is possible now is said by ``domain.limitations``; what it brings about, by the rows of
``domain.transitions``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What people ask for."""

    ENABLE_HA = "enable-ha"
    DISABLE_HA = "disable-ha"
    CHANGE_MEMBERS = "change-members"
    DELETE = "delete"
    FAILOVER = "failover"
    FALLBACK = "fallback"
    RECOVER = "recover"
    ACKNOWLEDGE = "acknowledge"
    POWERED_OFF = "powered-off"
    """State that a node that would go on serving, and cannot be asked, is powered off."""


@dataclass(frozen=True, slots=True)
class Request:
    """An action asked for, with the index (0 or 1) of the node it is about, if any."""

    action: Action
    index: int | None = None
    powered_off: tuple[int, ...] = ()
    """With Recover: indices of nodes of which a person states that they are powered off."""


BY_WORD = frozenset({Action.ACKNOWLEDGE, Action.POWERED_OFF})
"""Requests that move nothing by themselves: what a person says is kept."""

ABOUT_A_NODE = {
    Action.FAILOVER: True,
    Action.FALLBACK: True,
    Action.RECOVER: False,
    Action.ACKNOWLEDGE: False,
    Action.POWERED_OFF: True,
}
"""The requests ``decide`` knows, and whether each is about one node or about the group."""


def check_request(request: Request) -> None:
    """Raises ValueError for a request that has no meaning to ``decide``."""
    about_a_node = ABOUT_A_NODE.get(request.action)
    if about_a_node is None:
        raise ValueError(f"{request.action.value} is not decided here")
    if (request.index in (0, 1)) is not about_a_node:
        raise ValueError(f"{request.action.value} cannot be about node {request.index}")
    if request.powered_off and request.action is not Action.RECOVER:
        raise ValueError(f"{request.action.value} takes no statement about a node")
    if not set(request.powered_off) <= {0, 1}:
        raise ValueError(f"there are no nodes {request.powered_off}")
