"""What the engine knows about a pair at one moment, as frozen values.

What follows from them stands above: of a node that answers, in ``domain.health``; of one that does
not, in ``domain.silence``; for the transition table, in ``domain.conditions``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from prg_admin.domain.requests import Request
from prg_admin.domain.states import NodeState, Reason, Role
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.under_way import UnderWay, as_if_taken
from prg_admin.domain.wire import Report

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NodeView:
    """A member as the engine sees it at one moment."""

    name: str
    host: str
    port: int
    state: NodeState
    reason: Reason
    since: datetime | None
    target: Role
    ordered: Role
    ordered_epoch: int
    heard_at: datetime | None
    """When the engine last heard it, by an answered probe or a call-in."""
    last_report: Report | None
    """The last report, however old."""
    reachable: bool
    """Whether ``last_report`` is the answer to the latest probe."""
    error: str = ""
    boot_id: str = ""
    """The boot of the agent under which the last change was recorded; empty: none yet."""
    goodbye: bool = False
    """It said goodbye in the boot of its last report: it serves nobody before a new order."""
    under_way: UnderWay | None = None
    """Orders sent whose end is not known; None: there are none."""
    stated_off_at: datetime | None = None
    """When a person last stated that it is powered off."""

    @property
    def report(self) -> Report | None:
        return self.last_report if self.reachable else None

    @property
    def stated_off(self) -> bool:
        """A person answers for it that it serves nobody; true until it is heard again."""
        stated, heard = self.stated_off_at, self.heard_at
        return stated is not None and not self.reachable and (heard is None or heard <= stated)

    @property
    def feared(self) -> Report | None:
        """What it may be doing while it cannot be asked."""
        last = self.last_report
        return None if last is None else as_if_taken(last, self.under_way)


@dataclass(frozen=True, slots=True)
class Pair:
    """A group as the engine sees it at one moment; one node only where there is no pair yet."""

    group: str
    ha_enabled: bool
    epoch: int
    nodes: tuple[NodeView, ...]
    automatic_failovers: tuple[datetime, ...] = ()
    """The latest ones since somebody acknowledged, at most ``HOLD_AFTER`` of them."""
    watched_since: datetime | None = None
    """Since when the engine has looked without a gap: before that nobody could make a step."""

    @property
    def nobody_answers(self) -> bool:
        return not any(node.reachable for node in self.nodes)


HOLD_AFTER = 2
"""Automatic failovers within ``HOLD_WINDOW`` after which the automatic fallback is held."""
HOLD_WINDOW = timedelta(hours=24)


def is_held(pair: Pair, now: datetime) -> bool:
    """The group flaps: no automatic fallback until somebody acknowledges."""
    recent = [at for at in pair.automatic_failovers if now - at < HOLD_WINDOW]
    return len(recent) >= HOLD_AFTER


@dataclass(frozen=True, slots=True)
class Facts:
    """One way round of a pair: ``a`` is the node that is hit, ``b`` its peer."""

    a: NodeView
    b: NodeView
    index_a: int
    pair: Pair
    settings: RecoverySettings
    now: datetime
    request: Request | None = None

    @property
    def mirrored(self) -> Facts:
        return replace(self, a=self.b, b=self.a, index_a=1 - self.index_a)
