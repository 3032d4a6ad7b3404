"""Random lives of a pair: whatever can happen, in whatever order, told apart by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from prg_admin.domain.requests import Action, Request
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.wire import Order
from tests.domain.simulation import SETTINGS, Look, World
from tests.soak.checker import Record

NAMES = ("engine", "a", "b")
LINKS = [(x, y) for x in NAMES for y in NAMES if x != y]
REQUESTS = [
    *(Request(action, i) for action in (Action.FAILOVER, Action.FALLBACK) for i in (0, 1)),
    Request(Action.RECOVER),
    Request(Action.ACKNOWLEDGE),
]
QUICK = replace(SETTINGS, keep_alive_timeout=2.5, critical_service_delay=0, transition_deadline=6)
PARAMETERS: list[RecoverySettings] = [
    SETTINGS,
    QUICK,
    replace(SETTINGS, keep_alive_timeout=12, initialization_timeout=15),
    replace(SETTINGS, multiple_device_messaging=True),
    replace(SETTINGS, keep_serving_when_isolated=True),
    replace(SETTINGS, automatic_fallback=True, automatic_fallback_delay=5),
    replace(QUICK, automatic_fallback=True, automatic_fallback_delay=0),
]


@dataclass
class Life:
    """A world, and all that can befall it."""

    world: World = field(default_factory=World)
    held: list[tuple[int, Order]] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    def crash(self, index: int) -> None:
        self.world.nodes[index].crash()

    def lose_agent(self, index: int) -> None:
        if self.world.nodes[index].alive:
            self.world.nodes[index].lose_agent()

    def shut_down(self, index: int) -> None:
        if self.world.nodes[index].alive:
            self.world.shut_down(index)

    def start(self, index: int) -> None:
        node = self.world.nodes[index]
        if not node.alive:
            node.start(self.world.clock)

    def restart(self, index: int) -> None:
        self.crash(index)
        self.start(index)

    def service(self, index: int, *, up: bool) -> None:
        node = self.world.nodes[index]
        wanted = up and not node.stopped_by_order
        if wanted != node.services_up:
            node.services_up, node.down_since = wanted, self.world.clock
        node.settle(self.world.clock)

    def database(self, index: int, *, up: bool) -> None:
        node = self.world.nodes[index]
        if up != node.database_up:
            node.database_up, node.database_down_since = up, self.world.clock

    def toggle_link(self, link: tuple[str, str]) -> None:
        self.world.cut ^= {link}

    def cut_off(self, name: str) -> None:
        self.world.cut |= {link for link in LINKS if name in link}

    def heal(self) -> None:
        self.world.cut = set()

    def ask(self, request: Request) -> None:
        self.world.step(request)

    def state_what_is_true(self, index: int, *, recover: bool) -> None:
        """That a node is powered off, of one that is."""
        node = self.world.nodes[index]
        if node.alive or node.orphaned:
            return
        if recover:
            self.world.step(Request(Action.RECOVER, powered_off=(index,)))
        else:
            self.world.step(Request(Action.POWERED_OFF, index))

    def switch_ha(self, *, on: bool) -> None:
        self.world.switch_ha(on=on)

    def others(self, *, heard: bool) -> None:
        self.world.others_heard = heard

    def parameters(self, settings: RecoverySettings) -> None:
        self.world.settings = settings

    def look(self) -> None:
        """A worker loads and asks, and is then held up."""
        self.looks.append(self.world.look())

    def decide_late(self, index: int) -> None:
        if self.looks:
            self.world.decide_from(self.looks.pop(index % len(self.looks)))

    def decide_twice(self, index: int) -> None:
        if self.looks:
            self.world.decide_from(self.looks[index % len(self.looks)])

    def lose_looks(self) -> None:
        self.looks.clear()

    def deliver(self) -> None:
        self.world.mail()
        self.world.start_ordered_services()

    def deliver_one_twice(self) -> None:
        if self.world.late:
            self.world.arrive(*self.world.late[0])
            self.world.check()

    def hold_one_back(self) -> None:
        """A copy of what was ordered last; the eldest of many gets lost."""
        self.held = [*self.held, *self.world.late[-1:]][-6:]

    def held_ones_arrive(self) -> None:
        """After whatever was ordered since, the latest first; and perhaps once more later."""
        for index, order in self.held[::-1]:
            self.world.arrive(index, order)
            self.world.start_ordered_services()
            self.world.check()

    def lose_held(self) -> None:
        self.held.clear()

    def lose_orders(self) -> None:
        self.world.late.clear()

    def repair(self) -> None:
        """Everything runs and hears everything; nothing is on its way any more."""
        world = self.world
        world.cut, self.looks, self.held = set(), [], []
        for index, node in enumerate(world.nodes):
            self.start(index)
            self.database(index, up=True)
            node.services_up = not node.stopped_by_order


def doings(life: Life, dice: random.Random) -> list[Callable[[], object]]:
    """Some of all that can happen, others in each life: where fewer things happen, they go further.

    Time always passes, and the engine always gets its turns.
    """
    node, chance = lambda: dice.randrange(2), dice.random
    everything = [
        lambda: life.crash(node()),
        lambda: life.lose_agent(node()),
        lambda: life.start(node()),
        lambda: life.start(node()),
        lambda: life.shut_down(node()),
        lambda: life.restart(node()),
        lambda: life.service(node(), up=chance() < 0.7),
        lambda: life.service(node(), up=True),
        lambda: life.database(node(), up=chance() < 0.8),
        lambda: life.toggle_link(dice.choice(LINKS)),
        lambda: life.cut_off(dice.choice(NAMES)),
        life.heal,
        life.heal,
        lambda: life.ask(dice.choice(REQUESTS)),
        lambda: life.ask(dice.choice(REQUESTS)),
        lambda: life.state_what_is_true(node(), recover=chance() < 0.5),
        lambda: life.switch_ha(on=chance() < 0.7),
        lambda: life.others(heard=chance() < 0.5),
        lambda: life.parameters(dice.choice(PARAMETERS)),
        life.look,
        life.look,
        lambda: life.decide_late(dice.randrange(8)),
        lambda: life.decide_twice(dice.randrange(8)),
        life.lose_looks,
        life.deliver_one_twice,
        life.hold_one_back,
        life.held_ones_arrive,
        life.lose_held,
        life.lose_orders,
    ]
    share = dice.choice([0.2, 0.5, 1])
    always = [
        lambda: life.world.pass_time(dice.choice([0.5, 1, 2, 5])),
        life.world.step,
        life.deliver,
        lambda: life.world.run(2),
    ]
    return always + [doing for doing in everything if chance() < share]


def live(seed: int, steps: int, watch: Callable[[Record], None] | None = None) -> Life:
    """A reproducible life; raises AssertionError as soon as a user is served twice."""
    dice = random.Random(seed)
    life = Life()
    life.world.watch = watch
    life.world.run(1)
    choices = doings(life, dice)
    for _ in range(steps):
        dice.choice(choices)()
        life.world.check()
    return life


def live_and_recover(seed: int, steps: int, watch: Callable[[Record], None] | None = None) -> Life:
    """A life, after which everything is repaired and the engine left alone for a while."""
    life = live(seed, steps, watch)
    life.repair()
    life.world.run(70)
    life.world.rested()
    return life
