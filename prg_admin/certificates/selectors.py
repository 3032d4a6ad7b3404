"""Finding certificates: of an event, and the latest of a group."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from prg_admin.certificates.models import Certificate
from prg_admin.domain.movements import Way
from prg_admin.recovery.models import Event

LISTS = ("homes_before", "homes_after", "rolls_before", "rolls_after")
LATEST = 20


def certificate_of_event(event: Event, *, whole: bool = False) -> Certificate | None:
    """Of the movement to which the event belongs; one query.

    ``whole``: with the lists of users. The group of an event may be gone; then only the first and
    the last event of a movement lead to it.
    """
    found = Certificate.objects.select_related("begun", "ended").exclude(way=Way.NOWHERE)
    found = found.defer("begun__recording", "ended__recording", *(() if whole else LISTS))
    within = Q(begun=event) | Q(ended=event)
    if event.group_id is not None:
        until = Q(ended=None) | Q(ended__version__gte=event.version)
        within |= Q(group=event.group_id, begun__version__lte=event.version) & until
    return found.filter(within).order_by("-begun__version").first()


def certificates_of_group(group_id: int, most: int | None = LATEST) -> QuerySet[Certificate]:
    """The newest first, without their lists of users; None: all of them."""
    found = Certificate.objects.filter(group_id=group_id).exclude(way=Way.NOWHERE)
    found = found.select_related("begun", "ended")
    return found.defer("begun__recording", "ended__recording", *LISTS)[:most]
