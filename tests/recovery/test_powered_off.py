"""A person answers for a node that cannot be asked: on pages, command line and events."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from prg_admin.domain.limitations import Limitation
from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import Member
from prg_admin.recovery.explained import explained
from tests.recovery.agents import SimPair
from tests.recovery.test_pages import page, told  # noqa: F401 - a fixture

S = NodeState


@pytest.fixture
def dead_backup(pair: SimPair) -> SimPair:
    """A is Idle, its backup died: both failed, and B would go on serving if it ran."""
    assert pair.ask(Action.FAILOVER, 0) is None
    pair.run(1)
    pair.nodes[1].crash()
    pair.run(6)
    assert pair.states == (S.FAILED, S.FAILED)
    return pair


def test_recover_asks_for_the_statement_and_goes_on_with_it(page: Client, dead_backup: SimPair):  # noqa: F811
    asked = page.get(reverse("groups:group-recover", args=[dead_backup.group_id]))
    assert 'name="powered_off" value="b"' in asked.content.decode()
    url = reverse("recovery:recover", args=[dead_backup.group_id])
    assert told(page.post(url))[0][0] == "error"
    assert told(page.post(url, {"powered_off": "nobody"}))[-1][0] == "error"
    answer = page.post(url, {"powered_off": "b"})
    assert told(answer)[-1] == ("success", "The recovery has begun.")
    dead_backup.run(12)
    assert dead_backup.states == (S.BACKUP, S.DOWN)
    assert dead_backup.served == (["a", "b"], [])


def test_the_event_names_who_stated_it_and_of_which_node(page: Client, dead_backup: SimPair):  # noqa: F811
    before = dead_backup.group_version()
    url = reverse("recovery:recover", args=[dead_backup.group_id])
    page.post(url, {"powered_off": "b"})
    (event,) = dead_backup.events(after=before)
    assert (event.rule, event.actor) == ("recover-asked", "alice")
    assert explained(event).values == ("Stated to be powered off: b",)


def test_a_node_is_stated_to_be_off_on_a_page_of_its_own(page: Client, dead_backup: SimPair):  # noqa: F811
    node = Member.objects.get(node__name="b").node_id
    url = reverse("recovery:powered-off", args=[node])
    assert url in page.get(reverse("groups:group", args=[dead_backup.group_id])).content.decode()
    assert page.get(url).status_code == 200
    assert page.post(url, {}).status_code == 422
    assert told(page.post(url, {"stated": "on"}))[0][0] == "success"
    assert dead_backup.fired()[-1] == "stated-off"
    assert dead_backup.ask(Action.RECOVER) is None


def test_of_a_node_that_answers_nothing_is_stated(page: Client, pair: SimPair):  # noqa: F811
    node = Member.objects.get(node__name="b").node_id
    answer = page.post(reverse("recovery:powered-off", args=[node]), {"stated": "on"})
    assert told(answer)[0][0] == "warning"
    assert pair.ask(Action.POWERED_OFF, 1) is Limitation.NOT_IN_DOUBT
    assert pair.fired()[-1] != "stated-off"


def test_the_command_line_takes_the_statement(dead_backup: SimPair):
    def utils(*words: str) -> None:
        call_command("utils", "ha", *words, stdout=StringIO())

    with pytest.raises(CommandError, match="powered off"):
        utils("recover", "of-a")
    with pytest.raises(CommandError, match="no node"):
        utils("recover", "of-a", "--powered-off", "c")
    utils("recover", "of-a", "--powered-off", "B")
    assert dead_backup.states == (S.INITIALIZING, S.INITIALIZING)


def test_the_command_line_states_it_of_one_node(dead_backup: SimPair):
    call_command("utils", "ha", "powered-off", "b", stdout=StringIO())
    assert dead_backup.fired()[-1] == "stated-off"
