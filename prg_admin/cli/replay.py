"""``utils ha recording`` and ``utils ha replay``: an event's inputs as a file, decided again."""

from __future__ import annotations

import json
from argparse import _SubParsersAction
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from prg_admin.domain.replay import Recording
from prg_admin.domain.strict import StrictError
from prg_admin.recovery.models import Event
from prg_admin.recovery.replays import recording_text

VERBS = ("recording", "replay")
MOST_BYTES = 1024 * 1024
"""Far above any recording of two nodes."""


def add_arguments(verbs: _SubParsersAction[CommandParser]) -> None:
    recording = verbs.add_parser("recording", help="print all inputs of an event as JSON")
    recording.add_argument("event", type=int, metavar="event")
    replay = verbs.add_parser("replay", help="decide again; exit 1 when it comes out otherwise")
    replay.add_argument("recording", metavar="event | file")
    replay.add_argument("--json", action="store_true", help="print JSON")


def run(*, verb: str, **options: Any) -> tuple[str, bool]:
    """What the command prints, and whether all is alike. Raises CommandError."""
    if verb == "recording":
        return _text_of(options["event"]).rstrip(), True
    text = _told(options["recording"])
    try:
        recording = Recording.from_bytes(text)
    except StrictError as error:
        raise CommandError(f"{options['recording']} is no recording: {error}.") from None
    differences = recording.differences()
    if options["json"]:
        shown = json.dumps([asdict(d) for d in differences], indent=2, ensure_ascii=False)
    else:
        lines = [f"{d.field}: {d.recorded!r} then, {d.replayed!r} now" for d in differences]
        shown = "\n".join(lines) or f"The same decision: {recording.decided.get('rule')}."
    return shown, not differences


def _told(place: str) -> bytes:
    if place.isascii() and place.isdigit():
        return _text_of(int(place)).encode()
    try:
        with Path(place).open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{place} cannot be read: {error.strerror}.") from None
    if len(text) > MOST_BYTES:
        raise CommandError(f"{place} is longer than {MOST_BYTES} bytes, so it is no recording.")
    return text


def _text_of(event_id: int) -> str:
    event = Event.objects.filter(pk=event_id).first() if event_id < 2**63 else None
    if event is None:
        raise CommandError(f"There is no event {event_id}.")
    try:
        return recording_text(event)
    except LookupError:
        raise CommandError(f"Event {event_id} was recorded without its inputs.") from None
