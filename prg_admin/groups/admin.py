# ruff: noqa: ARG002 - the signatures are Django's

from __future__ import annotations

from dataclasses import replace

from django.contrib import admin, messages
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from prg_admin.groups.models import Maintenance, Member, PresenceRedundancyGroup
from prg_admin.groups.services import (
    Conflict,
    Deleted,
    Refused,
    Saved,
    group_delete,
    group_draft,
    group_update,
)
from prg_admin.lib.actor import actor_of
from prg_admin.lib.clock import steady_now
from prg_admin.lib.sentences import problem_text
from prg_admin.lib.support_pages import ReadOnlyAdmin


class MemberInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Member
    extra = 0
    can_delete = False
    fields = ("position", "node", "state", "reason", "state_since_at", "ordered", "ordered_epoch")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        return super().get_queryset(request).select_related("node")


@admin.register(PresenceRedundancyGroup)
class GroupAdmin(ReadOnlyAdmin):
    """Groups are changed on their own page, reached by "View on site"."""

    list_display = ("name", "cluster", "servers", "ha_enabled", "states", "epoch", "version")
    list_filter = ("ha_enabled", "cluster", "members__state")
    list_select_related = ("cluster",)
    search_fields = ("name", "description", "members__node__name")
    readonly_fields = ("revision", "version", "epoch", "automatic_failovers")
    inlines = (MemberInline,)
    actions: tuple[str, ...] = ("enable_ha", "disable_ha", "delete_groups")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PresenceRedundancyGroup]:
        members = Prefetch("members", Member.objects.select_related("node").order_by("position"))
        return super().get_queryset(request).prefetch_related(members)

    def view_on_site(self, group: PresenceRedundancyGroup) -> str:
        return reverse("groups:group", args=[group.pk])

    @admin.display(description=_("nodes"))
    def servers(self, group: PresenceRedundancyGroup) -> str:
        return " | ".join(member.node.name for member in group.members.all())

    @admin.display(description=_("states"))
    def states(self, group: PresenceRedundancyGroup) -> str:
        return " | ".join(_t(member.get_state_display()) for member in group.members.all())

    @admin.action(description=_("Enable High Availability"), permissions=["operate"])
    def enable_ha(self, request: HttpRequest, groups: QuerySet[PresenceRedundancyGroup]) -> None:
        self._set_ha(request, groups, wanted=True)

    @admin.action(description=_("Disable High Availability"), permissions=["operate"])
    def disable_ha(self, request: HttpRequest, groups: QuerySet[PresenceRedundancyGroup]) -> None:
        self._set_ha(request, groups, wanted=False)

    @admin.action(description=_("Delete selected groups"), permissions=["operate"])
    def delete_groups(
        self, request: HttpRequest, groups: QuerySet[PresenceRedundancyGroup]
    ) -> None:
        for pk in groups.values_list("pk", flat=True):
            self._tell(request, group_delete(group_id=pk, actor=actor_of(request)))

    def _set_ha(
        self,
        request: HttpRequest,
        groups: QuerySet[PresenceRedundancyGroup],
        *,
        wanted: bool,
    ) -> None:
        for group in groups:
            answer = group_update(
                group_id=group.pk,
                draft=replace(group_draft(group), ha_enabled=wanted),
                revision=group.revision,
                actor=actor_of(request),
                now=steady_now(),
            )
            self._tell(request, answer)

    def _tell(self, request: HttpRequest, answer: Saved | Deleted | Refused | Conflict) -> None:
        match answer:
            case Refused(problems):
                for problem in problems:
                    self.message_user(request, problem_text(problem), messages.ERROR)
            case Conflict():
                self.message_user(
                    request, _t("Somebody changed the group meanwhile."), messages.ERROR
                )
            case Saved(group):
                done = _t("%(name)s was saved.") % {"name": group.name}
                self.message_user(request, done, messages.SUCCESS)
            case Deleted(name):
                done = _t("%(name)s was deleted.") % {"name": name}
                self.message_user(request, done, messages.SUCCESS)


@admin.register(Maintenance)
class MaintenanceAdmin(ReadOnlyAdmin):
    list_display = ("group", "began_at", "began_by", "worked_at")
    list_filter = ("began_at",)
    list_select_related = ("group",)
    search_fields = ("group__name", "began_by")
