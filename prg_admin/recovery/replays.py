"""Events decided again, now, from what they were decided from then."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.utils.translation import gettext as _

from prg_admin.domain.replay import Difference, Recording
from prg_admin.domain.strict import StrictError
from prg_admin.recovery.models import Event


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it; ``problem`` is a sentence when the event cannot be decided again."""

    differences: tuple[Difference, ...] = ()
    problem: str = ""

    @property
    def is_alike(self) -> bool:
        return not (self.problem or self.differences)


def replayed(event: Event) -> Replayed:
    if event.recording is None:
        return Replayed(problem=_("It was recorded by a release that did not keep its inputs."))
    try:
        recording = Recording.from_json(event.recording)
    except StrictError as error:
        text = _("It was recorded by another release, which this one cannot read: %(error)s.")
        return Replayed(problem=text % {"error": error})
    return Replayed(recording.differences())


def recording_text(event: Event) -> str:
    """The recording as a file; raises ``LookupError`` when the event has none."""
    if event.recording is None:
        raise LookupError(f"event {event.pk} has no recording")
    return json.dumps(event.recording, indent=2, ensure_ascii=False) + "\n"
