"""What an address or a form says about whom to assign, in which cluster, and where to."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict

from prg_admin.lib.finding.find import chosen_keys, find
from prg_admin.users.listing import USERS
from prg_admin.users.models import PresenceUser
from prg_admin.users.plans import Seats, Target, Way
from prg_admin.users.selectors import users_by_cluster

ALL = "all"
NODE_PREFIX = "node-"


@dataclass(frozen=True, slots=True)
class Selection:
    users: QuerySet[PresenceUser]
    parts: tuple[tuple[str, str], ...]
    """The same as names and values of an address."""
    is_all: bool
    """Everybody found, as often as it is asked; else the ticked ones."""

    @property
    def query(self) -> str:
        return urlencode(self.parts)


def selection_of(data: QueryDict) -> Selection:
    if data.get("scope") == ALL:
        found = find(data, USERS, PresenceUser.objects.all())
        return Selection(found.records.order_by(), (("scope", ALL), *found.parts), is_all=True)
    keys = chosen_keys(data.getlist("user"))
    users = PresenceUser.objects.filter(pk__in=keys)
    return Selection(users, tuple(("user", str(key)) for key in keys), is_all=False)


def found_users(query: str, cluster_id: int) -> QuerySet[PresenceUser]:
    """Those of a stored selection."""
    return selection_of(QueryDict(query)).users.filter(cluster_id=cluster_id)


@dataclass(frozen=True, slots=True)
class ClusterChoice:
    """The clusters that have some of the chosen users, and the one to work in."""

    offered: list[tuple[int, str, int]]
    """Key, name and number of chosen users."""
    chosen: tuple[int, str, int] | None


def cluster_choice(selection: Selection, asked: str) -> ClusterChoice:
    offered = users_by_cluster(selection.users)
    named = next((one for one in offered if str(one[0]) == asked), None)
    only = offered[0] if len(offered) == 1 else None
    return ClusterChoice(offered, named or only)


def target_of(value: str, seats: Seats) -> Target | None:
    """None: nothing was chosen, or nothing that is there."""
    if value in (Way.UNASSIGNED, Way.MODE):
        return Target(Way(value))
    nodes = {f"{NODE_PREFIX}{pk}": name for name, pk in seats.node_ids.items()}
    return Target(Way.NODE, nodes[value]) if value in nodes else None
