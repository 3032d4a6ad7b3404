"""People in a real directory, and a cluster that is synchronised with it."""

from __future__ import annotations

from dataclasses import replace

import ldap3
from django.db import connection
from django.utils.timezone import now

from prg_admin.domain.directory import DirectoryDraft
from prg_admin.jobs import services as jobs
from prg_admin.jobs.models import Job
from prg_admin.jobs.selectors import job_row
from prg_admin.jobs.services import job_step
from prg_admin.lib.actor import Actor
from prg_admin.users.directories import Saved, directory_save, sync_start
from prg_admin.users.models import Directory
from tests.plugins.slapd import PASSWORD, ROOT_DN, SUFFIX, Slapd
from tests.users.cluster import Town

ALICE = Actor("alice")
NOW = now()
LATER = NOW + 2 * jobs.STALE
PEOPLE = f"ou=people,{SUFFIX}"
EACH_ROW = "select userid, xmin::text, ctid::text from users_presenceuser order by userid"


class People:
    """Those in the directory; changed as its manager does it."""

    def __init__(self, slapd: Slapd) -> None:
        server = ldap3.Server(slapd.server, get_info=ldap3.NONE)
        self._link = ldap3.Connection(
            server, f"cn=manager,{SUFFIX}", "manager", auto_bind=True, check_names=False
        )
        self.clear()

    def add(self, *userids: str, **attributes: str | list[str]) -> None:
        for userid in userids:
            values = {"cn": userid, "sn": userid, "displayName": userid.title(), **attributes}
            known = {name: value for name, value in values.items() if value}
            assert self._link.add(f"uid={userid},{PEOPLE}", "inetOrgPerson", known)

    def add_many(self, count: int) -> None:
        self.add(*(f"user{number}" for number in range(count)))

    def add_nameless(self, cn: str) -> None:
        assert self._link.add(f"cn={cn},{PEOPLE}", "inetOrgPerson", {"sn": cn})

    def change(self, userid: str, **attributes: str) -> None:
        changes = {k: [(ldap3.MODIFY_REPLACE, [v])] for k, v in attributes.items()}
        assert self._link.modify(f"uid={userid},{PEOPLE}", changes)

    def remove(self, *userids: str) -> None:
        for userid in userids:
            assert self._link.delete(f"uid={userid},{PEOPLE}")

    def clear(self) -> None:
        self._link.search(PEOPLE, "(objectClass=inetOrgPerson)", attributes=["1.1"])
        for dn in [row["dn"] for row in self._link.response]:
            self._link.delete(dn)

    def close(self) -> None:
        self._link.unbind()


def draft(slapd: Slapd, **more) -> DirectoryDraft:
    given = DirectoryDraft(
        server=slapd.server, bind_dn=ROOT_DN, password=PASSWORD, base=SUFFIX, page_size=2
    )
    return replace(given, **more)


def save(town: Town, given: DirectoryDraft, revision: int = 0) -> Directory:
    outcome = directory_save(
        cluster_id=town.cluster.pk, draft=given, revision=revision, actor=ALICE, now=NOW
    )
    assert isinstance(outcome, Saved), outcome
    return outcome.directory


def start(directory: Directory, **more) -> Job:
    job, is_new = sync_start(directory_id=directory.pk, actor=ALICE, now=NOW, **more)
    assert is_new
    return job


def finish(job: Job, worker: str = "one", at=NOW) -> Job:
    while not job.is_finished:
        job_step(job_id=job.pk, run=worker, now=at)
        job.refresh_from_db()
    return job


def sync(directory: Directory, **more) -> Job:
    return finish(start(directory, **more))


def users(town: Town) -> list[tuple[str, str, bool]]:
    found = town.cluster.presence_users.order_by("userid")
    return list(found.values_list("userid", "display_name", "is_licensed"))


def said(job: Job) -> str:
    return " ".join(text for _tone, text in job_row(job).words)


def rows() -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(EACH_ROW)
        return cursor.fetchall()
