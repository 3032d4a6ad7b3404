"""The columns of Find and List Presence Users, and the rows of one page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.lib.finding.columns import Column, Listing
from prg_admin.users.models import PresenceUser, QueueReason
from prg_admin.users.serving import ALONE, GroupStanding, group_standings

LICENSED = {True: _("Yes"), False: _("No")}


@dataclass(frozen=True, slots=True)
class UserRow:
    """One line of the list, and the head of a user's page."""

    user: PresenceUser
    group: PresenceRedundancyGroup | None
    standing: GroupStanding

    @property
    def home(self) -> str:
        return self.user.home.name if self.user.home else ""

    @property
    def source(self) -> str:
        """The server of the directory; empty: a file, or local."""
        return self.user.directory.server if self.user.directory else ""

    @property
    def served_by(self) -> str:
        """Empty: nobody serves the user."""
        return (self.standing.served_by(self.home) or "") if self.home else ""

    @property
    def is_away(self) -> bool:
        """Whether another node than the home, or none, serves the user."""
        return bool(self.home) and self.served_by != self.home

    @property
    def outlook(self) -> list[tuple[str, str]]:
        """For each node of the group: if it failed, who would serve the user."""
        nodes = [n.node for n in self.standing.nodes] or ([self.home] if self.home else [])
        found = self.standing.served_if_failed
        return [(node, found(self.home, node) or "") for node in nodes]


def listed_users() -> QuerySet[PresenceUser]:
    return PresenceUser.objects.select_related("cluster", "directory", "home__member__group")


def user_rows(users: Iterable[PresenceUser]) -> list[UserRow]:
    """The users of one page with who serves them, in one further query."""
    listed = [(user, _group(user)) for user in users]
    standings = group_standings(group.pk for _user, group in listed if group)
    return [
        UserRow(user, group, standings.get(group.pk, ALONE) if group else ALONE)
        for user, group in listed
    ]


def _group(user: PresenceUser) -> PresenceRedundancyGroup | None:
    try:
        return user.home.member.group if user.home else None
    except ObjectDoesNotExist:
        return None


USERS = Listing(
    "presence-users",
    sort="userid",
    columns=(
        Column(
            "userid",
            _("User ID"),
            find="userid",
            sort=Lower("userid"),
            value=lambda row: row.user.userid,
        ),
        Column(
            "name",
            _("Name"),
            find="display_name",
            sort=Lower("display_name"),
            value=lambda row: row.user.display_name,
        ),
        Column(
            "cluster",
            _("Cluster"),
            find="cluster__name",
            sort=Lower("cluster__name"),
            value=lambda row: row.user.cluster.name,
        ),
        Column(
            "home",
            _("Home node"),
            find="home__name",
            sort=Lower("home__name"),
            value=lambda row: row.home,
        ),
        Column(
            "group",
            _("Presence Redundancy Group"),
            find="home__member__group__name",
            sort=Lower("home__member__group__name"),
            value=lambda row: row.group.name if row.group else "",
        ),
        Column("served", _("Served by now"), value=lambda row: row.served_by),
        Column(
            "licensed",
            _("Licensed"),
            find="is_licensed",
            choices=LICENSED,
            is_text=False,
            sort="is_licensed",
            value=lambda row: LICENSED[row.user.is_licensed],
        ),
        Column(
            "source",
            _("Source"),
            find="directory__server",
            is_text=False,
            sort=Lower("directory__server"),
            value=lambda row: row.source,
        ),
        Column(
            "waiting",
            _("Waiting for the Sync Agent"),
            find="queue_reason",
            choices=dict(QueueReason.choices),
            sort="queued_at",
            value=lambda row: row.user.get_queue_reason_display(),
        ),
        Column(
            "waiting-since",
            _("Waiting since"),
            value=lambda row: row.user.queued_at,
            is_shown=False,
        ),
    ),
)
