"""Of a group one evaluation is under way at a time, as far as one process knows.

A node that follows an order calls in while it does so, and so does its peer. If each note had the
group evaluated at the same time, all of them would wait for the same row, and take the processor
from the one that carries the change on. So a note is taken along by the evaluation that has just
begun: when that is at its end, it looks once more.

One that has been under way for longer may be waiting for a node that does not answer; nobody waits
for it. Nothing hangs on what is remembered here: whoever dies is followed by a worker that gets the
task again, and by the next sweep.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

YOUNG_S = 0.5
"""So long after its begin an evaluation takes others along."""


class _Run:
    def __init__(self, began: float) -> None:
        self.began = began
        self.is_wanted = True


class Evaluations:
    """Of one process; for any number of threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._runs: dict[int, _Run] = {}

    def drive(self, group_id: int, work: Callable[[], None]) -> None:
        """Does the work, or leaves it to who is at it already; it is begun after this call began.

        What the work raises ends the run, and with it what it had taken along.
        """
        run = self._begin(group_id)
        if run is None:
            return
        try:
            while self._is_wanted(group_id, run):
                work()
        except BaseException:
            with self._guard:
                self._forget(group_id, run)
            raise

    def _begin(self, group_id: int) -> _Run | None:
        with self._guard:
            now, under_way = self._clock(), self._runs.get(group_id)
            if under_way is not None and now - under_way.began < YOUNG_S:
                under_way.is_wanted = True
                return None
            run = self._runs[group_id] = _Run(now)
            return run

    def _is_wanted(self, group_id: int, run: _Run) -> bool:
        """Asked and, when not, forgotten in one step: else a wish could come in between."""
        with self._guard:
            if run.is_wanted:
                run.is_wanted = False
                return True
            self._forget(group_id, run)
            return False

    def _forget(self, group_id: int, run: _Run) -> None:
        if self._runs.get(group_id) is run:
            del self._runs[group_id]


evaluations = Evaluations()
