"""Django's admin as it comes, over groups and presence users: what the pages are measured against.

Not the product's support pages, which show more. It shows fewer columns than our list does, and
its form has fewer fields than ours.
"""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.users.models import PresenceUser

BASE = "plain-admin/groups/presenceredundancygroup/"


class PlainGroupAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "description", "cluster", "ha_enabled")
    list_select_related = ("cluster",)
    list_per_page = 50
    search_fields = ("name",)
    raw_id_fields = ("cluster",)
    """Else its form would offer thousands of clusters, and be measured for that."""


class PlainUserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("userid", "display_name", "cluster", "home", "is_licensed")
    list_select_related = ("cluster", "home")
    list_per_page = 50
    search_fields = ("userid__istartswith",)
    raw_id_fields = ("cluster", "home")


site = admin.AdminSite(name="plain")
site.register(PresenceRedundancyGroup, PlainGroupAdmin)
site.register(PresenceUser, PlainUserAdmin)

urlpatterns = [path("plain-admin/", site.urls), path("", include("prg_admin.urls"))]
