"""Which of the engine's orders are obeyed.

Those for this node, of no lower epoch than it has seen, given in knowledge of its present life and
of its last loss of the right to serve, and overtaken by no later order.
"""

from __future__ import annotations

import logging

from prg_admin.agent import clock
from prg_admin.agent.refusal import Refused
from prg_admin.agent.right import Right
from prg_admin.agent.store import Store
from prg_admin.domain.wire import Order

log = logging.getLogger(__name__)


class Orders:
    """Every check raises :class:`Refused` and changes nothing."""

    def __init__(self, *, node: str, boot_id: str, store: Store, right: Right) -> None:
        self._node = node
        self._boot_id = boot_id
        self._store = store
        self._right = right
        self.seq = 0
        """Of the last order that was taken."""

    def check(self, order: Order) -> None:
        goal, highest = order.goal, self._store.state.highest_epoch
        if goal.node != self._node:
            raise Refused(400, "wrong-node", detail=f"This is node {self._node}.")
        if goal.epoch < highest:
            log.warning("refused a goal of epoch %d, the highest is %d", goal.epoch, highest)
            raise Refused(409, "stale-epoch", highest_epoch=highest)
        self.check_fresh(order)
        self._check_later(order)

    def check_fresh(self, order: Order) -> None:
        """An order that lay about while we were isolated must not wake us."""
        self._right.check(clock.now())
        if (order.boot_id, order.fences) != (self._boot_id, self._right.fences):
            log.warning("refused an order for an earlier state of this node")
            fences = self._right.fences
            raise Refused(409, "stale-order", boot_id=self._boot_id, fences=fences)

    def _check_later(self, order: Order) -> None:
        """One that was overtaken by a later order must not undo it."""
        last = self._store.state.goal
        again = last is not None and order.goal.digest == last.digest
        if order.seq < self.seq or (order.seq == self.seq and not again):
            log.warning("refused an order older than the last, report %d", order.seq)
            raise Refused(409, "stale-order", order_seq=self.seq)
