"""Pages of groups beside Django's admin over the same table, in the same run.

``python -m benchmarks.admin_pages``: 10,000 groups, one web process, requests over the loopback
device; the change list beside Find and List, its search beside the filtered list, its form beside
the configuration page, its save beside ours. Both are asked by turns, so that what disturbs the
machine disturbs both. Prints one JSON document; a ratio of requests above 1 and of times below 1
mean that ours is faster. Only the ratios can be compared between machines.

What is alike: one process with one chain of middleware, the same session and person; redirects are
not followed. What is not: our page shows twice as much, and more yet where the nodes of the group
have told what they do (the second half of them has; measured apart). Both saves look up the group,
write it and an entry of a log in one transaction, and leave a message for the next page; ours also
locks the group, its nodes and clusters, refuses what was changed in between, and tells open pages.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

GROUPS = int(os.environ.get("PRG_BENCH_GROUPS", "10000"))
ROUNDS = int(os.environ.get("PRG_BENCH_ROUNDS", "12"))
"""Turns of each side; the first is not counted."""
IN_A_TURN = {1: 20, 8: 48}
"""Requests of one turn, by concurrency."""
OURS = "/system/presence-redundancy-groups/"
THEIRS = "/plain-admin/groups/presenceredundancygroup/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOKEN = "csrfmiddlewaretoken"  # noqa: S105
HEAR = """
    update topology_nodereport report set heard_at = %s, rtt_ms = 1, document = replace(replace(
        %s, 'imp-own', node.name), 'imp-peer', peer.name)::jsonb
    from topology_node node
    join groups_member own on own.node_id = node.id
    join groups_member its on its.group_id = own.group_id and its.id <> own.id
    join topology_node peer on peer.id = its.node_id
    where node.id = report.node_id and own.group_id > %s + (
        select min(id) from groups_presenceredundancygroup) - 1
"""
Ask = Callable[["Browser"], None]


@dataclass
class Browser:
    """A kept connection of somebody signed in."""

    port: int
    cookies: str
    token: str
    link: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, address: str) -> str:
        return self._ask("GET", address, None, http.HTTPStatus.OK)

    def post(self, address: str, fields: dict[str, str]) -> None:
        body = urlencode({TOKEN: self.token, **fields})
        self._ask("POST", address, body, http.HTTPStatus.FOUND)

    def _ask(self, method: str, address: str, body: str | None, wanted: int) -> str:
        headers = {"Cookie": self.cookies, **(FORM if body else {})}
        self.link.request(method, address, body, headers)
        answer = self.link.getresponse()
        text = answer.read().decode()
        if answer.status != wanted:
            raise AssertionError(f"{method} {address}: {answer.status}\n{text[:2000]}")
        return text


@dataclass
class Side:
    """What one of the two was asked, and how long it took."""

    ask: Ask
    seconds: list[float] = field(default_factory=list)
    """Of each request."""
    spent: float = 0.0
    """Of all turns together."""


def main() -> int:
    if os.environ.get("PRG_BENCH_SANDBOX") == "1":
        print(json.dumps(_run(), indent=2))
        return 0
    # Servers of its own, thrown away afterwards.
    own = [sys.executable, "-m", "benchmarks.admin_pages"]
    command = [sys.executable, "-m", "prg_admin.launcher.sandbox", *own]
    return subprocess.run(
        command, check=False, env=os.environ | {"PRG_BENCH_SANDBOX": "1"}
    ).returncode


def measured() -> dict[str, Any]:
    """The same for other benchmarks: run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.admin_pages"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _run() -> dict[str, Any]:
    from prg_admin.launcher.spawn import end, free_port, spawn, wait_until  # noqa: PLC0415

    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.admin_settings"
    people, keys = _prepare()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="prg-bench-") as folder:
        log = Path(folder) / "web.log"
        command = [sys.executable, "-m", "prg_admin.live.server", "--port", str(port)]
        process = spawn(command, log=log, death_signal=signal.SIGTERM, env=dict(os.environ))
        try:
            ready = wait_until(lambda: answers(port), seconds=30)
            assert ready, log.read_text()
            return _measure(lambda: Browser(port, *people), keys)
        finally:
            end(process, signal.SIGTERM, seconds=10)


def _prepare() -> tuple[tuple[str, str], list[int]]:
    """The groups, and the cookies and token of an administrator."""
    import django  # noqa: PLC0415

    django.setup()
    from django.conf import settings  # noqa: PLC0415 - the settings are known only now
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.utils.timezone import now  # noqa: PLC0415

    from prg_admin.groups.models import PresenceRedundancyGroup  # noqa: PLC0415
    from prg_admin.recovery.models import EngineStatus  # noqa: PLC0415
    from tests.factories import create_user  # noqa: PLC0415
    from tests.groups.many import create_many_groups  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    create_many_groups(GROUPS)
    _hear_second_half()
    # As while the engine is at work: no page has anything to say of it.
    ahead = now() + timedelta(days=1)
    EngineStatus.objects.create(pk=1, ticked_at=ahead, swept_at=ahead)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    client = Client()
    client.force_login(create_user("bench", is_staff=True, is_superuser=True))
    token = "b" * 32
    cookies = f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}; "
    cookies += f"{settings.CSRF_COOKIE_NAME}={token}"
    keys = PresenceRedundancyGroup.objects.order_by("pk").values_list("pk", flat=True)
    return (cookies, token), list(keys)


