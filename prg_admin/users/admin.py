from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from prg_admin.lib.support_pages import ReadOnlyAdmin
from prg_admin.users.models import ImportLine, PresenceUser, UserImport


@admin.register(PresenceUser)
class PresenceUserAdmin(ReadOnlyAdmin):
    list_display = ("userid", "display_name", "is_licensed", "cluster", "home")
    list_filter = ("cluster", "is_licensed", ("home", admin.EmptyFieldListFilter))
    list_select_related = ("cluster", "home")
    search_fields = ("userid", "home__name")
    search_help_text = _("User ID or home node")


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
