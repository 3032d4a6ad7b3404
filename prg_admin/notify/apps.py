from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotifyConfig(AppConfig):
    name = "prg_admin.notify"
    verbose_name = _("Notifications")
