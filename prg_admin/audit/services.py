"""Writing the audit log, and letting go of what is too old."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from prg_admin.audit.models import LONGEST_ACTOR, LONGEST_NAME, Action, Entry, Kind
from prg_admin.lib.actor import Actor

SECRET = re.compile(r"pass(word|phrase)|secret|token|(^|_)key", re.IGNORECASE)
HIDDEN = "********"


def record(
    *,
    actor: Actor,
    action: Action,
    kind: Kind,
    name: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """One entry, in the transaction of the change itself: both happen or neither.

    Of ``before`` and ``after`` only fields that differ are kept, and of secrets only that they
    differ.
    """
    was, became = _differing(before or {}, after or {})
    Entry.objects.create(
        actor=actor.name[:LONGEST_ACTOR],
        address=actor.address or None,
        action=action,
        kind=kind,
        name=name[:LONGEST_NAME],
        before=was,
        after=became,
    )


def _differing(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    differing = [f for f in {**before, **after} if before.get(f) != after.get(f)]
    was = {f: _shown(f, before[f]) for f in differing if f in before}
    became = {f: _shown(f, after[f]) for f in differing if f in after}
    return was, became


def _shown(field: str, value: Any) -> Any:
    return HIDDEN if value and SECRET.search(field) else value


def audit_prune(*, now: datetime) -> int:
    """Deletes entries older than ``AUDIT_KEEP_DAYS``; the number of them."""
    oldest = now - timedelta(days=settings.AUDIT_KEEP_DAYS)
    deleted, _by_model = Entry.objects.filter(at__lt=oldest).delete()
    return deleted
