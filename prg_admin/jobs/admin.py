from __future__ import annotations

from django.contrib import admin

from prg_admin.jobs.models import Job
from prg_admin.lib.support_pages import ReadOnlyAdmin


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("kind", "state", "done", "total", "actor", "created_at", "finished_at")
    list_filter = ("kind", "state")
    search_fields = ("actor", "kind")
