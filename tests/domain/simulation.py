"""Two agents and an engine on a virtual clock, for the proofs of the pure core.

The agents keep the rules that real ones keep (``domain.wire`` states them); messages between engine
and agents can be lost, late and doubled; nodes crash, return, are cut off and lose services. The
engine side is the real ``decide``, driven as ``recovery.cycle`` drives it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from prg_admin.domain.facts import NodeView, Pair
from prg_admin.domain.invariants import Decided
from prg_admin.domain.limitations import limitation, refusal
from prg_admin.domain.orders import due_order, goal_of
from prg_admin.domain.pair import Decision, check_invariants, decide
from prg_admin.domain.replay import Case
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import (
    TRANSITIONAL,
    NodeState,
    Reason,
    Role,
    ServiceState,
    homes_served,
)
from prg_admin.domain.timing import REFUSED_S, RecoverySettings
from prg_admin.domain.under_way import sent
from prg_admin.domain.wire import (
    REFUSED,
    REFUSING,
    DatabaseReport,
    Goal,
    Order,
    PeerReport,
    Report,
    ServiceReport,
)
from tests.soak.checker import Record, Rested, Served

EPOCH_START = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = RecoverySettings(
    heart_beat_interval=1,
    connect_timeout=1,
    keep_alive_timeout=4,
    initialization_timeout=8,
    critical_service_delay=2,
    transition_deadline=20,
)


@dataclass
class SimNode:
    """What an agent is to the rest of the world."""

    name: str
    peer: str
    alive: bool = True
    services_up: bool = True
    down_since: float = 0.0
    database_up: bool = True
    database_down_since: float = 0.0
    boot: int = 1
    fences: int = 0
    seq: int = 0
    """Reports made in this boot."""
    order_seq: int = 0
    """The report that the order accepted last in this boot was decided from."""
    highest_epoch: int = 1
    goal: Goal | None = None
    ordered: bool = False
    """An order came in this boot since the right to serve was lost."""
    renewed: float = 0.0
    heard_peer: float = 0.0
    stopped_by_order: bool = False
    starts_in: float = 0.0
    """Seconds that its services need to start, once told to."""
    told_to_start: float | None = None
    serving: frozenset[str] = frozenset()
    orphaned: bool = False
    """Its agent died; its door goes on until the right that it was given ends."""
    serves_when_told: bool = False
    """It said goodbye, and asks first after its next start."""
    refused_since: float | None = None
    """Since when the peer's host refuses every heartbeat."""

    def __post_init__(self) -> None:
        self.links = {("engine", self.name), (self.name, "engine")}

    def limited(self) -> bool:
        goal = self.goal
        return goal is not None and goal.fence and goal.timing.isolation_limit > 0

    def isolation_limit(self) -> float:
        if not self.ordered:
            return 0.001  # it serves nobody before an order in this boot
        return self.goal.timing.isolation_limit if self.goal and self.limited() else 0.0

    def serves_unasked(self) -> bool:
        return self.goal is not None and not self.goal.ha_enabled and not self.serves_when_told

    def holds_right(self, clock: float) -> bool:
        if self.goal is None or not self.ordered:
            return False
        return not self.limited() or clock < self.renewed + self.goal.timing.isolation_limit

    def settle(self, clock: float) -> None:
        """What the agent does by itself as time passes."""
        if not self.alive:
            if not (self.orphaned and self.holds_right(clock)):
                self.serving = frozenset()
            return
        if self.goal is not None and self.ordered and not self.holds_right(clock):
            if self.serving:
                self.fences += 1
                self.ordered = False
            self.serving = frozenset()
        if self.goal is None or not self.services_up or not self.holds_right(clock):
            self.serving = frozenset()
            return
        wanted = homes_served(self.goal.role, node=self.name, peer=self.peer)
        if self.goal.role is Role.BOTH and clock - self.heard_peer < self.goal.peer_silence_s:
            wanted -= {self.peer} - self.serving
        self.serving = wanted

    def error(self, clock: float) -> str:
        if self.refused_since is None:
            return ""
        return REFUSING if clock - self.refused_since >= REFUSED_S else REFUSED

    def put(self, order: Order, clock: float) -> None:
        if not self.alive or order.boot_id != str(self.boot) or order.fences != self.fences:
            return
        if order.goal.epoch < self.highest_epoch or self.is_overtaken(order):
            return
        was_unlimited = self.ordered and not self.limited()
        self.goal = order.goal
        self.highest_epoch = order.goal.epoch
        self.order_seq = order.seq
        self.ordered, self.serves_when_told = True, False
        if was_unlimited and self.limited():
            self.renewed = max(self.renewed, clock)
        if order.goal.role is Role.IDLE and not self.stopped_by_order:
            self.services_up, self.stopped_by_order, self.down_since = False, True, clock
        self.settle(clock)

    def is_overtaken(self, order: Order) -> bool:
        again = self.goal is not None and _digest(self.goal) == _digest(order.goal)
        return order.seq < self.order_seq or (order.seq == self.order_seq and not again)

    def crash(self) -> None:
        self.alive = self.orphaned = False
        self.serving = frozenset()

    def lose_agent(self) -> None:
        self.alive, self.orphaned = False, True

    def start(self, clock: float) -> None:
        self.alive = True
        self.orphaned = False
        self.serving = frozenset()
        self.boot += 1
        self.fences = self.seq = self.order_seq = 0
        self.ordered = self.serves_unasked()
        self.heard_peer = clock
        self.stopped_by_order = self.goal is not None and self.goal.role is Role.IDLE
        self.services_up = not self.stopped_by_order
        self.down_since = clock

    def report(self, clock: float) -> Report:
        self.seq += 1
        state = ServiceState.STARTED if self.services_up else ServiceState.STOPPED
        down = None if self.services_up else clock - self.down_since
        goal = self.goal
        wanted = goal is None or goal.role is not Role.IDLE
        error = "" if self.services_up or self.stopped_by_order else "ended"
        service = ServiceReport("Cisco XCP Router", state, 1, None, down, wanted, error)
        return Report(
            node=self.name,
            version="1",
            boot_id=str(self.boot),
            seq=self.seq,
            order_seq=self.order_seq,
            up_s=0.0,
            highest_epoch=self.highest_epoch,
            goal_epoch=goal.epoch if goal and self.ordered else 0,
            goal_digest=_digest(goal) if goal and self.ordered else "",
            role=goal.role if goal else Role.STANDBY,
            serving=tuple(sorted(self.serving)),
            sessions=0,
            fenced=not self.holds_right(clock),
            fences=self.fences,
            isolation_limit_s=self.isolation_limit(),
            serves_unasked=self.serves_unasked(),
            services=(service,),
            peer=PeerReport(self.peer, clock - self.heard_peer, None, self.error(clock), ()),
            database=DatabaseReport(
                answers=self.database_up,
                down_s=None if self.database_up else clock - self.database_down_since,
                replication=2 if self.database_up else None,
                detail="",
            ),
        )


