"""The columns of Find and List Servers, and the rows of one page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prg_admin.lib.finding.columns import Column, Listing
from prg_admin.lib.labels import NEVER_HEARD, REACHABLE, UNREACHABLE
from prg_admin.lib.sentences import FIELDS
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import NodeStatus, group_name, node_status

REACH = {True: REACHABLE.text, False: UNREACHABLE.text}


def listed_nodes() -> QuerySet[Node]:
    """All nodes with what their rows show; users are counted for the rows of one page alone."""
    return Node.objects.select_related("cluster", "last_report", "member__group")


def node_rows(*, now: datetime) -> Callable[[Iterable[Node]], list[NodeStatus]]:
    """Makes the rows of one page, in one further query."""

    def rows(nodes: Iterable[Node]) -> list[NodeStatus]:
        listed = list(nodes)
        counted = Node.objects.filter(pk__in=[node.pk for node in listed]).order_by()
        users = dict(counted.annotate(users=Count("presence_users")).values_list("pk", "users"))
        return [node_status(node, now=now, users=users.get(node.pk, 0)) for node in listed]

    return rows


def services_text(status: NodeStatus) -> str:
    """In words, as the cell of the page says it."""
    if not status.services:
        return ""
    if not status.reachable:
        return _("unknown")
    said = _("%(running)s of %(all)s running")
    return said % {"running": status.running, "all": status.critical}


def _agent_text(status: NodeStatus) -> str:
    if not status.heard_at:
        return str(NEVER_HEARD.text)
    return str(REACH[status.reachable])


def _users() -> Subquery:
    same = Node.objects.filter(pk=OuterRef("pk")).order_by().values("pk")
    counted = same.annotate(users=Count("presence_users")).values("users")
    return Subquery(counted, output_field=IntegerField())


SERVERS = Listing(
    "servers",
    sort="name",
    columns=(
        Column(
            "name",
            FIELDS["name"],
            find="name",
            sort=Lower("name"),
            value=lambda status: status.node.name,
        ),
        Column(
            "description",
            FIELDS["description"],
            find="description",
            value=lambda status: status.node.description,
            is_shown=False,
        ),
        Column(
            "address",
            FIELDS["address"],
            find="address",
            sort=(Lower("address"), "port"),
            value=lambda status: f"{status.node.address}:{status.node.port}",
        ),
        Column(
            "cluster",
            FIELDS["cluster"],
            find="cluster__name",
            sort=Lower("cluster__name"),
            value=lambda status: status.node.cluster.name,
        ),
        Column(
            "group",
            gettext_lazy("Presence Redundancy Group"),
            find="member__group__name",
            sort=Lower("member__group__name"),
            value=lambda status: group_name(status.node),
        ),
        Column(
            "version",
            gettext_lazy("Version"),
            find="last_report__version",
            sort="last_report__version",
            value=lambda status: status.version,
        ),
        Column(
            "users",
            gettext_lazy("Assigned Users"),
            sort=_users(),
            value=lambda status: status.users,
            is_number=True,
        ),
        Column(
            "agent",
            gettext_lazy("Agent"),
            find="last_report__reachable",
            choices=REACH,
            is_text=False,
            sort="last_report__reachable",
            value=_agent_text,
        ),
        Column("services", gettext_lazy("Critical Services"), value=services_text),
    ),
)
