"""What enabling High Availability on a pair would do now, and what it should be checked for first.

The outlook is made by the engine's own ``decide`` (``domain.foresight``) from what the nodes last
said. Where it does not end Normal on both nodes, or replication is not good, whoever enables High
Availability has to say that he has read it: domain facts 3.9 and the caution of the original.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from prg_admin.domain.facts import NodeView, Pair
from prg_admin.domain.foresight import Foreseen, foresee, moves
from prg_admin.domain.health import database_down, services_down
from prg_admin.domain.replication import is_good
from prg_admin.domain.states import NodeState
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.whynot import as_of


class Check(StrEnum):
    REACHABLE = "reachable"
    SERVICES = "services"
    DATABASE = "database"
    REPLICATION = "replication"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing to check first, on one node; ``lib.preflight`` has the words."""

    check: Check
    node: str
    is_met: bool | None
    """None: not monitored, or not known because the node does not answer."""
    values: Mapping[str, str | int] = dataclasses.field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Preflight:
    conditions: tuple[Condition, ...]
    outlook: tuple[Foreseen, ...]
    end: Pair
    """The pair when it has come to rest."""

    @property
    def conditions_by_node(self) -> tuple[tuple[Condition, ...], ...]:
        names = dict.fromkeys(c.node for c in self.conditions)
        return tuple(tuple(c for c in self.conditions if c.node == name) for name in names)

    @property
    def steps(self) -> tuple[Foreseen, ...]:
        return moves(self.outlook)

    @property
    def ends_normal(self) -> bool:
        return all(node.state is NodeState.NORMAL for node in self.end.nodes)

    @property
    def replicates(self) -> bool:
        wanted = (c for c in self.conditions if c.check is Check.REPLICATION)
        return all(c.is_met is not False for c in wanted)

    @property
    def token(self) -> str:
        """What has to be sent along by somebody who has read it; empty: nothing to be confirmed.

        It stands for where the pair ends and for the replication values, so a confirmation does
        not outlive what it was given for.
        """
        if self.ends_normal and self.replicates:
            return ""
        ends = [(n.name, n.state.value, n.reason.value) for n in self.end.nodes]
        wanted = (c for c in self.conditions if c.check is Check.REPLICATION)
        values = [(c.node, c.values.get("value")) for c in wanted]
        text = json.dumps([ends, values], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def preflight(pair: Pair, *, settings: RecoverySettings, now: datetime) -> Preflight:
    """For a pair of two nodes, whatever its High Availability is now."""
    wanted = replace(as_of(pair, now), ha_enabled=True)
    outlook = tuple(foresee(wanted, settings=settings, now=now))
    end = outlook[-1].decision.pair if outlook else wanted
    return Preflight(tuple(_conditions(wanted, settings)), outlook, end)


def _conditions(pair: Pair, settings: RecoverySettings) -> Iterator[Condition]:
    for node in pair.nodes:
        yield Condition(Check.REACHABLE, node.name, node.reachable, {"error": node.error})
    for node in pair.nodes:
        yield _services(node, settings)
    for node in pair.nodes:
        if node.report is not None and node.report.database is not None:
            down = database_down(node)
            yield Condition(Check.DATABASE, node.name, down is None)
    for node in pair.nodes:
        yield _replication(node)
    versions = {n.name: n.last_report.version if n.last_report else "" for n in pair.nodes}
    known = [v for v in versions.values() if v]
    for name, version in versions.items():
        equal = len(set(known)) == 1 if len(known) == len(versions) else None
        yield Condition(Check.VERSION, name, equal, {"version": version})


def _services(node: NodeView, settings: RecoverySettings) -> Condition:
    if node.report is None:
        return Condition(Check.SERVICES, node.name, None)
    down = services_down(node, settings)
    return Condition(Check.SERVICES, node.name, not down, {"services": ", ".join(down)})


def _replication(node: NodeView) -> Condition:
    """A node without a database of its own has nothing to replicate."""
    report = node.report
    if report is None or report.database is None:
        return Condition(Check.REPLICATION, node.name, None)
    value = report.database.replication
    values: dict[str, str | int] = {"detail": report.database.detail}
    if value is not None:
        values["value"] = value
    return Condition(Check.REPLICATION, node.name, is_good(value), values)
