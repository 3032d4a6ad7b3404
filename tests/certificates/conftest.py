from __future__ import annotations

import pytest
from django.test import Client

from prg_admin.topology import asking
from tests.certificates.nodes import Nodes
from tests.factories import create_user
from tests.recovery.conftest import pair

__all__ = ["pair"]


@pytest.fixture
def reader(client: Client, db: None) -> Client:
    client.force_login(create_user("bob", role="read-only"))
    return client


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    found = Nodes()
    monkeypatch.setattr(asking, "call_rolls", found.call_rolls)
    return found
