"""Orders that a node may still take up, and what it would do then.

An order whose answer is lost may have been taken, may itself be lost, or may come late. Whoever
judges the fence of a node that cannot be asked has to reckon with the worst of that, whatever the
node said since: only its acceptance of an order decided from as late a report makes all of them
void (see ``wire.Order``). So what was sent is kept until a report says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from prg_admin.domain.states import SERVING, Role
from prg_admin.domain.wire import SHORT_TEXT, Document, Goal, Report


@dataclass(frozen=True, slots=True)
class UnderWay(Document):
    """The orders sent to one node since it was last known that none was under way."""

    boot_id: str = field(metadata=SHORT_TEXT)
    seq: int
    """The latest report that one of them was decided from."""
    role: Role
    """The role of one that lets the node serve, if there is any."""
    isolation_limit_s: float
    """The longest of those that let it serve; 0: by one of them it would not isolate itself."""
    goal_digest: str = ""
    """Of the goal that the latest of them names."""
    others_seq: int = 0
    """The latest report that one with another goal was decided from; 0: there is none."""
    serves_unasked: bool = False
    """By one of them it would serve at once after a restart."""


ANY_ORDER = UnderWay("", 0, Role.BOTH, 0.0, serves_unasked=True)
"""Of which nothing is known: the node may serve everybody, without an end."""


def sent(before: UnderWay | None, report: Report, goal: Goal) -> UnderWay:
    """With an order of ``goal``, decided from ``report``, on its way as well."""
    limit = goal.timing.isolation_limit if goal.fence else 0.0
    order = UnderWay(report.boot_id, report.seq, goal.role, limit, goal.digest)
    order = replace(order, serves_unasked=not goal.ha_enabled)
    if before is None or is_void(before, report):
        return order
    order = replace(order, serves_unasked=before.serves_unasked or order.serves_unasked)
    if before.boot_id == order.boot_id:
        same = before.goal_digest == order.goal_digest
        others = before.others_seq if same else before.seq
        order = replace(order, seq=max(before.seq, order.seq), others_seq=others)
    if before.role not in SERVING:
        return order
    if order.role not in SERVING:
        return replace(order, role=before.role, isolation_limit_s=before.isolation_limit_s)
    longest = longer(before.isolation_limit_s, order.isolation_limit_s)
    return replace(order, isolation_limit_s=longest)


def is_void(under_way: UnderWay, report: Report) -> bool:
    """The node would take up none of them any more, or none but the goal that it follows already.

    So engines that work side by side and send the same need not make each other's orders void.
    """
    if report.boot_id != under_way.boot_id:
        return False
    follows = report.goal_digest == under_way.goal_digest
    return report.order_seq >= (under_way.others_seq if follows else under_way.seq)


def as_if_taken(report: Report, under_way: UnderWay | None) -> Report:
    """The report of a node that has since taken up whatever lets it serve for longest."""
    if under_way is None or under_way.role not in SERVING or is_void(under_way, report):
        return report
    limit = under_way.isolation_limit_s
    if report.role in SERVING:
        limit = longer(report.isolation_limit_s, limit)
    unasked = report.serves_unasked or under_way.serves_unasked
    return replace(report, role=under_way.role, isolation_limit_s=limit, serves_unasked=unasked)


def longer(one: float, other: float) -> float:
    """Of two isolation limits, 0 being the longest."""
    return 0.0 if 0.0 in (one, other) else max(one, other)
