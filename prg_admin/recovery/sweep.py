"""Who is due, and one look at all of them.

Beat only ticks; the database says who is due, so two beats, a late tick and a lost one do no harm.
A quiet batch costs a constant number of queries; only groups in which something is to be done are
driven one by one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from prg_admin.domain.facts import NodeView
from prg_admin.domain.orders import due_order
from prg_admin.domain.pair import decide
from prg_admin.domain.states import NodeState, Reason, Role
from prg_admin.domain.timing import RecoverySettings, agent_timing
from prg_admin.domain.wire import Goal, Order
from prg_admin.groups.models import Member
from prg_admin.groups.pairs import LoadedPair, load_pairs
from prg_admin.lib.enqueue import enqueue
from prg_admin.live.news import announce
from prg_admin.parameters.selectors import recovery_settings
from prg_admin.recovery.cycle import (
    Round,
    due_orders,
    targets,
    wake_before_sweep,
    with_answer,
)
from prg_admin.recovery.models import EngineStatus
from prg_admin.recovery.reports import Heard, expect_taken, keep_answers
from prg_admin.recovery.selectors import LATE
from prg_admin.topology.agents import AgentClient, Answer, Target
from prg_admin.topology.models import Cluster, Node, NodeReport

logger = logging.getLogger(__name__)

BATCH = 100
"""Nodes looked at by one task."""

TICK = timedelta(seconds=1)


def sweep(*, now: datetime, by_beat: bool = True) -> int:
    """Claims the nodes that are due and hands them out in batches; returns how many."""
    observe = note_sweep(now=now, by_beat=by_beat)
    claimed = claim_due(now=now)
    for start in range(0, len(claimed), BATCH):
        batch = claimed[start : start + BATCH]
        enqueue("recovery.look_at", node_ids=batch, observe=observe)
    return len(claimed)


def note_sweep(*, now: datetime, by_beat: bool) -> bool:
    """Keeps how the engine fares; True when this sweep is so late that it only observes."""
    status, _ = EngineStatus.objects.get_or_create(pk=1)
    late = status.swept_at is not None and now - status.swept_at > LATE
    reports = NodeReport.objects.all()
    tried = reports.filter(Q(reachable=True) | ~Q(error=""))
    is_blind = tried.exists() and not reports.filter(reachable=True).exists()
    if is_blind != status.is_blind or late:
        logger.warning("engine: %s", "blind" if is_blind else "late" if late else "sees again")
        announce("engine")
    fields: dict[str, object] = {"swept_at": now, "is_blind": is_blind}
    if late or status.swept_at is None:
        fields["watched_since_at"] = now
    if by_beat:
        fields["ticked_at"] = now
    EngineStatus.objects.filter(pk=1).update(**fields)
    return late


def claim_due(*, now: datetime) -> list[int]:
    """Marks due nodes as probed now and returns them; a node is claimed by one sweep only."""
    clusters = list(Cluster.objects.values_list("pk", flat=True))
    claimed: list[int] = []
    for cluster_id, settings in recovery_settings(clusters).items():
        # Half a tick of grace, else a tick that is a hair early would cost a whole one.
        latest = now - timedelta(seconds=settings.heart_beat_interval) + TICK / 2
        with transaction.atomic():
            due = Node.objects.select_for_update(skip_locked=True, of=("self",)).filter(
                Q(probed_at=None) | Q(probed_at__lte=latest), cluster_id=cluster_id
            )
            ids = list(due.order_by("member__group", "pk").values_list("pk", flat=True))
            Node.objects.filter(pk__in=ids).update(probed_at=now)
        claimed += ids
    return claimed


@dataclass(frozen=True, slots=True)
class FreeNode:
    """A node in no group: watched, told to serve its own users, never recovered."""

    pk: int
    cluster_id: int
    epoch: int
    view: NodeView

    def goal(self, settings: RecoverySettings) -> Goal:
        return Goal(
            node=self.view.name,
            group="",
            epoch=self.epoch,
            role=Role.OWN,
            ha_enabled=False,
            fence=False,
            peer_silence_s=0.0,
            peer=None,
            timing=agent_timing(settings),
        )


def look_at(node_ids: Sequence[int], *, client: AgentClient, now: datetime) -> list[int]:
    """Probes the nodes (and the peers of those in groups); returns the groups with work to do."""
    members = dict(Member.objects.filter(node_id__in=node_ids).values_list("node_id", "group_id"))
    pairs = list(load_pairs(set(members.values())).values())
    free = load_free([pk for pk in node_ids if pk not in members])
    clusters = {p.cluster_id for p in pairs} | {f.cluster_id for f in free}
    settings = recovery_settings(clusters)
    force = {p.group_id: p.running_settings or settings[p.cluster_id] for p in pairs}
    calls = [t for p in pairs for t in targets(p.pair.nodes, force[p.group_id], now)]
    calls += [t for f in free for t in targets([f.view], settings[f.cluster_id], now)]
    answers = iter(client.probe(calls))
    rounds = [
        Round(
            p,
            p.running_settings or settings[p.cluster_id],
            tuple(next(answers) for _ in p.node_ids),
        )
        for p in pairs
    ]
    answered = [
        (above_seen_epoch(f, answer), settings[f.cluster_id], answer)
        for f, answer in zip(free, answers, strict=True)
    ]
    keep_answers(
        [h for r in rounds for h in _heard(r.loaded, r.answers)]
        + [(f.pk, f.view, answer) for f, _, answer in answered],
        now=now,
    )
    _order_free(answered, client, now)
    return [r.loaded.group_id for r in rounds if _has_work(r, now)]


def _heard(loaded: LoadedPair, answers: Iterable[Answer]) -> list[Heard]:
    return list(zip(loaded.node_ids, loaded.pair.nodes, answers, strict=True))


def _has_work(step: Round, now: datetime) -> bool:
    if decide(step.pair, settings=step.settings, now=now).changed:
        return True
    if wake_before_sweep(step, now) is not None:
        return True
    return bool(due_orders(step.pair, step.settings))


def load_free(node_ids: Sequence[int]) -> list[FreeNode]:
    nodes = Node.objects.filter(pk__in=node_ids, member=None).select_related("last_report")
    return [FreeNode(n.pk, n.cluster_id, n.epoch, _free_view(n)) for n in nodes]


def _free_view(node: Node) -> NodeView:
    last = node.last_report if hasattr(node, "last_report") else NodeReport(node=node)
    return NodeView(
        name=node.name,
        host=node.address,
        port=node.port,
        state=NodeState.UNKNOWN,
        reason=Reason.HA_NOT_ENABLED,
        since=None,
        target=Role.OWN,
        ordered=Role.OWN,
        ordered_epoch=node.epoch,
        heard_at=last.heard_at,
        last_report=last.report,
        reachable=last.reachable,
        error=last.error,
        under_way=last.orders_under_way,
    )


def above_seen_epoch(free: FreeNode, answer: Answer) -> FreeNode:
    """Agents refuse epochs below the highest they saw: the node's own climbs above it.

    So it is after an older database came back; of pairs, ``decide`` takes the same care.
    """
    seen = answer.report.highest_epoch if answer.report else 0
    if seen <= free.epoch:
        return free
    Node.objects.filter(pk=free.pk, epoch__lte=seen).update(epoch=seen + 1)
    return replace(free, epoch=seen + 1)


def _order_free(
    answered: Sequence[tuple[FreeNode, RecoverySettings, Answer]],
    client: AgentClient,
    now: datetime,
) -> None:
    orders: list[tuple[Target, Order]] = []
    for free, settings, answer in answered:
        view = with_answer(free.view, answer)
        goal = free.goal(settings)
        order = due_order(view, goal)
        if order is not None:
            expect_taken(free.pk, view.report, goal)
            orders.append((targets([view], settings, now)[0], order))
    if orders:
        client.order(orders)
