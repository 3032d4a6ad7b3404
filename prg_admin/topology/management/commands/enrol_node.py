from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from prg_admin.topology.enrolment import node_enrol
from prg_admin.topology.models import Node

HIGHEST_PORT = 65535


class Command(BaseCommand):
    help = "Writes key, certificate and configuration file for a node's agent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the node, as under System > Server")
        parser.add_argument("--engine-url", required=True, help="where its agent calls in")
        parser.add_argument("--node-version", required=True, help="its software version")
        parser.add_argument("--client-port", type=int, required=True, help="where clients log in")
        parser.add_argument("--folder", type=Path, default=settings.NODES_DIR)

    def handle(self, *_args: Any, **options: Any) -> None:
        node = Node.objects.filter(name__iexact=options["name"]).first()
        if node is None:
            known = ", ".join(Node.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no node {options['name']!r}. Known nodes: {known}.")
        if not options["engine_url"].startswith(("http://", "https://")):
            raise CommandError(
                f"--engine-url must begin with http:// or https://, not {options['engine_url']!r}."
            )
        if not 1 <= options["client_port"] <= HIGHEST_PORT:
            raise CommandError(
                f"--client-port must be from 1 to {HIGHEST_PORT}, not {options['client_port']}."
            )
        path = node_enrol(
            node=node,
            version=options["node_version"],
            client_port=options["client_port"],
            engine_url=options["engine_url"].rstrip("/"),
            folder=options["folder"],
            pki_dir=settings.PKI_DIR,
        )
        self.stdout.write(f"{path}\nStart the agent: python -m prg_admin.agent --config {path}")
