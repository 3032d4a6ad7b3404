from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from prg_admin.lib.clock import steady_now
from prg_admin.lib.support_pages import ReadOnlyAdmin
from prg_admin.notify.models import Alarm, Channel, Delivery
from prg_admin.notify.sentences import alarm_text
from prg_admin.notify.services import channel_test


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic when it runs
    list_display = ("name", "kind", "language", "is_enabled", "failing_since_at", "error")
    list_filter = ("kind", "is_enabled")
    search_fields = ("name",)
    actions = ("send_test",)

    @admin.action(description=_("Send a test"), permissions=["change"])
    def send_test(self, request: HttpRequest, channels: QuerySet[Channel]) -> None:
        for channel in channels:
            channel_test(channel=channel, by=request.user.get_username(), now=steady_now())
            text = _t("%(channel)s: a test is on its way.") % {"channel": channel.name}
            self.message_user(request, text, messages.SUCCESS)


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    list_display = ("at", "name", "severity", "text")
    list_filter = ("name", "severity")
    search_fields = ("key", "name")
    date_hierarchy = "at"

    @admin.display(description=_("text"))
    def text(self, alarm: Alarm) -> str:
        return alarm_text(alarm)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("alarm", "channel", "attempts", "delivered_at", "due_at", "error")
    list_filter = ("channel", "error")
    list_select_related = ("alarm", "channel")
    search_fields = ("alarm__key", "channel__name")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("channel__target")
