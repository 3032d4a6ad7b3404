"""The web application, for an ASGI server."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prg_admin.settings")

pages = get_asgi_application()

from prg_admin.recovery.doorway import Doorway  # noqa: E402 - needs the loaded apps

application = Doorway(pages)
