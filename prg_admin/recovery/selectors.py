from __future__ import annotations

from django.db.models import QuerySet

from prg_admin.recovery.models import Event


def events_of_group(group_id: int, *, limit: int = 20) -> QuerySet[Event]:
    """The group's latest events, newest first."""
    return Event.objects.filter(group_id=group_id).order_by("-at", "-id")[:limit]
