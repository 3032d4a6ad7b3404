"""The web application, for an ASGI server."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prg_admin.settings")

django.setup(set_prefix=False)

from prg_admin.lib.lanes import Pages  # noqa: E402 - needs the settings
from prg_admin.recovery.doorway import Doorway  # noqa: E402 - needs the loaded apps

application = Doorway(Pages())
