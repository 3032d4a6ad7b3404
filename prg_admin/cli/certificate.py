"""``utils ha certificate``: whom a recovery moved, and the proof that it lost nobody."""

from __future__ import annotations

from argparse import _SubParsersAction
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser

from prg_admin.certificates.documents import csv_chunks, document, json_chunks
from prg_admin.certificates.models import Certificate
from prg_admin.certificates.selectors import certificate_of_event
from prg_admin.recovery.models import Event

VERB = "certificate"


def add_arguments(verbs: _SubParsersAction[CommandParser]) -> None:
    command = verbs.add_parser(VERB, help="who was moved by a failover or fallback, with the proof")
    command.add_argument("event", type=int, metavar="event")
    kinds = command.add_mutually_exclusive_group()
    kinds.add_argument("--json", action="store_true", help="print JSON, every user included")
    kinds.add_argument("--csv", action="store_true", help="print CSV, every user included")


def run(*, event: int, **options: Any) -> Iterator[str]:
    """What the command prints, piece by piece. Raises CommandError."""
    certificate = _found(event)
    if options["json"]:
        return (chunk.decode() for chunk in json_chunks(certificate))
    if options["csv"]:
        return (chunk.decode() for chunk in csv_chunks(certificate))
    return iter([_text(certificate)])


def _found(event_id: int) -> Certificate:
    event = Event.objects.filter(pk=event_id).first() if 0 <= event_id < 2**63 else None
    if event is None:
        raise CommandError(f"There is no event {event_id}.")
    certificate = certificate_of_event(event, whole=True)
    if certificate is None:
        raise CommandError(f"No users were moved with event {event_id}: there is no certificate.")
    if certificate.ended is None:
        raise CommandError("The movement is under way; its certificate follows when it has ended.")
    return certificate


def _text(certificate: Certificate) -> str:
    found = document(certificate)
    before, after = found["users_before"], found["users_after"]
    lines = [
        f"Subcluster Name: {found['group']}",
        f"Movement: {found['way']}, from {found['began']['at']} to {found['ended']['at']}",
        f"Users before: {before['users']} SHA-256: {before['sha256']}",
        f"Users after: {after['users']} SHA-256: {after['sha256']}",
        f"Verdict: {found['verdict_text']}",
        f"Sessions: {found['sessions_text']}",
    ]
    for node in found["nodes"]:
        sessions = (node["sessions_before"], node["sessions_after"])
        was, now = ("not known" if number is None else str(number) for number in sessions)
        served = (", ".join(node[key]) or "nobody" for key in ("served_before", "served_after"))
        lines.append(
            f"Node {node['node']} serves the users of: {' -> '.join(served)};"
            f" sessions: {was} -> {now}"
        )
    return "\n".join(lines) + "\n"
