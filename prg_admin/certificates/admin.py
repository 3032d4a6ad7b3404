from __future__ import annotations

from django.contrib import admin

from prg_admin.certificates.models import Certificate, Gathering, Roll
from prg_admin.lib.support_pages import ReadOnlyAdmin


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    list_display = ("group_name", "way", "before_at", "after_at", "settled_at")
    list_filter = ("way",)
    search_fields = ("group_name",)
    exclude = ("homes_before", "homes_after", "rolls_before", "rolls_after")


@admin.register(Roll)
class RollAdmin(ReadOnlyAdmin):
    list_display = ("node", "revision", "taken_at", "confirmed_at")
    list_select_related = ("node",)
    search_fields = ("node__name",)
    exclude = ("users",)


@admin.register(Gathering)
class GatheringAdmin(ReadOnlyAdmin):
    list_display = ("id", "upto_at", "leased_until_at")
    search_fields = ("=id",)
