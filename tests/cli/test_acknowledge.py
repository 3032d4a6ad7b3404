"""``utils ha acknowledge``: the hold on the automatic fallback is lifted with a comment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management.base import CommandError
from django.utils.timezone import now

from prg_admin.domain.states import NodeState
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.recovery.models import Event
from tests.factories import create_group

Utils = Callable[..., str]


@pytest.fixture
def held(db: None) -> PresenceRedundancyGroup:
    times = [now().isoformat()] * 2
    states = [NodeState.FAILED_OVER, NodeState.BACKUP]
    return create_group("Tokyo", states=states, automatic_failovers=times)


def test_it_lifts_the_hold_and_keeps_the_comment(utils: Utils, held: PresenceRedundancyGroup):
    said = utils("acknowledge", "tokyo", "--comment", " Switch replaced. ")

    assert said.startswith("Request SUCCESSFUL.")
    event = Event.objects.get()
    assert (event.rule, event.comment) == ("acknowledged", "Switch replaced.")
    held.refresh_from_db()
    assert held.automatic_failovers == []


@pytest.mark.parametrize(
    ("comment", "sentence"),
    [
        ("", "Comment is required"),
        ("x" * 256, "Comment has 256 characters; at most 255 are allowed."),
        ("a\nb", "Comment contains control characters"),
    ],
)
def test_a_comment_is_wanted(utils: Utils, held, comment: str, sentence: str):
    with pytest.raises(CommandError, match=sentence):
        utils("acknowledge", "Tokyo", "--comment", comment)

    assert not Event.objects.exists()


def test_a_group_that_is_not_held_is_told(utils: Utils):
    create_group("Tokyo", states=[NodeState.NORMAL] * 2)

    with pytest.raises(CommandError, match="is not held"):
        utils("acknowledge", "Tokyo", "--comment", "why not")
