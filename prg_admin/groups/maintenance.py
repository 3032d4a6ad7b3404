"""The maintenance helper of a group: what was counted, and where the pair stands on its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from prg_admin.audit.models import Action, Kind
from prg_admin.audit.services import record
from prg_admin.domain.maintenance import (
    Situation,
    Stage,
    Status,
    Step,
    left_to_wait,
    missing,
    steps,
)
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import Maintenance, PresenceRedundancyGroup
from prg_admin.groups.status import GroupStatus
from prg_admin.lib.actor import Actor
from prg_admin.live.news import announce


@dataclass(frozen=True, slots=True)
class Count:
    """One node, before and now; None where it is or was not heard."""

    node: str
    assigned: int
    sessions: int | None
    was_assigned: int | None
    had_sessions: int | None
    missing: int


@dataclass(frozen=True, slots=True)
class Course:
    """Where the group stands."""

    steps: tuple[Step, ...]
    counts: tuple[Count, ...]
    wait_s: float
    maintenance: Maintenance | None

    @property
    def stage(self) -> Stage | None:
        """What is to be done now; None when all is done."""
        return next((step.stage for step in self.steps if step.status is Status.NOW), None)


def course(status: GroupStatus) -> Course:
    begun = Maintenance.objects.filter(pk=status.group.pk).first()
    situation = _situation(status, begun)
    lacking = missing(situation)
    return Course(
        steps=steps(situation),
        counts=tuple(_counts(status, begun, lacking)),
        wait_s=left_to_wait(situation),
        maintenance=begun,
    )


def _situation(status: GroupStatus, begun: Maintenance | None) -> Situation:
    counted = {name: node["sessions"] for name, node in begun.counted.items()} if begun else None
    return Situation(
        counted=counted,
        sessions={member.name: member.active for member in status.members},
        ha_enabled=status.group.ha_enabled,
        ha_off_s=_seconds_off(status),
        work_done=begun is not None and begun.worked_at is not None,
        all_running=all(m.status.reachable and m.status.all_running for m in status.members),
    )


def _seconds_off(status: GroupStatus) -> float | None:
    since = [m.since for m in status.members if m.state == NodeState.UNKNOWN]
    if status.group.ha_enabled or len(since) < len(status.members):
        return None
    times = [at for at in since if at is not None]
    return (status.now - max(times)).total_seconds() if times else float("inf")


def _counts(status: GroupStatus, begun: Maintenance | None, lacking: dict[str, int]) -> list[Count]:
    before = begun.counted if begun else {}
    return [
        Count(
            node=member.name,
            assigned=member.status.users,
            sessions=member.active,
            was_assigned=before.get(member.name, {}).get("assigned"),
            had_sessions=before.get(member.name, {}).get("sessions"),
            missing=lacking.get(member.name, 0),
        )
        for member in status.members
    ]


@transaction.atomic
def maintenance_begin(*, status: GroupStatus, actor: Actor) -> Maintenance:
    """Counts users and sessions; one that was begun before is counted anew."""
    counted = {m.name: {"assigned": m.status.users, "sessions": m.active} for m in status.members}
    begun, _ = Maintenance.objects.update_or_create(
        pk=status.group.pk,
        defaults={
            "began_at": status.now,
            "began_by": actor.name[:150],
            "counted": counted,
            "worked_at": None,
        },
    )
    _note(status.group, actor, after={"maintenance": "begun"})
    return begun


@transaction.atomic
def maintenance_work_done(*, group: PresenceRedundancyGroup, actor: Actor, now: datetime) -> bool:
    """False when none was begun, High Availability is on, or it was said before."""
    waiting = Maintenance.objects.filter(pk=group.pk, worked_at=None, group__ha_enabled=False)
    if not waiting.update(worked_at=now):
        return False
    _note(group, actor, before={"maintenance": "begun"}, after={"maintenance": "work done"})
    return True


@transaction.atomic
def maintenance_end(*, group: PresenceRedundancyGroup, actor: Actor) -> bool:
    """Forgets what was counted; False when none was begun."""
    deleted, _ = Maintenance.objects.filter(pk=group.pk).delete()
    if not deleted:
        return False
    _note(group, actor, before={"maintenance": "begun"})
    return True


def _note(group: PresenceRedundancyGroup, actor: Actor, **values: dict[str, str]) -> None:
    record(actor=actor, action=Action.CHANGED, kind=Kind.GROUP, name=group.name, **values)
    announce(f"group-{group.pk}")
