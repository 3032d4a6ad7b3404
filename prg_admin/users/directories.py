"""The directory of a cluster: saved, tried out, deleted; and when it is synchronised."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import transaction

from prg_admin.audit.models import Action, Kind
from prg_admin.audit.services import record
from prg_admin.domain.directory import (
    DirectoryDraft,
    Problem,
    StoredAccess,
    Trouble,
    validate_directory,
)
from prg_admin.jobs.models import Job
from prg_admin.jobs.services import job_start
from prg_admin.lib.actor import Actor
from prg_admin.lib.sealed import Unreadable, seal, unseal
from prg_admin.live.news import announce
from prg_admin.topology.models import Cluster
from prg_admin.users.directory_entries import Attributes, take
from prg_admin.users.ldap_client import Access, Failed, Search
from prg_admin.users.lines import Line, LineFault, Lines
from prg_admin.users.models import Directory
from prg_admin.users.queue import SYNC_AGENT
from prg_admin.users.services import cluster_lock

logger = logging.getLogger(__name__)

SYNC = "users.directory"
FIRST = 5
"""Users that a test shows."""
TEST_S = 10.0
"""A test counts no longer: somebody waits for it."""
STORED = tuple(
    name for name in DirectoryDraft.__dataclass_fields__ if name not in ("password", "is_enabled")
)


@dataclass(frozen=True, slots=True)
class Saved:
    directory: Directory


@dataclass(frozen=True, slots=True)
class Refused:
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody saved in between; nothing was written."""

    revision: int
    stored: DirectoryDraft


@dataclass(frozen=True, slots=True)
class Tested:
    found: int
    is_all: bool
    """No: it counted as long as somebody may be kept waiting."""
    first: list[Line] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)


def directory_draft(directory: Directory | None) -> DirectoryDraft:
    """What is stored, without the password."""
    if directory is None:
        return DirectoryDraft()
    values = {name: getattr(directory, name) for name in STORED}
    return DirectoryDraft(**values, is_enabled=directory.is_enabled)


def directory_problems(draft: DirectoryDraft, directory: Directory | None) -> list[Problem]:
    """What saving would be refused for now; the form asks as one types."""
    stored = None
    if directory and directory.sealed_password:
        stored = StoredAccess(directory.server, directory.bind_dn)
    return validate_directory(draft, stored)


@transaction.atomic
def directory_save(
    *, cluster_id: int, draft: DirectoryDraft, revision: int, actor: Actor, now: datetime
) -> Saved | Refused | Conflict:
    """Raises ``Cluster.DoesNotExist``."""
    cluster = cluster_lock(cluster_id)
    stored = Directory.objects.filter(cluster=cluster).first()
    if (stored.revision if stored else 0) != revision:
        return Conflict(stored.revision if stored else 0, directory_draft(stored))
    problems = directory_problems(draft, stored)
    if problems:
        return Refused(problems)
    before = _shown(stored)
    directory = stored or Directory(cluster=cluster, revision=0)
    _write(directory, draft, now)
    directory.save()
    after = _shown(directory)
    if stored and draft.password:
        after["password"] = "changed"  # noqa: S105 - the audit log hides even that
    _note(actor, Action.CHANGED if stored else Action.ADDED, cluster, before, after)
    announce("directories", "users")
    return Saved(directory)


def _write(directory: Directory, draft: DirectoryDraft, now: datetime) -> None:
    for name in STORED:
        setattr(directory, name, getattr(draft, name))
    if draft.password or not draft.bind_dn:
        directory.sealed_password = seal(draft.password)
    begins = draft.is_enabled and (
        directory.due_at is None or directory.due_at > _next(directory, now)
    )
    directory.is_enabled = draft.is_enabled
    if begins:
        directory.due_at = _next(directory, now)
    elif not draft.is_enabled:
        directory.due_at = None
    directory.revision += 1


def _next(directory: Directory, now: datetime) -> datetime:
    return now + timedelta(minutes=directory.minutes)


def _shown(directory: Directory | None) -> dict[str, Any]:
    """For the audit log; of the password only whether there is one."""
    if directory is None:
        return {}
    values = asdict(directory_draft(directory))
    values["password"] = "set" if directory.sealed_password else ""
    return values


