"""Who does what kind of job. Apps above register their handlers when they are ready.

A step is called inside the transaction that also writes the progress: what it did and how far the
job is are committed together or not at all, so a worker that is killed at any moment leaves a
position from which another goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from prg_admin.jobs.models import Job


@dataclass(frozen=True, slots=True)
class Step:
    """How far the job is after a step."""

    done: int
    position: dict[str, Any] = field(default_factory=dict)
    total: int | None = None
    """None: as it was."""
    finished: bool = False
    refused: bool = False
    """A rule forbids the rest; ``result`` says which."""
    result: dict[str, Any] | None = None


class Handler(Protocol):
    can_cancel: bool
    """Whether it may be stopped between two steps."""

    def step(self, job: Job, *, now: datetime) -> Step:
        """The next part of the work; short, a second or so."""

    def title(self, job: Job) -> str: ...

    def words(self, job: Job) -> list[tuple[str, str]]:
        """What came of it so far: tone of a status line, and its text."""


class Unknown:
    """Stands for the handler of a kind that this release does not know."""

    can_cancel = True

    def step(self, job: Job, *, now: datetime) -> Step:  # noqa: ARG002 - of the protocol
        return Step(job.done, job.position, refused=True)

    def title(self, job: Job) -> str:
        return job.kind

    def words(self, job: Job) -> list[tuple[str, str]]:  # noqa: ARG002 - of the protocol
        return []


_handlers: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    _handlers[kind] = handler


def handler_of(job: Job) -> Handler:
    return _handlers.get(job.kind) or Unknown()
