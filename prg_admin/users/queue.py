"""Users whom the Sync Agent could not give a home, and its next attempts.

A user waits from the first time that the mode had to pass the user over: a node of the cluster was
failed over, there was no room, or no group. Each attempt assigns as many as can be; who still waits
keeps the time since when. Two attempts at once are as good as one: each holds the cluster's lock.
"""

from __future__ import annotations

import logging

from prg_admin.lib.actor import Actor
from prg_admin.topology.models import Cluster
from prg_admin.users.models import PresenceUser
from prg_admin.users.plans import Target, Way
from prg_admin.users.services import Refused, queue_clear, users_assign

logger = logging.getLogger(__name__)

SYNC_AGENT = Actor("Sync Agent")
BY_MODE = Target(Way.MODE)


def queue_assign(*, cluster_id: int) -> int:
    """One attempt; the number of users who have a home now."""
    waiting = PresenceUser.objects.filter(cluster_id=cluster_id, queued_at__isnull=False)
    outcome = users_assign(cluster_id=cluster_id, users=waiting, target=BY_MODE, actor=SYNC_AGENT)
    if isinstance(outcome, Refused):
        # Only None refuses: it assigns nobody, so nobody can wait for it.
        queue_clear(cluster_id=cluster_id, actor=SYNC_AGENT)
        return 0
    return outcome.users


def queues_assign() -> int:
    """All clusters; one that fails keeps none of the others."""
    waiting = PresenceUser.objects.filter(queued_at__isnull=False).order_by()
    assigned = 0
    for cluster_id in waiting.values_list("cluster_id", flat=True).distinct():
        try:
            assigned += queue_assign(cluster_id=cluster_id)
        except Cluster.DoesNotExist:
            continue
        except Exception:
            logger.exception("Users of cluster %s go on waiting", cluster_id)
    return assigned
