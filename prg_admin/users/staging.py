"""What a file and a directory have in common: users are staged by COPY and merged by statements.

Merging adds users and brings names and licences of known ones up to date. The same lines a second
time change nothing. Who loses the licence loses the home node. User IDs are compared without regard
to case. Removing is the directory's alone: see ``directory_sync``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max

from prg_admin.users.lines import Line, LineFault
from prg_admin.users.models import ImportLine, PresenceUser, UserImport

MOST_FAULTS_KEPT = 200
MANY = 1_000

COPYING = (
    "COPY users_importline (source_id, line, userid, display_name, is_licensed, is_usable)"
    " FROM STDIN"
)
SIZES = """
SELECT count(*) FILTER (WHERE u.id IS NULL),
       count(*) FILTER (WHERE u.id IS NOT NULL AND (u.display_name, u.is_licensed)
                              IS DISTINCT FROM (l.display_name, l.is_licensed)),
       count(*) FILTER (WHERE u.home_id IS NOT NULL AND NOT l.is_licensed)
FROM users_importline l
LEFT JOIN users_presenceuser u ON u.cluster_id = %s AND lower(u.userid) = lower(l.userid)
WHERE l.source_id = %s AND l.is_usable
"""
ADD = """
INSERT INTO users_presenceuser (cluster_id, userid, display_name, is_licensed, directory_id)
SELECT %s, l.userid, l.display_name, l.is_licensed, %s FROM users_importline l
WHERE l.source_id = %s AND l.is_usable AND NOT EXISTS (
  SELECT FROM users_presenceuser u WHERE u.cluster_id = %s AND lower(u.userid) = lower(l.userid))
ORDER BY l.line
ON CONFLICT DO NOTHING
"""
CHANGE = """
UPDATE users_presenceuser u
SET display_name = l.display_name, is_licensed = l.is_licensed,
    home_id = CASE WHEN l.is_licensed THEN u.home_id END,
    queued_at = CASE WHEN l.is_licensed THEN u.queued_at END,
    queue_reason = CASE WHEN l.is_licensed THEN u.queue_reason ELSE '' END
FROM users_importline l
WHERE l.source_id = %s AND l.is_usable
  AND u.cluster_id = %s AND lower(u.userid) = lower(l.userid)
  AND (u.display_name, u.is_licensed) IS DISTINCT FROM (l.display_name, l.is_licensed)
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What merging would change."""

    new: int
    changed: int
    losing_home: int


@dataclass(frozen=True, slots=True)
class Merged:
    added: int
    changed: int
    after: int
    upto: int
    """The keys of those it added are greater than ``after``, and at most this."""


def stage(staged: UserImport, lines: Iterable[Line]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPYING) as copy:
        for line in lines:
            row = (staged.pk, line.number, line.userid, line.name, line.is_licensed, line.is_usable)
            copy.write_row(row)


def counted() -> None:
    """Lets the database count what was staged.

    It knows nothing of rows that came a moment ago, and would compare each with each: minutes
    instead of a second. Others read and write meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE users_importline")


def sizes(staged: UserImport) -> Sizes:
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [staged.cluster_id, staged.pk])
        return Sizes(*cursor.fetchone())


def merge(staged: UserImport) -> Merged:
    """All lines or none, in two statements; under the cluster's lock."""
    after, cluster_id = _last_key(), staged.cluster_id
    with connection.cursor() as cursor:
        cursor.execute(CHANGE, [staged.pk, cluster_id])
        changed = int(cursor.rowcount)
        cursor.execute(ADD, [cluster_id, staged.directory_id, staged.pk, cluster_id])
        added = int(cursor.rowcount)
        if added > MANY:
            # Else whoever assigns them next is planned for as few users as there were.
            cursor.execute("ANALYZE users_presenceuser")
    return Merged(added, changed, after, _last_key())


def unstage(staged: UserImport) -> None:
    ImportLine.objects.filter(source=staged).delete()


def kept_faults(faults: Iterable[LineFault]) -> list[dict[str, object]]:
    """As a row or a job keeps them."""
    return [{"line": f.line, "fault": f.fault.value, "values": f.values} for f in faults]


def _last_key() -> int:
    return PresenceUser.objects.aggregate(last=Max("pk"))["last"] or 0
