"""Homes of users are written here: one transaction, one statement, one audit entry.

Every writer holds the cluster's row lock (``FOR NO KEY UPDATE``), so that what a plan counted still
holds when it is carried out. Nodes and groups are not locked: the engine, which writes them every
second, never waits for us, and whoever takes a node out of its group waits for the same cluster
row after locking the node (the order of ``groups.services``), which is no circle.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Now

from prg_admin.audit.models import Action, Kind
from prg_admin.audit.services import record
from prg_admin.domain import assignment
from prg_admin.domain.assignment import Layout
from prg_admin.lib.actor import Actor
from prg_admin.live.news import announce
from prg_admin.topology.models import Cluster
from prg_admin.users.models import PresenceUser, QueueReason
from prg_admin.users.plans import (
    Code,
    Plan,
    Problem,
    Seats,
    Target,
    Way,
    plan_assignment,
    plan_rebalance,
)
from prg_admin.users.selectors import cluster_seats, tally

logger = logging.getLogger(__name__)

NOT_QUEUED: dict[str, Any] = {"queued_at": None, "queue_reason": ""}
REASONS = {
    Code.FAILED_OVER: QueueReason.FAILED_OVER,
    Code.NO_GROUPS: QueueReason.NO_GROUP,
    Code.NODE_FULL: QueueReason.NO_ROOM,
    Code.GROUP_FULL: QueueReason.NO_ROOM,
    Code.CLUSTER_FULL: QueueReason.NO_ROOM,
}
"""Why the mode could not assign somebody."""


@dataclass(frozen=True, slots=True)
class Assigned:
    plan: Plan
    users: int
    """Those who have another home node, or none."""
    queued: int = 0
    """Those who began to wait for the Sync Agent, or wait for something else."""


@dataclass(frozen=True, slots=True)
class Refused:
    problems: tuple[Problem, ...]


def assignment_plan(cluster_id: int, users: QuerySet[PresenceUser], target: Target) -> Plan:
    """What ``users_assign`` would do now. Raises ``Cluster.DoesNotExist``."""
    chosen = users.filter(cluster_id=cluster_id)
    return plan_assignment(cluster_seats(cluster_id), tally(chosen), target)


def rebalance_plan(cluster_id: int) -> Plan:
    return plan_rebalance(cluster_seats(cluster_id))


@transaction.atomic
def users_assign(
    *,
    cluster_id: int,
    users: QuerySet[PresenceUser],
    target: Target,
    actor: Actor,
) -> Assigned | Refused:
    """Those of ``users`` that are in the cluster.

    By the mode: as many as there is room for; the others wait until the Sync Agent can assign them.
    Raises ``Cluster.DoesNotExist``.
    """
    cluster_lock(cluster_id)
    plan = assignment_plan(cluster_id, users, target)
    if plan.problems:
        return Refused(plan.problems)
    chosen = users.filter(cluster_id=cluster_id)
    written = _carry_out(plan, chosen, target)
    queued = _queue(plan, chosen) if target.way is Way.MODE else 0
    _finish(plan, written, actor, queued)
    return Assigned(plan, written, queued)


def _carry_out(plan: Plan, users: QuerySet[PresenceUser], target: Target) -> int:
    if target.way is Way.UNASSIGNED:
        written = users.filter(home__isnull=False).update(home=None)
        if plan.staying:
            users.filter(queued_at__isnull=False).update(**NOT_QUEUED)
    elif target.way is Way.NODE:
        node = plan.seats.node_ids[target.node]
        moving = users.filter(is_licensed=True).exclude(home_id__isnull=False, home_id=node)
        written = moving.update(home_id=node, **NOT_QUEUED)
    else:
        written = _deal(plan, users) if plan.counts else 0
    return _as_planned(plan, written)


def _queue(plan: Plan, users: QuerySet[PresenceUser]) -> int:
    """Who has no home after the mode was asked waits, and since the first time that was so."""
    reason = next((REASONS[problem.code] for problem in plan.waiting_for), None)
    if reason is None:
        return 0
    left = users.filter(home__isnull=True, is_licensed=True).exclude(queue_reason=reason)
    return left.update(queued_at=Coalesce("queued_at", Now()), queue_reason=reason)


@transaction.atomic
def queue_clear(*, cluster_id: int, actor: Actor) -> int:
    """Nobody waits any more: the mode assigns nobody."""
    waiting = PresenceUser.objects.filter(cluster_id=cluster_id, queued_at__isnull=False)
    cluster = cluster_lock(cluster_id)
    written = waiting.update(**NOT_QUEUED)
    if written:
        values = {"before": {"waiting": written}, "after": {"waiting": 0}}
        record(actor=actor, action=Action.CHANGED, kind=Kind.USER, name=cluster.name, **values)
        tell(())
    return written


@transaction.atomic
def users_rebalance(
    *, cluster_id: int, actor: Actor, most: int | None = None
) -> Assigned | Refused:
    """Moves what the mode's aim needs moved, or the first ``most`` of it."""
    cluster_lock(cluster_id)
    plan = rebalance_plan(cluster_id)
    if plan.problems:
        return Refused(plan.problems)
    if most is not None:
        plan = _first(plan, most)
    written = _as_planned(plan, _move(plan))
    _finish(plan, written, actor)
    return Assigned(plan, written)


