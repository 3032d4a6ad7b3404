"""How many presence users are assigned where."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count

from prg_admin.users.models import PresenceUser


def assigned_counts(node_ids: Iterable[int]) -> dict[int, int]:
    """Number of assigned users by node; one query, nodes without users are 0."""
    counts = dict.fromkeys(node_ids, 0)
    rows = PresenceUser.objects.filter(home_id__in=list(counts)).order_by().values_list("home_id")
    counts.update({home: n for home, n in rows.annotate(n=Count("id")) if home is not None})
    return counts


def unassigned_count(cluster_id: int) -> int:
    return PresenceUser.objects.filter(cluster_id=cluster_id, home__isnull=True).count()
