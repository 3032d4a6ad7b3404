"""Each worker's own ticks, for the time in which beat is gone."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.db import Error, close_old_connections

from prg_admin.lib.clock import steady_now
from prg_admin.recovery.models import EngineStatus
from prg_admin.recovery.sweep import sweep

logger = logging.getLogger(__name__)

TICK_S = 1.0
MISSED = timedelta(seconds=2.5)
"""Without a sweep for so long, a worker sweeps by itself."""


class Ticker(threading.Thread):
    """Many workers may tick at once: the claims of a sweep make that harmless."""

    def __init__(self) -> None:
        super().__init__(name="ticker", daemon=True)
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        self._stop_asked.set()

    def run(self) -> None:
        while not self._stop_asked.wait(TICK_S):
            try:
                self.tick()
            except Error as error:
                logger.warning("no tick, the database does not answer: %s", error)
            finally:
                close_old_connections()

    def tick(self) -> bool:
        """True when it had to sweep because nobody else did."""
        now = steady_now()
        status = EngineStatus.objects.filter(pk=1).first()
        if status is not None and status.swept_at and now - status.swept_at < MISSED:
            return False
        sweep(now=now, by_beat=False)
        return True
