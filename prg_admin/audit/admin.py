from __future__ import annotations

from django.contrib import admin

from prg_admin.audit.models import Entry
from prg_admin.lib.support_pages import ReadOnlyAdmin


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "address", "action", "kind", "name")
    list_filter = ("action", "kind")
    search_fields = ("actor", "name")
