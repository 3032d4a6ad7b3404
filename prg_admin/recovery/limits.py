"""How long one task of the engine may take: each of its waits has an end.

Threads cannot be killed, so Celery's own time limits do not hold for them. A task waits for two
things only, and both are bounded: for nodes, each call within one total deadline (Connect Timeout,
``topology.exchange``), and for the database, by its own limits, which every connection of an
engine's worker brings along. A statement or a lock that takes longer fails like a lost connection:
nothing of its transaction stays, the task is tried again a few times, and then the next sweep finds
in the database what is to be done.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from celery.signals import celeryd_after_setup
from django.db import connections

QUEUE = "recovery"
LIMITS = {
    "lock_timeout": "5s",
    "statement_timeout": "20s",
    "idle_in_transaction_session_timeout": "30s",
}


def bound(settings: MutableMapping[str, Any]) -> None:
    """Connections that are opened from now on with these settings have the limits."""
    options = " ".join(f"-c {name}={limit}" for name, limit in LIMITS.items())
    settings["OPTIONS"] = {**settings.get("OPTIONS", {}), "options": options}


def is_engine(app: Any) -> bool:
    """Whether this worker takes the engine's tasks; others are not to be hurried."""
    return QUEUE in app.amqp.queues.consume_from


@celeryd_after_setup.connect
def bound_the_engine(instance: Any, **_: object) -> None:
    """Before the worker has opened its first connection."""
    if is_engine(instance.app):
        bound(connections.settings["default"])
