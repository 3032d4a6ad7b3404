from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.site import Site
from tests.scenarios.installation import Installation
from tests.scenarios.person import Person

# Far more than anything takes: a test must not fail because its machine is busy.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)

Visitor = Callable[..., Site]


@pytest.fixture
def site(page: Page, installation: Installation, console_errors: list[str]) -> Iterator[Site]:
    """A browser in which nobody is signed in. Errors in its console fail the test."""
    page.set_default_timeout(PATIENCE_MS)
    site = Site(page, installation)
    yield site
    console_errors[:] = [error for error in console_errors if not site.is_tolerated(error)]


@pytest.fixture
def alice(site: Site, person: Person) -> Site:
    """Alice, who is signed in."""
    site.page.context.add_cookies(person.cookies())
    return site


@pytest.fixture
def visitor(browser: Browser, installation: Installation, person: Person) -> Iterator[Visitor]:
    """Opens further browser profiles; with ``signed_in`` somebody is signed in already."""
    contexts: list[BrowserContext] = []

    def open_profile(*, signed_in: bool = True, **options: object) -> Site:
        context = browser.new_context(**{"locale": "en-US", **options})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if signed_in:
            context.add_cookies(person.cookies())
        return Site(context.new_page(), installation)

    yield open_profile
    for context in contexts:
        context.close()
