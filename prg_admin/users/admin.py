from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from prg_admin.lib.support_pages import ReadOnlyAdmin
from prg_admin.users.models import PresenceUser


@admin.register(PresenceUser)
class PresenceUserAdmin(ReadOnlyAdmin):
    list_display = ("userid", "cluster", "home")
    list_filter = ("cluster", ("home", admin.EmptyFieldListFilter))
    list_select_related = ("cluster", "home")
    search_fields = ("userid", "home__name")
    search_help_text = _("User ID or home node")