def _hear_second_half() -> None:
    """Both nodes of these groups have just told that all their services run."""
    from django.db import connection  # noqa: PLC0415
    from django.utils.timezone import now  # noqa: PLC0415

    from prg_admin.domain.wire import PeerReport  # noqa: PLC0415
    from tests.factories import create_report  # noqa: PLC0415

    peer = PeerReport("imp-peer", 0.4, 0.8, "", ("imp-peer",))
    report = json.dumps(create_report("imp-own", peer=peer).to_json())
    with connection.cursor() as cursor:
        cursor.execute(HEAR, [now() + timedelta(days=1), report, GROUPS // 2])


def answers(port: int) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/login/")
        return link.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        link.close()


def _measure(browser: Callable[[], Browser], keys: list[int]) -> dict[str, Any]:
    cases: dict[str, Any] = {}
    for name, (ours, theirs) in _cases(browser(), keys).items():
        cases[name] = {}
        for concurrency, requests in IN_A_TURN.items():
            sides = Side(ours), Side(theirs)
            for number in range(ROUNDS):
                for side in sides:
                    turn(side, [browser() for _ in range(concurrency)], requests, number > 0)
            cases[name][f"concurrency {concurrency}"] = compared(*sides)
            sys.stderr.write(f"{name}, {concurrency}: {cases[name]}\n")
    return {
        "what": f"pages over {GROUPS} groups; Django's admin over the same table is the unit",
        "cases": cases,
    }


def _cases(first: Browser, keys: list[int]) -> dict[str, tuple[Ask, Ask]]:
    """Each with what is asked of us and of Django's admin."""
    form = _fields(first.get(f"{OURS}{keys[-1]}/"))
    ours, theirs = iter(keys), iter(keys[len(keys) // 2 :])

    def save_ours(browser: Browser) -> None:
        key = next(ours)
        number = key - keys[0]
        own = {"name": f"group-{number:05}", "description": f"saved {number}"}
        servers = {f"server{i}": f"imp-{number:05}-{i}" for i in (1, 2)}
        browser.post(f"{OURS}{key}/", {**form, **own, **servers})

    def save_theirs(browser: Browser) -> None:
        key = next(theirs)
        number = key - keys[0]
        own = {"name": f"group-{number:05}", "description": f"saved {number}"}
        cluster = str(1 + number // 3)
        browser.post(f"{THEIRS}{key}/change/", {**own, "cluster": cluster, "ha_enabled": "on"})

    found = "?field=name&operator=contains&text=077"
    half = len(keys) // 2
    read, heard = iter(keys[:half] * 200), iter(keys[half:] * 200)
    return {
        "find and list": (lambda b: _drop(b.get(OURS)), lambda b: _drop(b.get(THEIRS))),
        "filtered list": (
            lambda b: _drop(b.get(OURS + found)),
            lambda b: _drop(b.get(f"{THEIRS}?q=077")),
        ),
        "configuration page": (
            lambda b: _drop(b.get(f"{OURS}{next(read)}/")),
            lambda b: _drop(b.get(f"{THEIRS}{next(read)}/change/")),
        ),
        "configuration page, nodes heard": (
            lambda b: _drop(b.get(f"{OURS}{next(heard)}/")),
            lambda b: _drop(b.get(f"{THEIRS}{next(heard)}/change/")),
        ),
        "valid save": (save_ours, save_theirs),
    }


def _drop(_answer: str) -> None:
    """Asking is what takes the time."""


def _fields(page: str) -> dict[str, str]:
    """What the form of a group sends besides what is typed."""
    revision = re.search(r'name="revision" value="(\d+)"', page)
    assert revision, "the page shows no form"
    return {"revision": revision[1], "ha_enabled": "on", "confirmed": ""}


def turn(side: Side, browsers: list[Browser], requests: int, is_counted: bool) -> None:
    """``requests`` of them, shared by the browsers; a warm-up is not counted."""
    tickets = iter(range(requests))
    failures: list[BaseException] = []
    seconds: list[float] = []

    def work(browser: Browser) -> None:
        try:
            for _ in _shared(tickets):
                begun = time.perf_counter()
                side.ask(browser)
                seconds.append(time.perf_counter() - begun)
        except BaseException as error:  # noqa: BLE001 - raised again where it is seen
            failures.append(error)
        finally:
            browser.link.close()

    threads = [threading.Thread(target=work, args=(browser,)) for browser in browsers]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    if is_counted:
        side.spent += time.perf_counter() - begun
        side.seconds += seconds


def _shared(tickets: Iterator[int]) -> Iterator[int]:
    """``next`` of a list's iterator is one step for all threads."""
    while (ticket := next(tickets, None)) is not None:
        yield ticket


def compared(ours: Side, theirs: Side) -> dict[str, Any]:
    a, b = _summary(ours), _summary(theirs)
    return {
        "requests_per_second_ratio": round(a["requests_per_second"] / b["requests_per_second"], 2),
        "p50_ratio": round(a["p50_ms"] / b["p50_ms"], 2),
        "p99_ratio": round(a["p99_ms"] / b["p99_ms"], 2),
        "ours": a,
        "admin": b,
    }


def _summary(side: Side) -> dict[str, float]:
    cuts = quantiles(side.seconds, n=100)
    return {
        "requests_per_second": round(len(side.seconds) / side.spent, 1),
        "p50_ms": round(cuts[49] * 1000, 2),
        "p99_ms": round(cuts[98] * 1000, 2),
        "measured": len(side.seconds),
    }


if __name__ == "__main__":
    sys.exit(main())
