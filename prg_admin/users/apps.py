from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "prg_admin.users"
    verbose_name = _("Presence users")

    def ready(self) -> None:
        from prg_admin.jobs.registry import register  # noqa: PLC0415 - needs loaded apps
        from prg_admin.users import handlers, import_handler  # noqa: PLC0415 - needs loaded apps

        register(handlers.ASSIGN, handlers.Assign())
        register(handlers.REBALANCE, handlers.Rebalance())
        register(import_handler.IMPORT, import_handler.Import())
