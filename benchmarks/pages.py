"""From the commit of a change to the changed cell of an open page."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import django
import redis
from playwright.sync_api import Page, sync_playwright

from benchmarks.summaries import ratios, summary
from tests.plugins.chromium import ARGUMENTS, executable
from tests.scenarios.installation import Installation
from tests.scenarios.person import Person

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 50
WARM_UP = 5
GROUP = "Subcluster-2"
NODE = "imp3"
PATIENCE_MS = 30_000
REASONS = {"on-admin-request": "On Admin Request", "normal": "Normal"}
"""Shown by turns: a reason that the engine leaves alone while both nodes are Normal."""
WATCH = """
(node) => {
  const cell = () => document.querySelector(`#ha tr[data-node=${node}]`).cells[4].innerText.trim();
  window.cells = [];
  let last = cell();
  new MutationObserver(() => {
    const now = cell();
    if (now !== last) window.cells.push([now, Date.now()]);
    last = now;
  }).observe(document.body, {childList: true, subtree: true});
}
"""
LAST = """
(wanted) => {
  const last = window.cells.at(-1);
  return last && last[0] === wanted && last[1];
}
"""


def measure(installation: Installation, person: Person) -> dict[str, Any]:
    bare = _publish_to_receive(installation.redis_url)
    if executable() is None:
        return {"skipped": "Chromium is not installed", "bare": summary(bare)}
    change = _changer(installation)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        page = browser.new_page()
        page.context.add_cookies(person.cookies())
        page.goto(f"{installation.url}/system/presence-redundancy-groups/"
                  f"{installation.group_id(GROUP)}/")  # fmt: skip
        page.wait_for_selector("#live-indicator:not([hidden])")
        page.evaluate(WATCH, NODE)
        seen = [_once(page, change, number) for number in range(ROUNDS)]
        version = browser.version
        browser.close()
    return {
        "what": "commit to the changed cell in the browser",
        "bare_what": "publish to receive on the same Redis",
        "browser": f"Chromium {version}",
        **ratios(seen[WARM_UP:], bare),
        "cell": summary(seen[WARM_UP:]),
        "bare": summary(bare),
    }


def _once(page: Page, change: Callable[[str], float], number: int) -> float:
    reason, shown = list(REASONS.items())[number % len(REASONS)]
    committed = change(reason)
    changed = page.wait_for_function(LAST, arg=shown, timeout=PATIENCE_MS, polling=10).json_value()
    sys.stderr.write(f"page {number + 1}: {changed - committed * 1000:.0f} ms\n")
    return float(changed) / 1000 - committed


def _changer(installation: Installation) -> Callable[[str], float]:
    """Changes the reason shown for the node as the engine would; returns when it was committed."""
    os.environ.update(installation.env)
    os.environ["DJANGO_SETTINGS_MODULE"] = "prg_admin.settings"
    # Playwright's event loop runs in this thread; the ORM would refuse to work in it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    django.setup()
    from django.db import transaction  # noqa: PLC0415 - the settings are known only now

    from prg_admin.groups.models import Member  # noqa: PLC0415
    from prg_admin.live.news import announce  # noqa: PLC0415

    topic = f"group-{installation.group_id(GROUP)}"

    def change(reason: str) -> float:
        committed: list[float] = []
        with transaction.atomic():
            Member.objects.filter(node__name=NODE).update(reason=reason)
            transaction.on_commit(lambda: committed.append(time.time()))
            announce(topic)
        return committed[0]

    return change


def _publish_to_receive(url: str, rounds: int = 500) -> list[float]:
    publisher, subscriber = redis.Redis.from_url(url), redis.Redis.from_url(url)
    listening = subscriber.pubsub()
    listening.subscribe("bench")
    listening.get_message(timeout=5)
    received: list[float] = []
    came = threading.Event()

    def receive() -> None:
        for message in listening.listen():
            received.append(time.perf_counter())
            came.set()
            if message["data"] == b"end":
                return

    thread = threading.Thread(target=receive)
    thread.start()
    taken = []
    for number in range(rounds):
        came.clear()
        sent = time.perf_counter()
        publisher.publish("bench", "end" if number == rounds - 1 else "news")
        came.wait(5)
        taken.append(received[-1] - sent)
    thread.join()
    listening.close()
    return taken
