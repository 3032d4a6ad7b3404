from __future__ import annotations

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

NAME = "admin"


class Command(BaseCommand):
    help = "Creates the first user, admin, with the password in PRG_ADMIN_PASSWORD."

    def handle(self, *_args: Any, **_options: Any) -> None:
        people = get_user_model().objects
        if people.filter(username=NAME).exists():
            self.stdout.write("exists")
            return
        password = os.environ.get("PRG_ADMIN_PASSWORD", "")
        if not password:
            raise CommandError("PRG_ADMIN_PASSWORD must be set to create the user admin.")
        people.create_superuser(NAME, email="", password=password)
        self.stdout.write("created")