def _note(
    actor: Actor,
    action: Action,
    cluster: Cluster,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    name = f"{cluster.name}: LDAP"
    record(actor=actor, action=action, kind=Kind.CLUSTER, name=name, before=before, after=after)


@transaction.atomic
def directory_delete(*, directory_id: int, actor: Actor) -> int:
    """Its users stay, as local ones; their number. Raises ``Directory.DoesNotExist``."""
    cluster_lock(Directory.objects.get(pk=directory_id).cluster_id)
    directory = Directory.objects.select_related("cluster").get(pk=directory_id)
    kept = directory.presence_users.update(directory=None)
    _note(actor, Action.DELETED, directory.cluster, _shown(directory), {})
    directory.delete()
    announce("directories", "users")
    return kept


def attributes_of(draft: DirectoryDraft) -> Attributes:
    return Attributes(draft.userid_attribute, draft.name_attribute, draft.licence_attribute)


def access_of(draft: DirectoryDraft, directory: Directory | None) -> Access:
    """With the password that was typed, else the stored one. Raises ``Failed``."""
    password = draft.password
    if not password and draft.bind_dn and directory:
        try:
            password = unseal(directory.sealed_password)
        except Unreadable:
            raise Failed(Trouble.SEALED) from None
    return Access(
        server=draft.server,
        bind_dn=draft.bind_dn,
        password=password,
        base=draft.base,
        filter=draft.filter,
        attributes=attributes_of(draft).wanted,
        page_size=draft.page_size or 1,
    )


def directory_test(draft: DirectoryDraft, directory: Directory | None) -> Tested:
    """Reads and changes nothing; the draft is valid. Raises ``Failed``."""
    access, attributes, lines = access_of(draft, directory), attributes_of(draft), Lines()
    until = monotonic() + TEST_S
    first = Search(replace(access, page_size=FIRST))
    for number, entry in enumerate(first.page(), start=1):
        take(lines, number, entry, attributes)
    first.close()
    counting, found = Search(replace(access, attributes=("1.1",))), 0
    while not counting.is_over and monotonic() < until:
        found += len(counting.page())
    counting.close()
    return Tested(found, counting.is_over, lines.lines[:FIRST], lines.faults[:FIRST])


@transaction.atomic
def sync_start(
    *, directory_id: int, actor: Actor, now: datetime, may_remove: int = 0
) -> tuple[Job, bool]:
    """The job, and whether it was begun now: of one directory there is one at a time.

    ``may_remove``: so many users may go, whatever the safety limit. Raises
    ``Directory.DoesNotExist``.
    """
    found = Directory.objects.select_for_update(of=("self",)).select_related("cluster", "job")
    directory = found.get(pk=directory_id)
    if directory.job and not directory.job.is_finished:
        return directory.job, False
    parameters = {
        "directory": directory.pk,
        "cluster": directory.cluster_id,
        "cluster_name": directory.cluster.name,
        "server": directory.server,
        "may_remove": may_remove,
    }
    known = directory.presence_users.count()
    directory.job = job_start(kind=SYNC, parameters=parameters, total=known, actor=actor, now=now)
    if directory.is_enabled:
        directory.due_at = _next(directory, now)
    directory.save(update_fields=["job", "due_at"])
    announce("directories")
    return directory.job, True


def directories_sync(*, now: datetime) -> int:
    """Begins what is due; how many. Asked twice at once, each directory is begun once."""
    begun = 0
    due = Directory.objects.filter(is_enabled=True, due_at__lte=now)
    for directory_id in due.values_list("pk", flat=True):
        with transaction.atomic():
            mine = Directory.objects.select_for_update(skip_locked=True, of=("self",))
            directory = mine.filter(pk=directory_id, is_enabled=True, due_at__lte=now).first()
            if directory is None:
                continue
            _job, is_new = sync_start(directory_id=directory.pk, actor=SYNC_AGENT, now=now)
            if not is_new:
                Directory.objects.filter(pk=directory.pk).update(due_at=_next(directory, now))
            begun += is_new
    return begun
