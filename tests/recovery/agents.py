"""Simulated nodes behind the face of ``AgentClient``, for the engine on its real database.

Nodes, network and clock are those of ``tests.domain.simulation``; what that file's own engine does
is left to ``recovery.cycle``. After each order and each moment nobody may be served twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from prg_admin.domain import catalogue
from prg_admin.domain.limitations import Limitation
from prg_admin.domain.pair import check_invariants
from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState, Reason
from prg_admin.domain.ticks import tag_of, ticks_of
from prg_admin.domain.wire import CallIn, CallInKind, Order
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.groups.pairs import load_pair
from prg_admin.lib.actor import Actor
from prg_admin.parameters.models import ParameterValue
from prg_admin.recovery.cycle import Outcome, advance
from prg_admin.recovery.models import Event
from prg_admin.recovery.services import CallInAnswer, action_request, call_in
from prg_admin.topology.agents import Answer, Target
from prg_admin.topology.models import Cluster, Node
from tests.domain.simulation import EPOCH_START, SETTINGS, SimNode, World
from tests.factories import create_cluster, create_group, never_heard

TIMINGS = {
    catalogue.HEART_BEAT_INTERVAL: SETTINGS.heart_beat_interval,
    catalogue.CONNECT_TIMEOUT: SETTINGS.connect_timeout,
    catalogue.KEEP_ALIVE_TIMEOUT: SETTINGS.keep_alive_timeout,
    catalogue.INITIALIZATION_TIMEOUT: SETTINGS.initialization_timeout,
    catalogue.CRITICAL_SERVICE_DELAY: SETTINGS.critical_service_delay,
    catalogue.TRANSITION_DEADLINE: SETTINGS.transition_deadline,
}


@dataclass
class Network:
    """The client of any number of pairs; remembers what was asked and ordered, and of whom."""

    pairs: list[SimPair] = field(default_factory=list)
    probed: list[str] = field(default_factory=list)
    ordered: list[tuple[str, Order]] = field(default_factory=list)
    before_order: Callable[[str], None] = lambda name: None

    def probe(self, targets: Sequence[Target]) -> list[Answer]:
        self.probed += [target.name for target in targets]
        return [as_asked(t, self._of(t.name).answer(t.name)) for t in targets]

    def order(self, orders: Sequence[tuple[Target, Order]]) -> list[Answer]:
        return [self._put(target.name, order) for target, order in orders]

    def _put(self, name: str, order: Order) -> Answer:
        self.before_order(name)
        self.ordered.append((name, order))
        return self._of(name).put(name, order)

    def _of(self, name: str) -> SimPair:
        return next(p for p in self.pairs if name in (n.name for n in p.nodes))


@dataclass
class SimPair(World):
    """A group of two simulated nodes, driven by the engine under test."""

    group_id: int = 0
    names: tuple[str, str] = ("a", "b")
    network: Network = field(default_factory=Network)

    def __post_init__(self) -> None:
        a, b = self.names
        self.nodes = [SimNode(a, b), SimNode(b, a)]
        for node in self.nodes:
            node.renewed = node.heard_peer = self.clock
        self.network.pairs.append(self)

    # What agents do.

    def answer(self, name: str) -> Answer:
        node = self._node(name)
        if {("engine", name), (name, "engine")} & self.cut:
            return Answer(None, "timeout")
        if not node.alive:
            return Answer(None, "refused")
        return Answer(node.report(self.clock), "", 1.0)

    def put(self, name: str, order: Order) -> Answer:
        node = self._node(name)
        if ("engine", name) in self.cut or not node.alive:
            return self.answer(name)
        if (order.boot_id, order.fences) != (str(node.boot), node.fences):
            return Answer(None, "stale-order")
        if order.goal.epoch < node.highest_epoch:
            return Answer(None, "stale-epoch")
        if node.is_overtaken(order):
            return Answer(None, "stale-order")
        node.put(order, self.clock)
        self.start_ordered_services()
        self.check()
        return self.answer(name)

    def alive_call_in(self, index: int, node: SimNode) -> None:
        """Only of a node that its peer has not just answered; it costs a real transaction."""
        if not node.alive or node.renewed == self.clock or (node.name, "engine") in self.cut:
            return
        answer = self.call_in(index, CallInKind.ALIVE)
        if answer is CallInAnswer.RENEWED and ("engine", node.name) not in self.cut:
            node.renewed = self.clock

    def call_in(self, index: int, kind: CallInKind) -> CallInAnswer:
        node = self.nodes[index]
        call = CallIn(node.name, str(node.boot), kind, "")
        return call_in(call=call, key=key_of(node.name), now=self.now)

    def lose_service(self, index: int) -> None:
        node = self.nodes[index]
        node.services_up, node.down_since = False, self.clock
        node.settle(self.clock)

    def _node(self, name: str) -> SimNode:
        return self.nodes[self.names.index(name)]

    # What the engine and people do.

    def advance(self) -> Outcome:
        outcome = advance(self.group_id, client=self.network, clock=lambda: self.now)
        check_invariants(load_pair(self.group_id))
        return outcome

    def run(self, seconds: float = 0.0) -> None:
        """A turn of the engine now, and one each second until then."""
        self.advance()
        end = self.clock + seconds
        while self.clock < end:
            self.pass_time(1)
            self.advance()

    def ask(self, action: Action, index: int | None = None) -> Limitation | None:
        return action_request(
            group_id=self.group_id, action=action, index=index, actor=Actor("alice"), now=self.now
        )

    # What can be seen.

    @property
    def states(self) -> tuple[NodeState, NodeState]:
        a, b = load_pair(self.group_id).nodes
        return (a.state, b.state)

    @property
    def reasons(self) -> tuple[Reason, Reason]:
        a, b = load_pair(self.group_id).nodes
        return (a.reason, b.reason)

    @property
    def served(self) -> tuple[list[str], list[str]]:
        """What each node serves, as the nodes themselves see it."""
        a, b = (sorted(node.serving) for node in self.nodes)
        return (a, b)

    def events(self, *, after: int = 0) -> list[Event]:
        events = Event.objects.filter(group_id=self.group_id, version__gt=after)
        return list(events.order_by("version"))

    def group_version(self) -> int:
        return PresenceRedundancyGroup.objects.get(pk=self.group_id).version

    def fired(self, *, after: int = 0) -> list[str]:
        """Rules in order, without the steps of the orders on the way."""
        return [e.rule for e in self.events(after=after) if e.rule != "next-order"]


def as_asked(target: Target, answer: Answer) -> Answer:
    """In full, or by its ticks to one who knows all else."""
    if answer.report is None:
        return answer
    tag = tag_of(answer.report)
    if target.tag != tag:
        return answer._replace(tag=tag)
    return Answer(None, "", answer.rtt_ms, tag, str(ticks_of(answer.report)))


def key_of(name: str) -> str:
    return f"key of {name}"


def create_sim_pair(
    names: tuple[str, str] = ("a", "b"),
    *,
    cluster: Cluster | None = None,
    network: Network | None = None,
    clock: float = 100.0,
) -> SimPair:
    """A group with High Availability on that the engine has never looked at."""
    cluster = cluster or create_quick_cluster()
    nodes = [create_sim_node(name, cluster) for name in names]
    group = create_group(f"of-{names[0]}", members=nodes, ha_enabled=True)
    group.members.update(state=NodeState.UNKNOWN, reason=Reason.HA_NOT_ENABLED)
    network = network or Network()
    return SimPair(group_id=group.pk, names=names, network=network, clock=clock)


def create_sim_node(name: str, cluster: Cluster) -> Node:
    digest = hashlib.sha256(key_of(name).encode()).hexdigest()
    return never_heard(name, cluster=cluster, key_hash=digest)


def create_quick_cluster() -> Cluster:
    """With the timings of the simulation."""
    cluster = create_cluster()
    ParameterValue.objects.bulk_create(
        ParameterValue(cluster=cluster, service=catalogue.SRM, name=name, value=f"{value:.0f}")
        for name, value in TIMINGS.items()
    )
    return cluster


def at(clock: float) -> datetime:
    return EPOCH_START + timedelta(seconds=clock)
