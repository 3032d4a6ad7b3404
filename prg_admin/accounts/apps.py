from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "prg_admin.accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from prg_admin.accounts import listeners  # noqa: F401, PLC0415 - needs loaded apps
        from prg_admin.accounts.checks import views_are_guarded  # noqa: PLC0415 - needs loaded apps

        register(views_are_guarded, Tags.urls)
