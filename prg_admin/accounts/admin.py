from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from prg_admin.accounts.models import User

admin.site.site_header = _("PRG Admin support")
admin.site.site_title = _("PRG Admin support")
admin.site.index_title = _("Tables of the database")

admin.site.register(User, UserAdmin)
