"""One group's recovery: load, probe, decide, record, order; until nothing changes.

Nothing is remembered between the steps but what the database holds, so a worker may die at any line
and another goes on. Probing and ordering happen outside of transactions; deciding and recording
happen under the group's row lock, on a state whose version is still the one that was probed for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from prg_admin.domain import timing
from prg_admin.domain.facts import NodeView, Pair
from prg_admin.domain.orders import due_order, goal_of
from prg_admin.domain.replay import Case
from prg_admin.domain.silence import engine_silence
from prg_admin.domain.states import TRANSITIONAL
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.wake import wake_in
from prg_admin.domain.wire import Order
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.groups.pairs import LoadedPair, load_pairs
from prg_admin.parameters.selectors import recovery_settings
from prg_admin.recovery.record import LostRace, record
from prg_admin.recovery.reports import expect_taken, keep_answers
from prg_admin.recovery.selectors import watched_since
from prg_admin.topology.agents import AgentClient, Answer, Target
from prg_admin.topology.models import NodeReport

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

MOST_STEPS = 16
"""More steps than any way through the table has; the next sweep goes on from there."""

SHORTEST_PROBE_S = 1.0
"""What even a suspect node is given to answer."""

ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Round:
    """A pair as loaded, the settings in force, and what its nodes answer now."""

    loaded: LoadedPair
    settings: RecoverySettings
    answers: tuple[Answer, ...]

    @property
    def pair(self) -> Pair:
        nodes = zip(self.loaded.pair.nodes, self.answers, strict=True)
        return replace(self.loaded.pair, nodes=tuple(with_answer(n, a) for n, a in nodes))


def with_answer(node: NodeView, answer: Answer) -> NodeView:
    """The node as its answer shows it; ``heard_at`` is the database's business."""
    if answer.report is None:
        return replace(node, reachable=False, error=answer.error)
    return replace(node, reachable=True, error="", last_report=answer.report)


@dataclass(frozen=True, slots=True)
class Outcome:
    changes: int
    """Recorded changes."""
    wake_in: float | None = None
    """Seconds until a delay or limit runs out before the next sweep would look; else None."""


def advance(group_id: int, *, client: AgentClient, clock: Clock) -> Outcome:
    """Drives the group as far as it goes now."""
    changes = 0
    answers: tuple[Answer, ...] | None = None
    for _ in range(MOST_STEPS):
        loaded = load_pairs([group_id]).get(group_id)
        if loaded is None or not loaded.node_ids:
            return Outcome(changes)
        settings = settings_of(loaded)
        if answers is None:
            answers = tuple(client.probe(targets(loaded.pair.nodes, settings, clock())))
        step = Round(loaded, settings, answers)
        try:
            moved, due = _decide_and_record(step, clock)
        except LostRace:
            answers = None
            continue
        changes += moved
        answers, ordered = deliver(step, due, client)
        if not moved and not ordered:
            return Outcome(changes, wake_before_sweep(step, clock()))
    logger.warning("group %s took more than %s steps", group_id, MOST_STEPS)
    return Outcome(changes)


def wake_before_sweep(step: Round, now: datetime) -> float | None:
    wait = wake_in(step.pair, settings=step.settings, now=now)
    return wait if wait is not None and wait < step.settings.heart_beat_interval else None


DueOrders = list[tuple[int, Order]]
"""Orders to send, each with the place of its node."""


def _decide_and_record(step: Round, clock: Clock) -> tuple[bool, DueOrders]:
    """Whether something changed, and the orders that stand then, noted as sent.

    They are sent once this is committed. Whoever changes the group in between sends later ones,
    and an agent that has seen those refuses these. Raises LostRace when the group moved on.
    """
    loaded = step.loaded
    with transaction.atomic():
        lock_group(loaded)
        now = clock()
        nodes = zip(loaded.node_ids, loaded.pair.nodes, step.answers, strict=True)
        heard = keep_answers(list(nodes), now=now)
        pair = _heard_anew(step.pair, loaded.node_ids, heard)
        if any(node.state in TRANSITIONAL for node in pair.nodes):
            pair = replace(pair, watched_since=watched_since(now))
        blind = hears_nobody(pair, loaded.node_ids, step.settings, now)
        case = Case(pair, step.settings, now, blind=blind)
        decision = case.decided()
        if decision.changed:
            record(loaded, case, decision, actor=ENGINE)
        due = due_orders(decision.pair, step.settings)
        for index, order in due:
            expect_taken(loaded.node_ids[index], decision.pair.nodes[index].report, order.goal)
        return decision.changed, due


