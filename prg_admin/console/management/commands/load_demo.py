from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandParser

from prg_admin.console.demo import demo_load


class Command(BaseCommand):
    help = "Creates the demo cluster where there is none, and writes its nodes' files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--engine-url", required=True, help="where the agents call in, e.g. http://host:8000"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        url = options["engine_url"].rstrip("/")
        made = demo_load(engine_url=url, port=urlsplit(url).port or 80)
        word = "created" if made.created else "exists"
        self.stdout.write(f"demo cluster {word}, {len(made.files)} nodes")
        if made.no_databases:
            self.stdout.write(made.no_databases)
