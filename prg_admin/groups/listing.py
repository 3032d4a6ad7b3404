"""The columns of Find and List Presence Redundancy Groups, and the rows of one page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, IntegerField, OuterRef, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.lib.finding.columns import Column, Listing
from prg_admin.lib.labels import STATES, state_label
from prg_admin.lib.sentences import FIELDS
from prg_admin.topology.selectors import USERS

HA = {True: gettext_lazy("Enabled"), False: gettext_lazy("Off")}


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One line of the list."""

    group: PresenceRedundancyGroup
    members: tuple[Member, ...]
    users: int

    @property
    def states(self) -> str:
        """In words, as the cell of the page says it."""
        if not self.group.ha_enabled:
            return _("High Availability is off")
        return ", ".join(f"{m.node.name}: {state_label(m.state).text}" for m in self.members)


def group_rows(groups: Iterable[PresenceRedundancyGroup]) -> list[GroupRow]:
    """The groups of one page with members and users, in one further query."""
    listed = list(groups)
    members: dict[int, list[Member]] = {}
    users: dict[int, int] = {}
    found = (
        Member.objects.filter(group__in=[group.pk for group in listed])
        .select_related("node")
        .only("group_id", "position", "state", "node__name")
        .annotate(users=RawSQL(USERS.format("groups_member.node_id"), ()))  # noqa: S611
        .order_by("group_id", "position")
    )
    for member in found:
        members.setdefault(member.group_id, []).append(member)
        users[member.group_id] = users.get(member.group_id, 0) + vars(member)["users"]
    return [GroupRow(g, tuple(members.get(g.pk, ())), users.get(g.pk, 0)) for g in listed]


def _users() -> Coalesce:
    members = Member.objects.filter(group=OuterRef("pk")).order_by().values("group")
    counted = members.annotate(users=Count("node__presence_users")).values("users")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


GROUPS = Listing(
    "presence-redundancy-groups",
    sort="name",
    columns=(
        Column(
            "name",
            FIELDS["name"],
            find="name",
            sort=Lower("name"),
            value=lambda row: row.group.name,
        ),
        Column(
            "description",
            FIELDS["description"],
            find="description",
            sort=Lower("description"),
            value=lambda row: row.group.description,
        ),
        Column(
            "cluster",
            FIELDS["cluster"],
            find="cluster__name",
            sort=Lower("cluster__name"),
            value=lambda row: row.group.cluster.name,
        ),
        Column(
            "server",
            gettext_lazy("Presence Servers"),
            find="members__node__name",
            many=True,
            value=lambda row: ", ".join(member.node.name for member in row.members),
        ),
        Column(
            "ha",
            gettext_lazy("High Availability"),
            find="ha_enabled",
            choices=HA,
            is_text=False,
            sort="ha_enabled",
            value=lambda row: HA[row.group.ha_enabled],
        ),
        Column(
            "users",
            gettext_lazy("Assigned Users"),
            sort=_users(),
            value=lambda row: row.users,
            is_number=True,
        ),
        Column(
            "state",
            gettext_lazy("Server State"),
            find="members__state",
            choices={state.value: label.text for state, label in STATES.items()},
            is_text=False,
            many=True,
            value=lambda row: row.states,
        ),
    ),
)
