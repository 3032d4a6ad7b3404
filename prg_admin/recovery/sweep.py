"""Who is due, and one look at all of them.

Beat only ticks; the database says who is due, so two beats, a late tick and a lost one do no harm.
A quiet batch costs a constant number of queries; only groups in which something is to be done are
driven one by one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from prg_admin.domain.facts import NodeView
from prg_admin.domain.orders import due_order
from prg_admin.domain.pair import decide
from prg_admin.domain.quiet import stays_quiet
from prg_admin.domain.states import NodeState, Reason, Role
from prg_admin.domain.ticks import Ticks, advanced
from prg_admin.domain.timing import RecoverySettings, agent_timing
from prg_admin.domain.wire import Goal, Order, Report
from prg_admin.groups.pairs import load_pairs
from prg_admin.lib.enqueue import enqueue
from prg_admin.live.news import announce
from prg_admin.parameters.selectors import all_recovery_settings, recovery_settings
from prg_admin.recovery.cycle import (
    Round,
    due_orders,
    patience,
    targets,
    wake_before_sweep,
    with_answer,
)
from prg_admin.recovery.known import Known, load_known, quiet
from prg_admin.recovery.models import EngineStatus
from prg_admin.recovery.reports import Heard, expect_taken, keep_answers, keep_ticks
from prg_admin.recovery.selectors import LATE
from prg_admin.topology.agents import AgentClient, Answer, Target
from prg_admin.topology.models import Node, NodeReport

logger = logging.getLogger(__name__)

BATCH = 500
"""Nodes looked at by one task."""
PORTION = 4 * BATCH
"""Nodes claimed at once: the first are asked while others are still claimed."""

TICK = timedelta(seconds=1)


def sweep(*, now: datetime, by_beat: bool = True) -> int:
    """Claims the nodes that are due and hands them out in batches; returns how many."""
    observe = note_sweep(now=now, by_beat=by_beat)
    count = 0
    for claimed in claim_due(now=now):
        for start in range(0, len(claimed), BATCH):
            batch = claimed[start : start + BATCH]
            enqueue("recovery.look_at", node_ids=batch, observe=observe)
        count += len(claimed)
    return count


def note_sweep(*, now: datetime, by_beat: bool) -> bool:
    """Keeps how the engine fares; True when this sweep is so late that it only observes."""
    status, _ = EngineStatus.objects.get_or_create(pk=1)
    late = status.swept_at is not None and now - status.swept_at > LATE
    reports = NodeReport.objects.all()
    tried = reports.filter(Q(reachable=True) | ~Q(error=""))
    is_blind = not reports.filter(reachable=True).exists() and tried.exists()
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


_CLAIM = """
with due as (
    select n.id, m.group_id
      from topology_node n
      join unnest(string_to_array(%(clusters)s, ',')::bigint[],
                  string_to_array(%(intervals)s, ',')::float8[]) as heart(cluster_id, beat_s)
        on heart.cluster_id = n.cluster_id
      left join groups_member m on m.node_id = n.id
     where n.probed_at is distinct from %(now)s
       and (n.probed_at is null
            or n.probed_at <= %(soon)s::timestamptz - heart.beat_s * interval '1 second')
     order by m.group_id nulls first, n.id
     limit %(most)s
       for no key update of n skip locked
)
update topology_node as n set probed_at = %(now)s
  from due where n.id = due.id
returning coalesce(due.group_id, 0), n.id
"""


def claim_due(*, now: datetime) -> Iterator[list[int]]:
    """Marks due nodes as probed now, by portions; a node is claimed by one sweep only.

    The nodes of a group stand side by side.
    """
    settings = all_recovery_settings()
    # Joined by commas: lists would be quoted value by value.
    values: dict[str, str | int | datetime] = {
        "clusters": ",".join(map(str, settings)),
        "intervals": ",".join([str(s.heart_beat_interval) for s in settings.values()]),
        # Half a tick of grace, else a tick that is a hair early would cost a whole one.
        "soon": now + TICK / 2,
        "now": now,
        "most": PORTION,
    }
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, values)
            claimed = [node_id for _, node_id in sorted(cursor.fetchall())]
        yield claimed
        if len(claimed) < PORTION:
            return


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
    """Probes the nodes (and the peers of those in groups); returns the groups with work to do.

    Of a group that is known to be quiet, and whose nodes go on as they did, only that is noted.
    """
    units = load_known(node_ids)
    settings = recovery_settings({unit[0].cluster_id for unit in units})
    probes = [probe_of(known, settings[known.cluster_id], now) for u in units for known in u]
    answers = iter(client.probe(probes))
    unchanged: list[tuple[Known, Answer]] = []
    others: list[tuple[list[Known], list[Answer]]] = []
    for unit in units:
        said = [next(answers) for _ in unit]
        go_on = [(known, answer) for known, answer in zip(unit, said, strict=True) if answer.ticks]
        unchanged += go_on
        if len(go_on) < len(unit) or not quiet.holds(unit, settings[unit[0].cluster_id]):
            others.append((unit, said))
    keep_ticks(unchanged, now=now)
    return _think(others, settings, client, now) if others else []


def probe_of(known: Known, settings: RecoverySettings, now: datetime) -> Target:
    timeout = settings.connect_timeout
    if not known.reachable and known.heard_at is not None:
        timeout = patience((now - known.heard_at).total_seconds(), settings)
    tag = known.tag if known.is_plain else ""
    return Target(known.name, known.host, known.port, timeout, tag or "")


Said = tuple[Sequence[Known], Sequence[Answer]]
"""A group's nodes, or a free node, and what each answered."""


