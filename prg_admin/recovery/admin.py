# ruff: noqa: ARG002 - the signatures are Django's

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from prg_admin.domain.requests import Action
from prg_admin.domain.transitions import ROWS
from prg_admin.groups.admin import GroupAdmin
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.lib.actor import actor_of
from prg_admin.lib.clock import steady_now
from prg_admin.lib.sentences import limitation_text
from prg_admin.lib.support_pages import ReadOnlyAdmin, pretty
from prg_admin.live.news import announce
from prg_admin.recovery.models import Breach, EngineStatus, Event, RoundTrip
from prg_admin.recovery.services import action_request


def _ask(
    admin_page: ReadOnlyAdmin,
    request: HttpRequest,
    action: Action,
    *,
    group_id: int,
    index: int | None,
    about: str,
) -> None:
    """Hand an operator's wish to the engine and tell what came of it."""
    refused = action_request(
        group_id=group_id,
        action=action,
        index=index,
        actor=actor_of(request),
        now=steady_now(),
    )
    if refused is None:
        text = _t("%(about)s: the engine has taken the request.") % {"about": about}
        admin_page.message_user(request, text, messages.SUCCESS)
    else:
        text = f"{about}: {limitation_text(refused)}"
        admin_page.message_user(request, text, messages.ERROR)


class OperatedGroupAdmin(GroupAdmin):
    """The groups' page with what only the engine can do."""

    actions = (*GroupAdmin.actions, "recover")

    @admin.action(description=_("Recover"), permissions=["operate"])
    def recover(self, request: HttpRequest, groups: QuerySet[PresenceRedundancyGroup]) -> None:
        for group in groups:
            _ask(self, request, Action.RECOVER, group_id=group.pk, index=None, about=group.name)


admin.site.unregister(PresenceRedundancyGroup)
admin.site.register(PresenceRedundancyGroup, OperatedGroupAdmin)


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ("node", "group", "position", "state", "reason", "state_since_at", "ordered")
    list_filter = ("state", "reason", "group__ha_enabled", "group__cluster")
    list_select_related = ("node", "group")
    search_fields = ("node__name", "group__name")
    actions = ("failover", "fallback")

    @admin.action(description=_("Failover"), permissions=["operate"])
    def failover(self, request: HttpRequest, members: QuerySet[Member]) -> None:
        self._ask_each(request, members, Action.FAILOVER)

    @admin.action(description=_("Fallback"), permissions=["operate"])
    def fallback(self, request: HttpRequest, members: QuerySet[Member]) -> None:
        self._ask_each(request, members, Action.FALLBACK)

    def _ask_each(self, request: HttpRequest, members: QuerySet[Member], action: Action) -> None:
        for member in members.select_related("node"):
            _ask(
                self,
                request,
                action,
                group_id=member.group_id,
                index=member.position - 1,
                about=member.node.name,
            )


class RuleFilter(admin.SimpleListFilter):
    """The rules of the table, not those that occur: that would read every event."""

    title = _("rule")
    parameter_name = "rule"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(rule, rule) for rule in sorted({row.rule for row in ROWS})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(rule=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("at", "group_name", "rule", "actor", "states", "epoch", "version")
    list_filter = (RuleFilter, "at")
    date_hierarchy = "at"
    search_fields = ("group_name", "rule", "actor")
    fields = (
        "at",
        "group",
        "group_name",
        "rule",
        "actor",
        "epoch",
        "version",
        "was",
        "became",
        "looked_at",
    )
    readonly_fields = ("was", "became", "looked_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        found: QuerySet[Event] = super().get_queryset(request)
        return found.defer("recording")

    @admin.display(description=_("states after"))
    def states(self, event: Event) -> str:
        return " | ".join(str(node.get("state", "")) for node in event.after)

    @admin.display(description=_("before"))
    def was(self, event: Event) -> SafeString:
        return pretty(event.before)

    @admin.display(description=_("after"))
    def became(self, event: Event) -> SafeString:
        return pretty(event.after)

    @admin.display(description=_("values"))
    def looked_at(self, event: Event) -> SafeString:
        return pretty(event.values)


@admin.register(EngineStatus)
class EngineStatusAdmin(ReadOnlyAdmin):
    """One row: how the engine itself fares."""

    list_display = ("id", "ticked_at", "swept_at", "watched_since_at", "is_blind")
    list_filter = ("is_blind",)
    search_fields = ("id",)


@admin.register(Breach)
class BreachAdmin(ReadOnlyAdmin):
    """Should be empty: what the engine found to be wrong with its own work."""

    list_display = ("found_at", "invariant", "group_name", "event", "detail", "seen_at")
    list_filter = ("invariant", "seen_at")
    list_select_related = ("event",)
    search_fields = ("group_name", "invariant", "detail")
    actions = ("take_note",)

    @admin.action(description=_("Take note of them"), permissions=["operate"])
    def take_note(self, request: HttpRequest, breaches: QuerySet[Breach]) -> None:
        breaches.filter(seen_at=None).update(seen_at=steady_now())
        announce("engine")


@admin.register(RoundTrip)
class RoundTripAdmin(ReadOnlyAdmin):
    """Heartbeats of the engine, one a minute and node."""

    list_display = ("at", "node", "rtt_ms")
    list_select_related = ("node",)
    search_fields = ("node__name",)
