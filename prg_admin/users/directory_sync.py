"""Synchronising a cluster with its directory: staged, then merged in one transaction.

1. *Read*: page by page into the staging, a second at a time. The connection lives in the worker;
   when that is gone, another begins to read anew. Nothing of the users has changed by then.
2. *Merge*: who is gone is removed within the safety limit of ``domain.directory``; the rest is
   ``staging.merge``. All of it or nothing.
3. *Homes* for the new users by the mode: as of an import.

Users without this source (from a file, local) are brought up to date like others, and never
removed. An entry that is wrong in something else than its user ID still counts as being there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from django.db import connection, transaction

from prg_admin.audit.models import Action, Kind
from prg_admin.audit.services import record
from prg_admin.domain.directory import are_too_many
from prg_admin.lib.actor import Actor
from prg_admin.users import staging
from prg_admin.users.directories import access_of, attributes_of, directory_draft
from prg_admin.users.directory_entries import Attributes, take
from prg_admin.users.ldap_client import Search
from prg_admin.users.lines import Lines
from prg_admin.users.models import Directory, UserImport
from prg_admin.users.services import cluster_lock, tell

logger = logging.getLogger(__name__)

MOST_NAMED = 100
"""Of the removed users the audit log names so many."""

GONE = """
FROM users_presenceuser u WHERE u.cluster_id = %s AND u.directory_id = %s AND NOT EXISTS (
  SELECT FROM users_importline l WHERE l.source_id = %s AND lower(l.userid) = lower(u.userid))
"""


@dataclass(slots=True)
class Reading:
    """A search that is under way, in this worker's memory."""

    run: str
    """Of the worker's turn; see ``jobs.services``."""
    staged_id: int
    search: Search
    attributes: Attributes
    seen: dict[str, str | int] = field(default_factory=dict)
    read: int = 0
    stepped: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    merged: staging.Merged
    known: int
    """Users that came from the directory before."""
    gone: int
    removed: int

    @property
    def is_held(self) -> bool:
        return self.gone > self.removed


def reading_begin(directory: Directory, *, run: str, actor: Actor, now: datetime) -> Reading:
    """Connects, and throws away what an earlier attempt staged. Raises ``Failed``."""
    draft = directory_draft(directory)
    search = Search(access_of(draft, directory))
    UserImport.objects.filter(directory=directory).delete()
    staged = UserImport.objects.create(
        cluster_id=directory.cluster_id,
        directory=directory,
        file_name=directory.server[:255],
        actor=actor.name,
        created_at=now,
    )
    return Reading(run, staged.pk, search, attributes_of(draft))


def reading_go_on(reading: Reading, *, seconds: float) -> None:
    """The next pages into the staging; at least one. Raises ``Failed``."""
    until, found = monotonic() + seconds, Lines(seen=reading.seen)
    where: dict[int, str] = {}
    while not reading.search.is_over:
        for entry in reading.search.page():
            reading.read += 1
            where[reading.read] = entry.dn
            take(found, reading.read, entry, reading.attributes)
        if monotonic() > until:
            break
    staged = UserImport.objects.get(pk=reading.staged_id)
    staging.stage(staged, found.lines)
    room = staging.MOST_FAULTS_KEPT - len(staged.faults)
    kept = staging.kept_faults(found.faults[: max(room, 0)])
    staged.faults += [fault | {"entry": where[int(str(fault["line"]))][:255]} for fault in kept]
    staged.fault_count += len(found.faults)
    staged.lines = reading.read
    staged.save(update_fields=["faults", "fault_count", "lines"])


@transaction.atomic
def directory_merge(*, staged: UserImport, may_remove: int, actor: Actor) -> Outcome:
    """All of it or nothing. ``may_remove``: so many may go, whatever the safety limit."""
    cluster = cluster_lock(staged.cluster_id)
    directory = Directory.objects.get(pk=staged.directory_id or 0)
    key = [staged.cluster_id, staged.directory_id, staged.pk]
    known = directory.presence_users.count()
    staging.counted()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {GONE}", key)
        gone = int(cursor.fetchone()[0])
        removed: list[str] = []
        if gone and (gone <= may_remove or not are_too_many(gone, known, directory.most_removed)):
            cursor.execute(f"DELETE {GONE} RETURNING u.userid", key)
            removed = [userid for (userid,) in cursor.fetchall()]
    outcome = Outcome(staging.merge(staged), known, gone, len(removed))
    if outcome.is_held:
        logger.warning(
            "Directory of %s: %s of %s users are gone, more than %s %%; nobody was removed",
            *(cluster.name, gone, known, directory.most_removed),
        )
    merged = outcome.merged
    if merged.added or merged.changed or removed:
        after = {
            "added": merged.added,
            "changed": merged.changed,
            "removed": len(removed),
            "removed_userids": sorted(removed)[:MOST_NAMED],
        }
        name = f"{cluster.name}: {staged.file_name}"
        record(actor=actor, action=Action.CHANGED, kind=Kind.USER, name=name, after=after)
        tell(())
    staging.unstage(staged)
    return outcome
