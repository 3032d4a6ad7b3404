"""No page is forgotten by what is tried on all of them."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.urls import resolve

from tests.accounts.test_matrix import READABLE
from tests.e2e.pages import NO_PAGES, PAGES, SIGN_IN, Places

LISTED = {
    resolve(urlsplit(Places(1, 1, 1).address(page)).path).view_name
    for page in (PAGES | SIGN_IN).values()
}
NAMES = sorted({f"{place.namespace}:{place.pattern.name}" for place in READABLE})


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_its_line(name: str):
    assert (name in LISTED) != (name in NO_PAGES), f"{name}: add it to PAGES of tests/e2e/pages.py"


def test_nothing_is_left_out_that_does_not_exist():
    assert set(NO_PAGES) <= set(NAMES)
