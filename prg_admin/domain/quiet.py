"""When a group needs no thought until one of its nodes says something else.

Time alone changes a decision only through what ``domain.wake`` counts down, through a transition's
deadline and through an automatic fallback. Where none of these runs, and both nodes answer, the
decision stays the same for as long as both go on answering as they do (``domain.ticks``). So the
engine may pass over such a group in a sweep; that this never hides a decision is a property that
the tests hold against ``decide`` itself.
"""

from __future__ import annotations

from datetime import datetime

from prg_admin.domain.facts import Pair
from prg_admin.domain.orders import due_order, goal_of
from prg_admin.domain.pair import decide
from prg_admin.domain.states import TRANSITIONAL, NodeState
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.wake import wake_in

FALLS_BACK_BY_ITSELF = frozenset({NodeState.FAILED_OVER})


def stays_quiet(pair: Pair, *, settings: RecoverySettings, now: datetime) -> bool:
    """Nothing is to be done, now or later, until a node's tag, the group or settings change."""
    if not all(node.reachable for node in pair.nodes):
        return False
    states = {node.state for node in pair.nodes}
    if states & TRANSITIONAL:
        return False
    # A fallback comes with time, and with the end of what holds it.
    if settings.automatic_fallback and states & FALLS_BACK_BY_ITSELF:
        return False
    if wake_in(pair, settings=settings, now=now) is not None:
        return False
    goals = (goal_of(pair, index, settings) for index in range(len(pair.nodes)))
    if any(due_order(node, goal) for node, goal in zip(pair.nodes, goals, strict=True)):
        return False
    return not decide(pair, settings=settings, now=now).changed