def settings_of(loaded: LoadedPair) -> RecoverySettings:
    """Those a running recovery began with, else those in force."""
    return loaded.running_settings or recovery_settings([loaded.cluster_id])[loaded.cluster_id]


def hears_nobody(
    pair: Pair, node_ids: Sequence[int], settings: RecoverySettings, now: datetime
) -> bool:
    """Neither these nodes nor any other answered lately: it may be the engine that is cut off."""
    if any(node.reachable for node in pair.nodes):
        return False
    lately = now - timedelta(seconds=3 * settings.heart_beat_interval)
    heard = NodeReport.objects.filter(reachable=True, heard_at__gte=lately)
    return not heard.exclude(pk__in=node_ids).exists()


def lock_group(loaded: LoadedPair) -> None:
    """Holds the group's row until the transaction ends. Raises LostRace when it has moved on."""
    row = PresenceRedundancyGroup.objects.select_for_update().filter(pk=loaded.group_id).first()
    if row is None or row.version != loaded.version or row.ha_enabled != loaded.pair.ha_enabled:
        raise LostRace(f"group {loaded.group_id}")


def _heard_anew(pair: Pair, node_ids: Sequence[int], heard: Mapping[int, datetime | None]) -> Pair:
    """With ``heard_at`` as it was read under the lock."""
    nodes = zip(pair.nodes, node_ids, strict=True)
    return replace(pair, nodes=tuple(replace(n, heard_at=heard.get(pk)) for n, pk in nodes))


def deliver(
    step: Round, due: DueOrders, client: AgentClient
) -> tuple[tuple[Answer, ...] | None, bool]:
    """Sends each reachable node the goal it does not follow yet.

    Returns the answers the next step can go by (None when they have to be asked for anew) and
    whether any order changed something.
    """
    if not due:
        return step.answers, False
    nodes = step.loaded.pair.nodes
    sent = client.order([(_target(nodes[i], step.settings), order) for i, order in due])
    answers, helped = list(step.answers), False
    for (index, order), answer in zip(due, sent, strict=True):
        if answer.report is None and answer.error in ("stale-epoch", "stale-order"):
            return None, True  # it has moved on since it was asked
        was, answers[index] = step.answers[index].report, answer
        # A node that stays fenced, since nobody hears it, is not asked again and again: it calls.
        known = was is not None and was.goal_digest == order.goal.digest
        helped |= not (known and answer.report is not None and answer.report.fenced)
    return tuple(answers), helped


def due_orders(pair: Pair, settings: RecoverySettings) -> DueOrders:
    """Orders for the nodes that answer and do not follow their goal yet, by index."""
    due = []
    for index, node in enumerate(pair.nodes):
        goal = goal_of(pair, index, settings)
        order = due_order(node, goal)
        if order is not None:
            due.append((index, order))
    return due


def targets(nodes: Sequence[NodeView], settings: RecoverySettings, now: datetime) -> list[Target]:
    """Whom to probe, and how long to wait for each.

    A node that is suspect already is not waited for beyond the moment its limit runs out: else the
    last probe before it would put the verdict off by a whole Connect Timeout.
    """
    probes = []
    for node in nodes:
        target, silence = _target(node, settings), engine_silence(node, now)
        if silence:
            target = target._replace(timeout=patience(silence, settings))
        probes.append(target)
    return probes


def patience(silence_s: float, settings: RecoverySettings) -> float:
    """How long to wait for a node that is suspect."""
    left = timing.silence_limit(settings) - silence_s
    return min(settings.connect_timeout, max(left, SHORTEST_PROBE_S))


def _target(node: NodeView, settings: RecoverySettings) -> Target:
    return Target(node.name, node.host, node.port, settings.connect_timeout)
