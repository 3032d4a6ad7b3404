"""Importing users from a file: staged by COPY, looked at, carried out whole or not at all.

An import adds users and brings names and licences of known ones up to date; it deletes nobody. The
same file a second time changes nothing. Who loses the licence loses the home node.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max

from prg_admin.audit.models import Action, Kind
from prg_admin.audit.services import record
from prg_admin.domain.assignment import USERS_PER_CLUSTER
from prg_admin.lib.actor import Actor
from prg_admin.topology.models import Cluster
from prg_admin.users.csv_files import read_file
from prg_admin.users.models import ImportLine, PresenceUser, UserImport
from prg_admin.users.plans import Code, Problem
from prg_admin.users.selectors import cluster_seats
from prg_admin.users.services import Refused, cluster_lock, tell

MOST_FAULTS_KEPT = 200
KEPT = timedelta(days=1)
"""A file that nobody confirmed is forgotten then."""

SIZES = """
SELECT count(*) FILTER (WHERE u.id IS NULL),
       count(*) FILTER (WHERE u.id IS NOT NULL AND (u.display_name, u.is_licensed)
                              IS DISTINCT FROM (l.display_name, l.is_licensed)),
       count(*) FILTER (WHERE u.home_id IS NOT NULL AND NOT l.is_licensed)
FROM users_importline l
LEFT JOIN users_presenceuser u ON u.cluster_id = %s AND lower(u.userid) = lower(l.userid)
WHERE l.source_id = %s
"""
ADD = """
INSERT INTO users_presenceuser (cluster_id, userid, display_name, is_licensed)
SELECT %s, l.userid, l.display_name, l.is_licensed FROM users_importline l
WHERE l.source_id = %s AND NOT EXISTS (
  SELECT FROM users_presenceuser u WHERE u.cluster_id = %s AND lower(u.userid) = lower(l.userid))
ORDER BY l.line
"""
CHANGE = """
UPDATE users_presenceuser u
SET display_name = l.display_name, is_licensed = l.is_licensed,
    home_id = CASE WHEN l.is_licensed THEN u.home_id END
FROM users_importline l
WHERE l.source_id = %s AND u.cluster_id = %s AND lower(u.userid) = lower(l.userid)
  AND (u.display_name, u.is_licensed) IS DISTINCT FROM (l.display_name, l.is_licensed)
"""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What carrying the file out would change."""

    new: int
    changed: int
    losing_home: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    added: int
    changed: int
    after: int
    upto: int
    """The keys of those it added are greater than ``after``, and at most this."""


@transaction.atomic
def import_stage(
    *, cluster: Cluster, file_name: str, content: bytes, actor: Actor, now: datetime
) -> UserImport:
    UserImport.objects.filter(created_at__lt=now - KEPT).delete()
    read = read_file(content)
    first = read.faults[:MOST_FAULTS_KEPT]
    staged = UserImport.objects.create(
        cluster=cluster,
        file_name=file_name[:255].replace("\x00", ""),
        encoding=read.encoding,
        actor=actor.name,
        created_at=now,
        lines=len(read.lines),
        faults=[{"line": f.line, "fault": f.fault.value, "values": f.values} for f in first],
        fault_count=len(read.faults),
    )
    if read.faults:
        return staged
    copying = (
        "COPY users_importline (source_id, line, userid, display_name, is_licensed) FROM STDIN"
    )
    with connection.cursor() as cursor, cursor.copy(copying) as copy:
        for line in read.lines:
            copy.write_row((staged.pk, line.number, line.userid, line.name, line.is_licensed))
    return staged


def import_plan(staged: UserImport) -> ImportPlan:
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [staged.cluster_id, staged.pk])
        new, changed, losing = cursor.fetchone()
    problems = []
    if new:
        seats = cluster_seats(staged.cluster_id)
        problems = seats.refused_now
        users = PresenceUser.objects.filter(cluster_id=staged.cluster_id).count() + new
        if users > USERS_PER_CLUSTER:
            values = {"name": seats.cluster, "users": users, "limit": USERS_PER_CLUSTER}
            problems.append(Problem(Code.CLUSTER_FULL, values))
    return ImportPlan(new, changed, losing, tuple(problems))


@transaction.atomic
def import_apply(*, import_id: int, actor: Actor) -> Imported | Refused:
    """All lines or none, in two statements. Raises ``UserImport.DoesNotExist``."""
    staged = UserImport.objects.select_for_update().get(pk=import_id, fault_count=0)
    cluster_lock(staged.cluster_id)
    plan = import_plan(staged)
    if plan.problems:
        return Refused(plan.problems)
    after = _last_key()
    with connection.cursor() as cursor:
        cursor.execute(CHANGE, [staged.pk, staged.cluster_id])
        changed = int(cursor.rowcount)
        cursor.execute(ADD, [staged.cluster_id, staged.pk, staged.cluster_id])
        added = int(cursor.rowcount)
    if added or changed:
        values = {"file": staged.file_name, "added": added, "changed": changed}
        name = f"{staged.cluster.name}: {staged.file_name}"
        record(actor=actor, action=Action.CHANGED, kind=Kind.USER, name=name, after=values)
        tell(())
    ImportLine.objects.filter(source=staged).delete()
    return Imported(added, changed, after, _last_key())


def _last_key() -> int:
    return PresenceUser.objects.aggregate(last=Max("pk"))["last"] or 0
