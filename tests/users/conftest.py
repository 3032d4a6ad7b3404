from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from prg_admin.accounts.models import User
from prg_admin.users.models import Directory
from tests.factories import create_user
from tests.live.conftest import reader, web, web_process
from tests.plugins.slapd import Slapd
from tests.users.cluster import Town
from tests.users.people import People, draft, save

__all__ = ["reader", "web", "web_process"]


@pytest.fixture
def alice(db: None) -> User:
    """The administrator at the keyboard."""
    return create_user("alice")


@pytest.fixture
def admin(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def people(slapd: Slapd) -> Iterator[People]:
    found = People(slapd)
    yield found
    found.close()


@pytest.fixture
def directory(town: Town, slapd: Slapd, people: People) -> Directory:
    return save(town, draft(slapd))
