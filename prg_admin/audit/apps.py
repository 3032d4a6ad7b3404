from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "prg_admin.audit"
    verbose_name = _("Audit log")

    def ready(self) -> None:
        from prg_admin.audit import listeners  # noqa: F401, PLC0415 - needs loaded apps
