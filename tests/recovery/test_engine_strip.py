"""The strip on every page: the engine is blind, without beat, or not running at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from prg_admin.lib.clock import steady_now
from prg_admin.recovery.models import EngineStatus
from tests.factories import create_user

HOME = "/"
STRIP = "/recovery/engine/"


@pytest.fixture
def alice(client: Client, db: None) -> Client:
    client.force_login(create_user("alice"))
    return client


def engine(*, tick: float | None = 0, sweep: float | None = 0, is_blind: bool = False) -> None:
    """Seconds since the engine's last tick and sweep."""
    EngineStatus.objects.update_or_create(
        pk=1,
        defaults={
            "ticked_at": None if tick is None else steady_now() - timedelta(seconds=tick),
            "swept_at": None if sweep is None else steady_now() - timedelta(seconds=sweep),
            "is_blind": is_blind,
        },
    )


def strip(alice: Client) -> str:
    return " ".join(alice.get(STRIP).content.decode().split())


def test_nothing_is_said_while_the_engine_is_well(alice: Client):
    engine()

    assert strip(alice) == ""
    assert "engine-strip" not in alice.get(HOME).content.decode()


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ({"is_blind": True}, "The recovery engine hears no node at all"),
        ({"tick": 60}, "The scheduler (beat) has not ticked for 1 min"),
        ({"tick": None}, "The scheduler (beat) has not ticked yet"),
        ({"tick": 90, "sweep": 60}, "No worker of the recovery engine has looked"),
        ({"tick": None, "sweep": None}, "No worker of the recovery engine has run yet"),
    ],
)
def test_each_trouble_is_said_on_every_page(alice: Client, status, sentence: str):
    engine(**status)

    assert sentence in strip(alice)
    assert sentence in alice.get(HOME).content.decode()


def test_before_the_first_sweep_nobody_watches(alice: Client):
    assert "nobody watches the nodes" in strip(alice)


def test_without_a_worker_the_beat_is_not_blamed(alice: Client):
    engine(tick=60, sweep=60)

    assert "scheduler" not in strip(alice)


def test_the_strip_is_for_people_who_are_signed_in(client: Client, db: None):
    assert client.get(STRIP).status_code == 302
    assert "engine-status" not in client.get("/login/").content.decode()
