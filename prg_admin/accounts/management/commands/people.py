from __future__ import annotations

import os
import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from prg_admin.accounts.models import Role, User
from prg_admin.accounts.services import person_add, person_unlock, role_change
from prg_admin.lib.actor import command_line_actor


class Command(BaseCommand):
    help = (
        "People who sign in: people list | add NAME --role ROLE | role NAME ROLE | unlock NAME. "
        "A new person's password is read from PRG_PASSWORD; else one is made and printed once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="command")
        verbs.add_parser("list")
        add = verbs.add_parser("add")
        add.add_argument("name")
        add.add_argument("--role", choices=Role.values, default=Role.READ_ONLY.value)
        role = verbs.add_parser("role")
        role.add_argument("name")
        role.add_argument("role", choices=Role.values)
        verbs.add_parser("unlock").add_argument("name")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            self._carry_out(options)
        except ValidationError as invalid:
            raise CommandError(" ".join(invalid.messages)) from None
        except User.DoesNotExist:
            raise CommandError(f"There is nobody named {options['name']!r}.") from None

    def _carry_out(self, options: dict[str, Any]) -> None:
        match options["verb"]:
            case "list":
                for user in User.objects.order_by("username"):
                    state = "" if user.is_active else " (switched off)"
                    self.stdout.write(f"{user.username}\t{user.role}{state}")
            case "add":
                self._add(options["name"], Role(options["role"]))
            case "role":
                user = role_change(
                    username=options["name"],
                    role=Role(options["role"]),
                    actor=command_line_actor(),
                )
                self.stdout.write(f"{user.username} has the role {user.role}.")
            case "unlock":
                done = person_unlock(username=options["name"], actor=command_line_actor())
                word = "can sign in again" if done else "was not locked"
                self.stdout.write(f"{options['name']} {word}.")

    def _add(self, name: str, role: Role) -> None:
        given = os.environ.get("PRG_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        person_add(username=name, role=role, password=password, actor=command_line_actor())
        self.stdout.write(f"{name} was added with the role {role.value}.")
        if not given:
            self.stdout.write(f"Password, shown only now: {password}")
