"""The right to serve: a lease that only being heard by somebody else renews.

The peer may take this node's users over once the node has been silent for longer than the isolation
limit. So the node must have stopped by then, and it must count from a moment at which somebody
*surely* heard it: the time **before** sending a heartbeat that the peer answered, or a call-in by
which the engine noted that the node lives. Being asked renews nothing, for the asker may not hear
our answer.

A right that ran out stays lost until the engine puts a goal again, and then begins only when it has
been renewed. All times are of ``clock``; ``now`` is always an argument.
"""

from __future__ import annotations

import math

from prg_admin.domain.states import SERVING
from prg_admin.domain.wire import Goal

ASKS = 8
"""How often the engine is asked between the moment we begin to worry and the end."""
ACQUIRE_PAUSE_S = 0.5


class Right:
    """Whether, and until when, the node may serve."""

    def __init__(self) -> None:
        self.fenced = True
        """Nobody may be served: just started, or isolated, or not heard since the goal came."""
        self.fences = 0
        """How many times the right was lost."""
        self._goal: Goal | None = None
        self._ordered = False
        """A goal was put since the right was lost."""
        self._renewed = -math.inf
        self._last_ask = -math.inf

    def assume(self, goal: Goal) -> None:
        """Follow a goal from before this start that nobody can have overruled."""
        self._goal = goal
        self._ordered = True
        self.fenced = False

    def follow(self, goal: Goal, now: float) -> None:
        """The engine put a goal."""
        self.check(now)
        served_unlimited = not self.fenced and self._serves() and not self._limited()
        self._goal = goal
        self._ordered = True
        if served_unlimited and self._limited():
            # The engine may count on our stopping only after it read that we follow this goal,
            # which is later than now. To stop first and ask then would cost clients for nothing.
            self._renewed = max(self._renewed, now)
        self.fenced = not self._holds(now)

    def renew(self, sent_at: float, now: float) -> None:
        """Somebody answered what we sent at ``sent_at``."""
        self.check(now)
        self._renewed = max(self._renewed, sent_at)
        if self._ordered:
            self.fenced = not self._holds(now)

    def check(self, now: float) -> None:
        """Look at the clock; to be called before anything is said or done about serving."""
        if not self.fenced and not self._holds(now):
            self.fenced = True
            self.fences += 1
            self._ordered = False

    @property
    def isolated(self) -> bool:
        """It was lost, and no goal has come since."""
        return self.fenced and self._goal is not None and not self._ordered

    def until(self) -> float | None:
        """When the right ends if nothing renews it; None while it has no end."""
        goal = self._goal
        if goal is None or not self._limited():
            return None
        return self._renewed + goal.timing.isolation_limit

    def _limited(self) -> bool:
        goal = self._goal
        return (
            goal is not None and self._serves() and goal.fence and goal.timing.isolation_limit > 0
        )

    def _serves(self) -> bool:
        return self._goal is not None and self._goal.role in SERVING

    def _holds(self, now: float) -> bool:
        until = self.until()
        return until is None or now < until

    def asked(self, now: float) -> None:
        self._last_ask = now

    def next_ask(self, now: float) -> float | None:
        """Seconds until the engine should be asked to note that we live; None for never."""
        goal = self._goal
        if goal is None or not self._limited() or not self._ordered:
            return None
        if self.fenced:
            return max(0.0, self._last_ask + ACQUIRE_PAUSE_S - now)
        limit = goal.timing.isolation_limit
        usual = min(goal.timing.heartbeat_interval, limit / 2)
        worry = usual + (limit - usual) / 4
        pause = (limit - worry) / ASKS
        due = max(self._renewed + worry, self._last_ask + pause)
        return max(0.0, due - now)
