from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "prg_admin.users"
    verbose_name = _("Presence users")

    def ready(self) -> None:
        from prg_admin.jobs.registry import register  # noqa: PLC0415 - needs loaded apps
        from prg_admin.users import (  # noqa: PLC0415 - needs loaded apps
            directories,
            directory_handler,
            handlers,
            import_handler,
        )

        register(handlers.ASSIGN, handlers.Assign())
        register(handlers.REBALANCE, handlers.Rebalance())
        register(import_handler.IMPORT, import_handler.Import())
        register(directories.SYNC, directory_handler.Sync())
