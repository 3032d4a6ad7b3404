from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prg_admin.console.demo import demo_load


class Command(BaseCommand):
    help = "Creates the demo cluster where there is none, and writes its nodes' files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--engine-url", required=True, help="where the agents call in, e.g. http://host:8000"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        url = options["engine_url"].rstrip("/")
        made = demo_load(engine_url=url, port=_port(url))
        word = "created" if made.created else "exists"
        self.stdout.write(f"demo cluster {word}, {len(made.files)} nodes")
        if made.no_databases:
            self.stdout.write(made.no_databases)


def _port(url: str) -> int:
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError as error:
        raise CommandError(f"--engine-url {url!r} is no address: {error}.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CommandError(f"--engine-url must be like http://host:8000, not {url!r}.")
    return port
