from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from prg_admin.lib.support_pages import ReadOnlyAdmin
from prg_admin.users.models import Directory, ImportLine, PresenceUser, UserImport


@admin.register(PresenceUser)
class PresenceUserAdmin(ReadOnlyAdmin):
    list_display = ("userid", "display_name", "is_licensed", "cluster", "home", "directory")
    list_filter = (
        "cluster",
        "is_licensed",
        ("home", admin.EmptyFieldListFilter),
        ("directory", admin.EmptyFieldListFilter),
        "queue_reason",
    )
    list_select_related = ("cluster", "home", "directory")
    search_fields = ("userid", "home__name")
    search_help_text = _("User ID or home node")


@admin.register(Directory)
class DirectoryAdmin(ReadOnlyAdmin):
    list_display = ("server", "cluster", "is_enabled", "due_at", "result_at")
    list_select_related = ("cluster",)
    search_fields = ("server", "cluster__name")
    exclude = ("sealed_password",)


@admin.register(UserImport)
class UserImportAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "cluster", "lines", "fault_count", "actor", "created_at")
    list_select_related = ("cluster",)
    search_fields = ("file_name", "actor")


@admin.register(ImportLine)
class ImportLineAdmin(ReadOnlyAdmin):
    list_display = ("userid", "display_name", "is_licensed", "line", "source")
    list_select_related = ("source",)
    search_fields = ("userid",)
