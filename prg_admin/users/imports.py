"""Importing users from a file: looked at, then carried out whole or not at all; nobody is deleted.

What it has in common with a directory is ``staging``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from prg_admin.audit.models import Action, Kind
from prg_admin.audit.services import record
from prg_admin.domain.assignment import USERS_PER_CLUSTER
from prg_admin.lib.actor import Actor
from prg_admin.topology.models import Cluster
from prg_admin.users import staging
from prg_admin.users.csv_files import read_file
from prg_admin.users.models import PresenceUser, UserImport
from prg_admin.users.plans import Code, Problem, Values
from prg_admin.users.selectors import cluster_seats
from prg_admin.users.services import Refused, cluster_lock, tell

KEPT = timedelta(days=1)
"""A file that nobody confirmed is forgotten then."""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What carrying the file out would change."""

    sizes: staging.Sizes
    problems: tuple[Problem, ...] = ()
    """Why it cannot be carried out."""
    waiting_for: tuple[Problem, ...] = ()
    """Why the new users would have to wait for their home nodes."""


@transaction.atomic
def import_stage(
    *, cluster: Cluster, file_name: str, content: bytes, actor: Actor, now: datetime
) -> UserImport:
    UserImport.objects.filter(directory=None, created_at__lt=now - KEPT).delete()
    read = read_file(content)
    staged = UserImport.objects.create(
        cluster=cluster,
        file_name=file_name[:255].replace("\x00", ""),
        encoding=read.encoding,
        actor=actor.name,
        created_at=now,
        lines=len(read.lines),
        faults=staging.kept_faults(read.faults[: staging.MOST_FAULTS_KEPT]),
        fault_count=len(read.faults),
    )
    if not read.faults:
        staging.stage(staged, read.lines)
    return staged


def import_plan(staged: UserImport) -> ImportPlan:
    sizes = staging.sizes(staged)
    problems: list[Problem] = []
    waiting_for: list[Problem] = []
    if sizes.new:
        seats = cluster_seats(staged.cluster_id)
        waiting_for = seats.refused_now
        users = PresenceUser.objects.filter(cluster_id=staged.cluster_id).count() + sizes.new
        if users > USERS_PER_CLUSTER:
            limit = USERS_PER_CLUSTER
            values: Values = {"name": seats.cluster, "users": users, "limit": limit}
            problems.append(Problem(Code.CLUSTER_FULL, values))
    return ImportPlan(sizes, tuple(problems), tuple(waiting_for))


@transaction.atomic
def import_apply(*, import_id: int, actor: Actor) -> staging.Merged | Refused:
    """All lines or none. Raises ``UserImport.DoesNotExist``."""
    staged = UserImport.objects.select_for_update().get(pk=import_id, fault_count=0)
    cluster_lock(staged.cluster_id)
    plan = import_plan(staged)
    if plan.problems:
        return Refused(plan.problems)
    merged = staging.merge(staged)
    if merged.added or merged.changed:
        values = {"file": staged.file_name, "added": merged.added, "changed": merged.changed}
        name = f"{staged.cluster.name}: {staged.file_name}"
        record(actor=actor, action=Action.CHANGED, kind=Kind.USER, name=name, after=values)
        tell(())
    staging.unstage(staged)
    return merged
