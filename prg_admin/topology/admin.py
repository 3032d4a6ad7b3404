# ruff: noqa: ARG002 - the signatures are Django's

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from prg_admin.lib.actor import actor_of
from prg_admin.lib.sentences import problem_text
from prg_admin.lib.support_pages import ReadOnlyAdmin, pretty
from prg_admin.topology.models import Cluster, LinkMeasure, Node, NodeReport
from prg_admin.topology.services import Refused, node_delete


@admin.register(Cluster)
class ClusterAdmin(ReadOnlyAdmin):
    list_display = ("name", "nodes", "groups")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cluster]:
        nodes, groups = Count("nodes", distinct=True), Count("groups", distinct=True)
        clusters: QuerySet[Cluster] = super().get_queryset(request)
        return clusters.annotate(node_count=nodes, group_count=groups)

    @admin.display(description=_("nodes"), ordering="node_count")
    def nodes(self, cluster: Cluster) -> int:
        return cluster.node_count  # type: ignore[attr-defined, no-any-return]

    @admin.display(description=_("groups"), ordering="group_count")
    def groups(self, cluster: Cluster) -> int:
        return cluster.group_count  # type: ignore[attr-defined, no-any-return]


class GroupFilter(admin.SimpleListFilter):
    title = _("in a group")
    parameter_name = "grouped"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Node]) -> QuerySet[Node]:
        if self.value() is None:
            return queryset
        return queryset.filter(member__isnull=self.value() == "no")


@admin.register(Node)
class NodeAdmin(ReadOnlyAdmin):
    """Nodes are changed on their own page, reached by "View on site"."""

    list_display = ("name", "cluster", "address", "port", "publisher", "group", "enrolled")
    list_filter = ("cluster", GroupFilter)
    list_select_related = ("cluster", "member__group")
    search_fields = ("name", "description", "address", "publisher")
    exclude = ("key_hash",)
    readonly_fields = ("probed_at", "epoch", "revision", "enrolled")
    actions = ("delete_nodes",)

    def view_on_site(self, node: Node) -> str:
        return reverse("topology:node", args=[node.pk])

    @admin.display(description=_("group"), ordering="member__group__name")
    def group(self, node: Node) -> str:
        return node.member.group.name if hasattr(node, "member") else ""

    @admin.display(description=_("enrolled"), boolean=True)
    def enrolled(self, node: Node) -> bool:
        return bool(node.key_hash)

    @admin.action(description=_("Delete selected nodes"), permissions=["operate"])
    def delete_nodes(self, request: HttpRequest, nodes: QuerySet[Node]) -> None:
        for pk in nodes.values_list("pk", flat=True):
            answer = node_delete(node_id=pk, actor=actor_of(request))
            if isinstance(answer, Refused):
                for problem in answer.problems:
                    self.message_user(request, problem_text(problem), messages.ERROR)
            else:
                done = _t("%(name)s was deleted.") % {"name": answer.name}
                self.message_user(request, done, messages.SUCCESS)


@admin.register(LinkMeasure)
class LinkMeasureAdmin(ReadOnlyAdmin):
    list_display = ("source", "target", "mbps", "rtt_ms", "error", "asked_at", "measured_at")
    list_filter = ("source__cluster",)
    list_select_related = ("source", "target")
    search_fields = ("source__name", "target__name", "error")


@admin.register(NodeReport)
class NodeReportAdmin(ReadOnlyAdmin):
    list_display = ("node", "reachable", "error", "heard_at", "version", "sessions", "rtt_ms")
    list_filter = ("reachable", "node__cluster", "version")
    list_select_related = ("node",)
    search_fields = ("node__name", "error", "version")
    exclude = ("document",)
    readonly_fields = ("said",)

    @admin.display(description=_("document"))
    def said(self, report: NodeReport) -> SafeString:
        return pretty(report.document)
