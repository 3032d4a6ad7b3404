"""A certificate as a file: JSON for programs, CSV for spreadsheets. Made while it is sent.

The names of fields are the same in every language, the sentences are in the reader's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from django.utils.translation import get_language, override

from prg_admin.certificates.models import Certificate
from prg_admin.certificates.packing import unpack
from prg_admin.certificates.sentences import node_rows, sessions_words, verdict
from prg_admin.certificates.services import rows_of
from prg_admin.domain.movements import Moved
from prg_admin.lib.finding.csv import BYTE_ORDER_MARK, cell, line_of
from prg_admin.recovery.models import Event

FORMAT = 1
BATCH = 1000
COLUMNS = (
    "user",
    "home",
    "server_before",
    "server_after",
    "sessions_before",
    "sessions_after",
)
HOW = "SHA-256 of the user IDs in UTF-8, sorted by code point, a line feed after each"


def document(certificate: Certificate) -> dict[str, Any]:
    """All but the users, of a movement that has ended."""
    summary, ended = certificate.summary or {}, certificate.ended
    proof = summary["proof"]
    return {
        "format": FORMAT,
        "group": certificate.group_name,
        "way": certificate.way,
        "verdict": proof["verdict"],
        "verdict_text": verdict(summary)[1],
        "began": _event(certificate.begun),
        "ended": _event(ended) if ended else None,
        "users_before": {**proof["before"], "read_at": certificate.before_at.isoformat()},
        "users_after": {
            **proof["after"],
            "read_at": certificate.after_at.isoformat() if certificate.after_at else None,
        },
        "digest": HOW,
        **{name: proof[name] for name in ("lost", "added", "rehomed", "twice")},
        "nodes": _nodes(certificate),
        "sessions": summary.get("sessions"),
        "sessions_text": " ".join(text for _tone, text in sessions_words(certificate)),
        "settled_at": certificate.settled_at.isoformat() if certificate.settled_at else None,
    }


def _event(event: Event) -> dict[str, Any]:
    actor, at = event.actor, event.at.isoformat()
    return {"event": event.pk, "at": at, "rule": event.rule, "actor": actor}


def _nodes(certificate: Certificate) -> list[dict[str, Any]]:
    before, after = unpack(certificate.rolls_before), unpack(certificate.rolls_after)
    return [
        {
            **asdict(row),
            "sessions_by_user_before_at": before.get(row.node, {}).get("at"),
            "sessions_by_user_after_at": after.get(row.node, {}).get("at"),
        }
        for row in node_rows(certificate)
    ]


def json_chunks(certificate: Certificate) -> Iterator[bytes]:
    with override(get_language()):
        head = json.dumps(document(certificate), ensure_ascii=False, indent=2)
    yield head.removesuffix("\n}").encode() + b',\n  "users": ['
    comma = "\n"
    for batch in _batches(rows_of(certificate)):
        lines = (json.dumps(asdict(row), ensure_ascii=False) for row in batch)
        yield (comma + ",\n".join(f"    {line}" for line in lines)).encode()
        comma = ",\n"
    yield b"\n  ]\n}\n"


def csv_chunks(certificate: Certificate) -> Iterator[bytes]:
    """First what it says, each line with a # in front; then the users."""
    with override(get_language()):
        head = _told(document(certificate))
    text = "".join(line_of([f"# {name}", cell(value)]) for name, value in head)
    yield (BYTE_ORDER_MARK + text + line_of(COLUMNS)).encode()
    for batch in _batches(rows_of(certificate)):
        yield "".join(
            line_of(cell(getattr(row, name)) for name in COLUMNS) for row in batch
        ).encode()


def _told(found: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The document as names and values, a line each."""
    for key, value in found.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _told(value, f"{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for inner in value:
                yield from _told(inner, f"{name}.{inner['node']}.")
        else:
            yield name, " ".join(value) if isinstance(value, (list, tuple)) else value


def _batches(rows: Iterator[Moved]) -> Iterator[list[Moved]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
