from __future__ import annotations

import pytest
from django.test import Client

from prg_admin.accounts.models import User
from tests.factories import create_user
from tests.live.conftest import web, web_process

__all__ = ["web", "web_process"]


@pytest.fixture
def alice(db: None) -> User:
    """The administrator at the keyboard."""
    return create_user("alice")


@pytest.fixture
def admin(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client
