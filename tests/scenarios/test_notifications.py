"""A notification channel that hangs: users are moved all the same, and the alarm gets there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.notify.receiver import Receiver, receiver
from tests.scenarios.fixtures import Timed
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import becomes, wait_until

pytestmark = pytest.mark.processes

ADD = """
    insert into notify_channel (name, kind, target, language, is_enabled, error)
    values (%s, 'webhook', %s, 'en', true, '')
"""


@pytest.fixture
def hanging(installation: Installation) -> Iterator[Receiver]:
    """The one channel of the installation; it takes connections and never answers."""
    with receiver(None) as end:
        installation.query(ADD, "ops", end.address)
        yield end
        installation.query("delete from notify_delivery")
        installation.query("delete from notify_channel")


def deliveries(installation: Installation) -> list[tuple[str, int, bool]]:
    rows = installation.query(
        "select a.name, d.attempts, d.delivered_at is not null as done from notify_delivery d "
        "join notify_alarm a on a.id = d.alarm_id order by a.id"
    )
    return [(row["name"], row["attempts"], row["done"]) for row in rows]


@pytest.mark.fault("F31")
def test_f31_a_channel_that_hangs_holds_up_no_failover_and_gets_its_alarm_later(
    installation: Installation,
    pair: WatchedPair,
    person: Person,
    timed: Timed,
    hanging: Receiver,
):
    with timed("F31", pair.worst_case().service):
        installation.kill_service("imp1")
        pair.becomes(
            "Failed Over with Critical Services Not Running",
            "Running in Backup Mode",
            reason="Critical Service Down",
        )
    pair.everybody_is_at("imp2")
    wait_until(hanging.asked.is_set, "the channel is asked")
    trouble = "Alarms do not get through to the channel ops"
    wait_until(lambda: trouble in person.get("/"), trouble)
    assert [done for _, _, done in deliveries(installation)] == [False]
    hanging.status = 200
    hanging.let_go.set()
    becomes(lambda: [done for _, _, done in deliveries(installation)], [True])
    assert [alarm["alarm"] for alarm in hanging.taken] == ["SRMFailover"]
    assert hanging.taken[0]["parameters"]["ToNode"] == "imp2"
    wait_until(lambda: trouble not in person.get("/"), "the channel takes alarms again")
