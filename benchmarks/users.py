"""75,000 presence users: imported, assigned, rebalanced, listed; each beside its bare cost.

An import is compared with one COPY of the same file into a table without an index, an assignment
and a rebalance with one ``UPDATE ... FROM`` of as many rows of the same table, the list with the
change list of Django's admin over it. What is compared is measured by turns.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from benchmarks import admin_pages
from benchmarks.admin_pages import Browser, Side
from benchmarks.summaries import ratios, summary
from prg_admin.domain import catalogue
from prg_admin.jobs.models import Job
from prg_admin.jobs.services import Progress, job_step
from prg_admin.lib.actor import Actor
from prg_admin.parameters.models import ParameterValue
from prg_admin.topology.models import Cluster, Node
from prg_admin.users import imports, services
from prg_admin.users.handlers import ASSIGN
from prg_admin.users.plans import Target, Way
from tests.factories import create_cluster, create_group, create_node, create_user

USERS = int(os.environ.get("PRG_BENCH_USERS", "75000"))
ROUNDS = int(os.environ.get("PRG_BENCH_ROUNDS", "5"))
TURNS = 8
"""Of the list; the first is not counted."""
PRESENCE_USERS = "/user-management/assign-presence-users/"
CHANGE_LIST = "/plain-admin/users/presenceuser/"
BENCH = Actor("bench")

IMPORTS = ("import", "read and stage", "carry out", "copy to users")
"""The last one is a COPY, too, but into the table itself, with its indexes and constraints."""

Taken = dict[str, list[float]]


def run() -> dict[str, Any]:
    cluster = _cluster()
    content = _file()
    taken: Taken = {}
    for number in range(ROUNDS):
        _one_round(cluster, content, taken)
        last = {name: round(row[-1] * 1000) for name, row in taken.items()}
        sys.stderr.write(f"users {number + 1}: {last} ms\n")
    return {
        "what": f"{USERS:,} presence users",
        "import": _compared(taken, IMPORTS, "copy"),
        "assign": _compared(taken, ("assign", "assign as a job"), "update of all"),
        "rebalance": _compared(taken, ("rebalance",), "update of a half"),
        "list": _list(),
    }


def _compared(taken: Taken, names: tuple[str, ...], bare: str) -> dict[str, Any]:
    found: dict[str, Any] = {bare: summary(taken[bare])}
    for name in names:
        found[name] = {**ratios(taken[name], taken[bare]), **summary(taken[name])}
    return found


def _cluster() -> Cluster:
    """Three groups; without High Availability, so that half of the nodes hold all users."""
    cluster = create_cluster("bench")
    for number in range(3):
        create_group(members=[create_node(cluster=cluster) for _ in range(2)], name=f"g{number}")
    return cluster


def _file() -> bytes:
    lines = (f"user{n:05},User Number {n},{'yes' if n % 50 else 'y'}" for n in range(USERS))
    return "\n".join(["userid,name,licensed", *lines, ""]).encode()


def _one_round(cluster: Cluster, content: bytes, taken: Taken) -> None:
    def time_of(name: str, work: Callable[[], object]) -> object:
        gc.collect()
        begun = time.perf_counter()
        outcome = work()
        taken.setdefault(name, []).append(time.perf_counter() - begun)
        return outcome

    _sql("TRUNCATE users_presenceuser, users_importline", vacuum="users_presenceuser")
    time_of("copy", lambda: _copy(content))
    time_of("copy to users", lambda: _copy_to_users(cluster))
    _sql("TRUNCATE users_presenceuser", vacuum="users_presenceuser")
    staged = time_of("read and stage", lambda: _stage(cluster, content))
    time_of("carry out", lambda: imports.import_apply(import_id=staged.pk, actor=BENCH))
    taken.setdefault("import", []).append(taken["read and stage"][-1] + taken["carry out"][-1])
    _mode(cluster, catalogue.BALANCED)
    _sql("SELECT 1", vacuum="users_presenceuser")
    time_of("assign", lambda: _assign(cluster, Way.MODE))
    _assign(cluster, Way.UNASSIGNED)
    _sql("SELECT 1", vacuum="users_presenceuser")
    time_of("assign as a job", lambda: _job(cluster))
    _sql("SELECT 1", vacuum="users_presenceuser")
    time_of("update of all", lambda: _update(USERS))
    _mode(cluster, catalogue.ACTIVE_STANDBY)
    _halves(cluster)
    _sql("SELECT 1", vacuum="users_presenceuser")
    time_of("rebalance", lambda: _rebalance(cluster))
    _sql("SELECT 1", vacuum="users_presenceuser")
    time_of("update of a half", lambda: _update(USERS // 2))


def _sql(statement: str, *, vacuum: str = "") -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        if vacuum:
            cursor.execute(f"VACUUM ANALYZE {vacuum}")


@transaction.atomic
def _copy(content: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_copy (userid text, name text, licensed text)")
        with cursor.copy("COPY bench_copy FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write(content)
        cursor.execute("SELECT count(*) FROM bench_copy")
        assert cursor.fetchone()[0] == USERS
    transaction.on_commit(lambda: _sql("DROP TABLE bench_copy"))


@transaction.atomic
def _copy_to_users(cluster: Cluster) -> None:
    row = f"{cluster.pk},user%05d,User Number %d,yes\n"
    content = "".join(row % (number, number) for number in range(USERS))
    columns = "(cluster_id, userid, display_name, is_licensed)"
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY users_presenceuser {columns} FROM STDIN (FORMAT csv)") as copy:
            copy.write(content)


def _stage(cluster: Cluster, content: bytes) -> Any:
    staged = imports.import_stage(
        cluster=cluster, file_name="users.csv", content=content, actor=BENCH, now=now()
    )
    assert not staged.fault_count
    return staged


def _mode(cluster: Cluster, mode: str) -> None:
    name = catalogue.USER_ASSIGNMENT_MODE
    ParameterValue.objects.update_or_create(
        cluster=cluster, service=catalogue.ENTERPRISE, name=name, defaults={"value": mode}
    )


def _assign(cluster: Cluster, way: Way) -> None:
    users, target = cluster.presence_users.all(), Target(way)
    outcome = services.users_assign(cluster_id=cluster.pk, users=users, target=target, actor=BENCH)
    assert isinstance(outcome, services.Assigned), outcome
    assert outcome.users == USERS


def _job(cluster: Cluster) -> None:
    parameters = {
        "cluster": cluster.pk,
        "cluster_name": cluster.name,
        "query": "scope=all",
        "way": "mode",
        "node": "",
    }
    at = now()
    job = Job.objects.create(
        kind=ASSIGN, parameters=parameters, total=USERS, actor="bench", created_at=at, stepped_at=at
    )
    while job_step(job_id=job.pk, run="bench", now=now()) is Progress.GOES_ON:
        pass
    job.refresh_from_db()
    assert job.result == {"assigned": USERS}, job.result


def _update(count: int) -> None:
    """The homes turned round, in one statement and nothing else."""
    keys = list(Node.objects.order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE users_presenceuser u SET home_id = (%s::bigint[])[k.n %% 6 + 1]"
            " FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM users_presenceuser) k"
            " WHERE u.id = k.id AND k.n <= %s",
            [keys, count],
        )
        assert cursor.rowcount == count


def _halves(cluster: Cluster) -> None:
    """Everybody spread evenly: the other mode moves half of them."""
    keys = list(Node.objects.order_by("pk").values_list("pk", flat=True))
    users = cluster.presence_users.all()
    for place, key in enumerate(keys):
        users.extra(where=["users_presenceuser.id %% 6 = %s"], params=[place]).update(home_id=key)


def _rebalance(cluster: Cluster) -> None:
    outcome = services.users_rebalance(cluster_id=cluster.pk, actor=BENCH)
    assert isinstance(outcome, services.Assigned), outcome
    assert abs(outcome.users - USERS // 2) <= len(outcome.plan.moves) + 6, outcome.users


def _list() -> dict[str, Any]:
    _sql("ANALYZE")
    client = Client()
    client.force_login(create_user("bench", is_staff=True, is_superuser=True))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(PRESENCE_USERS, headers={"host": "localhost"}).status_code == 200  # noqa: PLR2004
    token = "b" * 32
    cookies = f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}; "
    people = (cookies + f"{settings.CSRF_COOKIE_NAME}={token}", token)
    with tempfile.TemporaryDirectory(prefix="prg-bench-") as folder:
        return {"queries": len(queries), **_asked(Path(folder), people)}


def _asked(folder: Path, people: tuple[str, str]) -> dict[str, Any]:
    from prg_admin.launcher.spawn import end, free_port, spawn, wait_until  # noqa: PLC0415

    port, log = free_port(), folder / "web.log"
    command = [sys.executable, "-m", "prg_admin.live.server", "--port", str(port)]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "benchmarks.admin_settings"}
    process = spawn(command, log=log, death_signal=signal.SIGTERM, env=env)
    try:
        assert wait_until(lambda: admin_pages.answers(port), seconds=30), log.read_text()
        cases = {"find and list": ("", ""), "begins with": (FOUND, "?q=user0007")}
        return {name: _case(port, people, *asked) for name, asked in cases.items()}
    finally:
        end(process, signal.SIGTERM, seconds=10)


FOUND = "?field=userid&operator=begins-with&text=user0007"


def _case(port: int, people: tuple[str, str], ours: str, theirs: str) -> dict[str, Any]:
    sides = (
        Side(lambda browser: _drop(browser.get(PRESENCE_USERS + ours))),
        Side(lambda browser: _drop(browser.get(CHANGE_LIST + theirs))),
    )
    for turn in range(TURNS):
        for side in sides:
            admin_pages.turn(side, [Browser(port, *people)], 10, turn > 0)
    return admin_pages.compared(*sides)


def _drop(_answer: str) -> None:
    """Asking is what takes the time."""
