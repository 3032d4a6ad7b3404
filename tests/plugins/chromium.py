"""A real Chromium for tests marked ``browser``.

``python -m tests.plugins.chromium`` (part of ``make test``) installs it from the system's packages
where that is possible. Without it those tests are skipped by name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.db import connections
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

PACKAGES = ["chromium", "fonts-noto-cjk"]
MISSING = "Chromium is not installed"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


def executable() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def install() -> str:
    """Install Chromium if it is missing and may be installed; say what came of it."""
    if found := executable():
        return f"Chromium: {found}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"{MISSING} and only root can install it here; browser tests will be skipped."
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *PACKAGES],
    ):
        if subprocess.run(command, check=False, env=env).returncode:
            return f"{MISSING}: '{' '.join(command)}' failed; browser tests will be skipped."
    return f"Chromium: {executable()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if executable():
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=f"{MISSING}; 'make test' as root installs it"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a test module.

    Not for the session: while Playwright's synchronous interface is open, this thread counts as
    one with a running event loop, in which neither asynchronous tests nor Django's ORM work.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield chromium
        chromium.close()
        # Django keeps other connections for such a thread; later nobody would reach these.
        connections.close_all()


@pytest.fixture
def console_errors() -> list[str]:
    """What the page complained about; a test that provokes an error clears it."""
    return []


@pytest.fixture
def page(browser: Browser, console_errors: list[str]) -> Iterator[Page]:
    """An empty page in a browser profile of its own; errors in its console fail the test."""

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            console_errors.append(f"{message.text} ({message.location.get('url', '')})")

    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    fresh = context.new_page()
    fresh.on("console", note)
    fresh.on("pageerror", lambda error: console_errors.append(str(error)))
    yield fresh
    context.close()
    assert console_errors == []


if __name__ == "__main__":
    sys.stdout.write(install() + "\n")