@functools.lru_cache(maxsize=4096)
def _digest(goal: Goal) -> str:
    return goal.digest


@dataclass(frozen=True)
class Look:
    """What a worker has loaded and asked for; it may decide from it much later."""

    version: int
    settings: RecoverySettings
    pair: Pair


@dataclass
class World:
    """Clock, network, both nodes, and the engine's row of the group."""

    settings: RecoverySettings = SETTINGS
    clock: float = 100.0
    nodes: list[SimNode] = field(default_factory=list)
    cut: set[tuple[str, str]] = field(default_factory=set)
    """Directed links that carry nothing: (from, to), with ``engine`` as a name."""
    late: list[tuple[int, Order]] = field(default_factory=list)
    """Orders under way, and such as may arrive once more."""
    pair: Pair = None  # type: ignore[assignment]
    others_heard: bool = False
    """The engine hears nodes of other groups; else it is blind when these two are silent."""
    goodbyes: set[str] = field(default_factory=set)
    """Boots that ended with a goodbye, as ``name/boot``."""
    rules: list[str] = field(default_factory=list)
    version: int = 0
    running: RecoverySettings | None = None
    """Those a running recovery began with."""
    watch: Callable[[Record], None] | None = None
    """Is told each decision that changed something, and each change of who is served where."""
    last_served: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    heard: list[float] = field(default_factory=list)
    """When the engine last heard each node."""

    def __post_init__(self) -> None:
        self.nodes = [SimNode("a", "b"), SimNode("b", "a")]
        for node in self.nodes:
            node.renewed = node.heard_peer = self.clock
        self.heard = [self.clock, self.clock]
        views = tuple(
            NodeView(
                name=node.name, host="127.0.0.1", port=port, state=NodeState.UNKNOWN,
                reason=Reason.HA_NOT_ENABLED, since=None, target=Role.OWN, ordered=Role.OWN,
                ordered_epoch=1, heard_at=self.now, last_report=None, reachable=False,
            )
            for port, node in enumerate(self.nodes, start=1)
        )  # fmt: skip
        self.pair = Pair("g", ha_enabled=True, epoch=1, nodes=views)

    @property
    def now(self) -> datetime:
        return EPOCH_START + timedelta(seconds=self.clock)

    # What happens by itself.

    def pass_time(self, seconds: float) -> None:
        """In steps far shorter than any limit, with heartbeats and renewals on the way."""
        end = self.clock + seconds
        while self.clock < end:
            self.clock = min(end, self.clock + 0.25)
            for node in self.nodes:
                node.settle(self.clock)
            self.heartbeats()
            self.check()

    def heartbeats(self) -> None:
        for node, other in (self.nodes, self.nodes[::-1]):
            self.note_refusal(node, other)
            if not (node.alive and other.alive) or (node.name, other.name) in self.cut:
                continue
            taken = other.goal is not None and other.goal.role is Role.BOTH and other.ordered
            if not taken:
                other.heard_peer = self.clock
            if (other.name, node.name) not in self.cut:
                node.heard_peer = self.clock
                if not taken and node.name not in other.serving:
                    node.renewed = self.clock
        for index, node in enumerate(self.nodes):
            self.alive_call_in(index, node)

    def note_refusal(self, node: SimNode, other: SimNode) -> None:
        links = {(node.name, other.name), (other.name, node.name)}
        if not node.alive or other.alive or links & self.cut:
            node.refused_since = None
        elif node.refused_since is None:
            node.refused_since = self.clock

    def alive_call_in(self, index: int, node: SimNode) -> None:
        if not node.alive or (node.name, "engine") in self.cut:
            return
        if self.pair.nodes[index].ordered not in (Role.OWN, Role.BOTH):
            return
        self.heard[index] = self.clock
        if ("engine", node.name) not in self.cut:
            node.renewed = self.clock

    # What the engine does.

    def probed(self) -> Pair:
        views = []
        for index, (node, view) in enumerate(zip(self.nodes, self.pair.nodes, strict=True)):
            if not node.alive or not self.cut.isdisjoint(node.links):
                last = view.last_report
                goodbye = last is not None and f"{node.name}/{last.boot_id}" in self.goodbyes
                dead = not node.alive and self.cut.isdisjoint(node.links)
                error = REFUSED if dead else "timeout"
                at = EPOCH_START + timedelta(seconds=self.heard[index])
                views.append(
                    replace(view, reachable=False, error=error, goodbye=goodbye, heard_at=at)
                )
                continue
            views.append(
                replace(
                    view, reachable=True, error="", goodbye=False, heard_at=self.now,
                    last_report=node.report(self.clock),
                )
            )  # fmt: skip
        return replace(self.pair, nodes=tuple(views))

    @property
    def in_force(self) -> RecoverySettings:
        return self.running or self.settings

    def look(self) -> Look:
        return Look(self.version, self.in_force, self.probed())

    def step(self, request: Request | None = None) -> Decision:
        """One round of the engine; orders go into the mail, see ``mail``."""
        return self.decide_from(self.look(), request)

    def decide_from(self, look: Look, request: Request | None = None) -> Decision:
        """As ``recovery.cycle`` does: it gives way when the group has moved on since the look.

        When a node was last heard, and what was sent to it, is read anew. Its report may be older
        than one that another look has brought.
        """
        if look.version != self.version or look.pair.ha_enabled != self.pair.ha_enabled:
            return Decision(self.pair)
        pair = self.heard_anew(look.pair)
        if request and refusal(pair, request, settings=look.settings) is not None:
            request = None
        blind = not self.others_heard and not any(view.reachable for view in pair.nodes)
        case = Case(pair, look.settings, self.now, request, blind)
        decision = decide(pair, settings=look.settings, now=self.now, request=request, blind=blind)
        self.record(case, decision)
        self.late += self.orders(look.settings)
        return decision

    def heard_anew(self, pair: Pair) -> Pair:
        for index, view in enumerate(pair.nodes):
            if view.reachable:
                self.heard[index] = self.clock
        heard = [EPOCH_START + timedelta(seconds=clock) for clock in self.heard]
        under_way = [view.under_way for view in self.pair.nodes]
        nodes = zip(pair.nodes, heard, under_way, strict=True)
        return replace(
            pair, nodes=tuple(replace(n, heard_at=at, under_way=sent) for n, at, sent in nodes)
        )

    def record(self, case: Case, decision: Decision) -> None:
        check_invariants(decision.pair)
        self.pair = decision.pair
        if decision.rule is None:
            return
        self.version += 1
        self.rules.append(decision.rule)
        moving = not TRANSITIONAL.isdisjoint(self.states)
        self.running = case.settings if moving else None
        if self.watch is not None:
            self.watch(Decided(case, decision, self.version))

    def switch_ha(self, *, on: bool) -> None:
        """What the form's service does; the engine reacts to it."""
        action = Action.ENABLE_HA if on else Action.DISABLE_HA
        if limitation(self.pair, action) is None:
            self.pair = replace(self.pair, ha_enabled=on)

    def orders(self, settings: RecoverySettings) -> Iterator[tuple[int, Order]]:
        for index in (0, 1):
            view = self.pair.nodes[index]
            goal, report = goal_of(self.pair, index, settings), view.report
            order = due_order(view, goal)
            if report is not None and order is not None:
                nodes = list(self.pair.nodes)
                nodes[index] = replace(view, under_way=sent(view.under_way, report, goal))
                self.pair = replace(self.pair, nodes=tuple(nodes))
                yield index, order

    def shut_down(self, index: int) -> None:
        """Cleanly: services stopped, goodbye said where it can be heard.

        Whoever said it, heard or not, serves nobody after its next start until it is told to.
        """
        node = self.nodes[index]
        node.crash()
        node.serves_when_told = True
        if (node.name, "engine") not in self.cut:
            self.goodbyes.add(f"{node.name}/{node.boot}")

    def mail(self) -> None:
        """Everything under way arrives where a link is up, the latest first."""
        arriving, self.late = self.late[::-1], []
        for index, order in arriving:
            self.arrive(index, order)
            self.check()

    def arrive(self, index: int, order: Order) -> None:
        if ("engine", self.nodes[index].name) not in self.cut:
            self.nodes[index].put(order, self.clock)

    def run(self, seconds: float = 0.0) -> None:
        """The engine sweeps each second and works until nothing changes."""
        end = self.clock + seconds
        while True:
            for _ in range(20):
                changed = self.step().changed
                self.mail()
                self.start_ordered_services()
                if not changed and not self.late:
                    break
            if self.clock >= end:
                return
            self.pass_time(1)

    def start_ordered_services(self) -> None:
        """A node that is told to leave Idle starts its services."""
        for node in self.nodes:
            goal = node.goal
            if not node.alive or goal is None or not node.stopped_by_order:
                continue
            if goal.role is Role.IDLE:
                node.told_to_start = None
                continue
            if node.told_to_start is None:
                node.told_to_start = self.clock
            if self.clock >= node.told_to_start + node.starts_in:
                node.services_up, node.stopped_by_order = True, False
                node.told_to_start = None
                node.settle(self.clock)

    # What must hold.

    def check(self) -> None:
        """I01: nobody is served twice."""
        served = (self.nodes[0].serving, self.nodes[1].serving)
        if self.watch is not None and served != self.last_served:
            self.last_served = served
            self.watch(Served(self.clock, served))
        twice = served[0] & served[1]
        assert not twice, f"{sorted(twice)} served by both at {self.clock}: {self.rules[-8:]}"

    def rested(self) -> None:
        """Called a while after everything was repaired."""
        if self.watch is not None:
            self.watch(Rested(self.clock, self.states))

    @property
    def states(self) -> tuple[NodeState, NodeState]:
        return (self.pair.nodes[0].state, self.pair.nodes[1].state)

    @property
    def reasons(self) -> tuple[Reason, Reason]:
        return (self.pair.nodes[0].reason, self.pair.nodes[1].reason)