def _think(
    units: Sequence[Said],
    settings: Mapping[int, RecoverySettings],
    client: AgentClient,
    now: datetime,
) -> list[int]:
    """Keeps what is new, orders free nodes, and returns the groups with work to do."""
    grouped = [(unit, said) for unit, said in units if unit[0].group_id is not None]
    free = [(unit[0], said[0]) for unit, said in units if unit[0].group_id is None]
    rounds, moved_on = _rounds(grouped, settings)
    answered = _answered(free)
    keep_answers(
        [h for unit, r in rounds for h in _heard(unit, r)]
        + [(known.node_id, n.view, answer) for known, n, answer in answered if not answer.ticks],
        now=now,
    )
    _order_free(answered, settings, client, now)
    for unit, r in rounds:
        if stays_quiet(r.pair, settings=r.settings, now=now):
            quiet.remember(unit, settings[unit[0].cluster_id], [a.tag for a in r.answers])
    busy = [r.loaded.group_id for _, r in rounds if _has_work(r, now)]
    return sorted([*busy, *moved_on])


def _rounds(
    units: Sequence[Said], settings: Mapping[int, RecoverySettings]
) -> tuple[list[tuple[Sequence[Known], Round]], list[int]]:
    """The groups as loaded and answered, and those that have moved on since they were asked."""
    pairs = load_pairs({unit[0].group_id for unit, _ in units if unit[0].group_id is not None})
    rounds, moved_on = [], []
    for unit, said in units:
        loaded = pairs.get(unit[0].group_id or 0)
        if loaded is None:
            continue
        same = loaded.node_ids == tuple(known.node_id for known in unit)
        if not same or any(a.ticks and a.tag != t for a, t in zip(said, loaded.tags, strict=True)):
            moved_on.append(loaded.group_id)
            continue
        nodes = loaded.pair.nodes
        whole = tuple(in_full(a, n.last_report) for a, n in zip(said, nodes, strict=True))
        force = loaded.running_settings or settings[loaded.cluster_id]
        rounds.append((unit, Round(loaded, force, whole)))
    return rounds, moved_on


def in_full(answer: Answer, known: Report | None) -> Answer:
    """With the report that an answer by ticks alone stands for."""
    if not answer.ticks or known is None:
        return answer
    return answer._replace(report=advanced(known, Ticks.parse(answer.ticks)))


def _heard(unit: Sequence[Known], r: Round) -> list[Heard]:
    """What has to be kept of a group besides ticks."""
    nodes = zip(unit, r.loaded.pair.nodes, r.answers, strict=True)
    return [(known.node_id, view, answer) for known, view, answer in nodes if not answer.ticks]


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


def _answered(units: Sequence[tuple[Known, Answer]]) -> list[tuple[Known, FreeNode, Answer]]:
    nodes = {node.pk: node for node in load_free([known.node_id for known, _ in units])}
    answered = []
    for known, answer in units:
        node = nodes.get(known.node_id)
        if node is not None:
            whole = in_full(answer, node.view.last_report)
            answered.append((known, above_seen_epoch(node, whole), whole))
    return answered


def _order_free(
    answered: Sequence[tuple[Known, FreeNode, Answer]],
    all_settings: Mapping[int, RecoverySettings],
    client: AgentClient,
    now: datetime,
) -> None:
    orders: list[tuple[Target, Order]] = []
    for known, free, answer in answered:
        settings = all_settings[free.cluster_id]
        view = with_answer(free.view, answer)
        goal = free.goal(settings)
        order = due_order(view, goal)
        if order is not None:
            expect_taken(free.pk, view.report, goal)
            orders.append((targets([view], settings, now)[0], order))
        elif view.report is not None:
            quiet.remember([known], settings, [answer.tag])
    if orders:
        client.order(orders)