def _first(plan: Plan, most: int) -> Plan:
    moves = tuple(assignment.first_moves(plan.moves, most))
    after = assignment.moved(plan.seats.layout, moves)
    return Plan(plan.seats, after, sum(move.users for move in moves), moves=moves)


def cluster_lock(cluster_id: int) -> Cluster:
    """Until the end of the transaction nobody else writes homes of its users."""
    return Cluster.objects.select_for_update(no_key=True).get(pk=cluster_id)


DEAL = """
UPDATE users_presenceuser AS u SET home_id = seat.node, queued_at = NULL, queue_reason = ''
FROM (SELECT chosen.id, chosen.home_id, row_number() OVER (ORDER BY chosen.id) AS n
      FROM ({chosen}) AS chosen) AS k
JOIN unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS seat(node, after, upto)
  ON k.n > seat.after AND k.n <= seat.upto
WHERE u.id = k.id AND u.home_id IS NOT DISTINCT FROM k.home_id
"""
MOVE = """
UPDATE users_presenceuser AS u SET home_id = move.target
FROM (SELECT id, home_id, row_number() OVER (PARTITION BY home_id ORDER BY id DESC) AS n
      FROM users_presenceuser WHERE home_id = ANY(%s::bigint[])) AS k
JOIN unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
     AS move(source, target, after, upto)
  ON k.home_id = move.source AND k.n > move.after AND k.n <= move.upto
WHERE u.id = k.id AND u.home_id = move.source
"""


def _deal(plan: Plan, users: QuerySet[PresenceUser]) -> int:
    """As ``domain.assignment.dealt`` does it, in one statement."""
    strays = [plan.seats.node_ids[node] for node in plan.seats.layout.strays]
    new = users.filter(home__isnull=True) | users.filter(home_id__in=strays)
    chosen, values = (
        new.filter(is_licensed=True).order_by().values("id", "home_id").query.sql_with_params()
    )
    nodes, after, upto = [], [], []
    placed = 0
    for name, count in plan.counts.items():
        nodes.append(plan.seats.node_ids[name])
        after.append(placed)
        placed += count
        upto.append(placed)
    with _hashing() as cursor:
        cursor.execute(DEAL.format(chosen=chosen), [*values, nodes, after, upto])
        return int(cursor.rowcount)


def _move(plan: Plan) -> int:
    """As ``domain.assignment.picked`` does it, in one statement."""
    ids = plan.seats.node_ids
    sources, targets, after, upto = [], [], [], []
    given: dict[str, int] = {}
    for move in plan.moves:
        sources.append(ids[move.source])
        targets.append(ids[move.target])
        after.append(given.get(move.source, 0))
        given[move.source] = after[-1] + move.users
        upto.append(given[move.source])
    with _hashing() as cursor:
        cursor.execute(MOVE, [sources, sources, targets, after, upto])
        return int(cursor.rowcount)


@contextlib.contextmanager
def _hashing() -> Iterator[CursorWrapper]:
    """Users who came a moment ago are not in the database's statistics yet.

    It would plan for a handful of them and compare each with each: minutes for 75,000.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield cursor
        cursor.execute("SET LOCAL enable_nestloop = on")


def _as_planned(plan: Plan, written: int) -> int:
    """Under the lock nothing else can have come of it; if it has, nothing is written."""
    if written != plan.changing:
        raise RuntimeError(f"{plan.changing} users were to be assigned, {written} were")
    return written


def _finish(plan: Plan, written: int, actor: Actor, queued: int = 0) -> None:
    if not (written or queued):
        return
    before, after = plan.seats.layout, plan.after
    record(
        actor=actor,
        action=Action.CHANGED,
        kind=Kind.USER,
        name=f"{plan.seats.cluster}: {written or queued}",
        before=_totals(before) if written else {},
        after=(_totals(after) if written else {}) | ({"queued": queued} if queued else {}),
    )
    tell(_touched(before, after, plan.seats) if written else ())
    cluster = plan.seats.cluster
    logger.info("%s users of %s assigned, %s queued by %s", written, cluster, queued, actor.name)


def _totals(layout: Layout) -> dict[str, int]:
    return {node: users for node, users in layout.users.items() if users}


def _touched(before: Layout, after: Layout, seats: Seats) -> list[int]:
    users = {*before.users, *after.users}
    changed = (n for n in users if before.users.get(n, 0) != after.users.get(n, 0))
    return sorted(seats.node_ids[node] for node in changed)


def tell(node_ids: Iterable[int]) -> None:
    """Pages that show users or their numbers look anew."""
    announce("users", "nodes", "groups", *(f"node-{pk}" for pk in node_ids))
