"""75,000 users imported and assigned in a browser, and the worker killed with -9 in the middle."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from prg_admin.domain.assignment import USERS_PER_CLUSTER
from prg_admin.jobs.models import Job, State
from prg_admin.jobs.services import STALE
from prg_admin.jobs.tasks import sweep
from prg_admin.launcher.spawn import wait_until
from prg_admin.topology.models import Node
from prg_admin.users.models import PresenceUser
from tests.factories import create_cluster, create_group, create_node
from tests.live.browsing import Web
from tests.users.test_browser import admin, press
from tests.users.workers import celery_worker

__all__ = ["admin"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

URL = "/user-management/assign-presence-users/"
SECONDS = 120


def homes(nodes: list[Node]) -> list[int]:
    return [PresenceUser.objects.filter(home=node).count() for node in nodes]


def begin_import(page: Page, web: Web) -> Job:
    page.goto(f"http://127.0.0.1:{web.port}{URL}import/")
    lines = (f"user{number:05},User {number},yes" for number in range(USERS_PER_CLUSTER))
    content = "\n".join(["userid,name,licensed", *lines]).encode()
    file = {"name": "users.csv", "mimeType": "text/csv", "buffer": content}
    page.get_by_label("File").set_input_files(file)
    press(page, "Read the File")
    expect(page.locator("#sizes")).to_contain_text("75,000", timeout=SECONDS * 1000)
    press(page, "Import")
    expect(page.locator("#job-done")).to_be_visible()
    return Job.objects.get()


def shown(page: Page) -> int:
    return int(page.locator("#job-done").get_attribute("data-done") or 0)


def test_75_000_users_arrive_though_the_worker_is_killed(web: Web, admin: Page, tmp_path: Path):
    cluster = create_cluster()
    nodes = [create_node(f"n{number}", cluster=cluster) for number in range(6)]
    for number in range(0, 6, 2):
        create_group(members=nodes[number : number + 2], ha_enabled=True)
    job = begin_import(admin, web)
    with celery_worker(tmp_path / "first.log") as worker:
        # All are added, some have homes, and the page has shown it.
        assert wait_until(lambda: shown(admin) > USERS_PER_CLUSTER, seconds=SECONDS)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert sum(homes(nodes)) == job.done - USERS_PER_CLUSTER < USERS_PER_CLUSTER
    assert wait_until(lambda: now() - job.stepped_at > STALE, seconds=30)
    with celery_worker(tmp_path / "second.log"):
        sweep()
        expect(admin.get_by_text("150,000 of 150,000")).to_be_visible(timeout=SECONDS * 1000)
    expect(admin.get_by_text(re.compile("another one has gone on from"))).to_be_visible()
    assert homes(nodes) == [USERS_PER_CLUSTER // 6] * 6
    assert PresenceUser.objects.count() == USERS_PER_CLUSTER
