"""What the engine does by itself raises an alarm, once; a dead channel holds up nothing."""

from __future__ import annotations

import pytest
from django.test import Client

from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState
from prg_admin.domain.wire import CallIn, CallInKind
from prg_admin.lib.clock import steady_now
from prg_admin.notify.models import Alarm, Channel, Delivery
from prg_admin.recovery.models import EngineStatus
from prg_admin.recovery.services import call_in
from tests.factories import create_user
from tests.recovery.agents import SimPair, key_of


def names() -> list[str]:
    return list(Alarm.objects.order_by("pk").values_list("name", flat=True))


def test_an_automatic_failover_names_both_nodes_and_its_reason(pair: SimPair):
    Channel.objects.create(name="ops", kind="webhook", target="http://127.0.0.1:9/")
    pair.lose_service(1)
    pair.run(5)
    (alarm,) = Alarm.objects.all()
    told = {key: alarm.parameters[key] for key in ("FromNode", "ToNode", "Reason")}
    assert told == {"FromNode": "b", "ToNode": "a", "Reason": "critical-service-down"}
    assert (alarm.name, alarm.severity, Delivery.objects.count()) == ("SRMFailover", 2, 1)


def test_one_that_was_asked_for_raises_none_nor_does_the_way_home(pair: SimPair):
    pair.ask(Action.FAILOVER, 0)
    pair.run(5)
    pair.ask(Action.FALLBACK, 0)
    pair.run(20)
    assert NodeState.NORMAL in pair.states
    assert names() == []


def test_a_group_that_fails_says_so_once(pair: SimPair):
    pair.lose_service(0)
    pair.lose_service(1)
    pair.run(8)
    assert pair.states == (NodeState.FAILED, NodeState.FAILED)
    assert names() == ["SRMFailed"]


def calls_in_as_a(boot_id: str) -> None:
    call = CallIn(node="a", boot_id=boot_id, kind=CallInKind.STARTED, detail="")
    call_in(call=call, key=key_of("a"), now=steady_now())


def test_a_second_machine_that_claims_a_node_says_so_once(pair: SimPair, broker):
    for _ in range(3):
        calls_in_as_a("of the copy")
        pair.run(1)
    (alarm,) = Alarm.objects.all()
    assert (alarm.name, alarm.parameters, alarm.severity) == ("DuplicateNode", {"Node": "a"}, 2)


def test_a_node_that_restarts_is_no_second_machine(pair: SimPair, broker):
    node = pair.nodes[0]
    node.crash()
    node.start(pair.clock)
    calls_in_as_a(str(node.boot))
    pair.run(1)
    assert names() == []


@pytest.mark.fault("F31")
def test_f31_without_a_broker_or_a_channel_the_failover_goes_on(pair: SimPair, monkeypatch):
    """The engine only writes rows: nothing of it waits for a channel."""
    Channel.objects.create(name="ops", kind="webhook", target="http://127.0.0.1:9/")
    monkeypatch.setattr("prg_admin.notify.delivery.send_all", lambda _: pytest.fail("sent"))
    pair.lose_service(1)
    pair.run(5)
    assert pair.states == (NodeState.BACKUP, NodeState.FAILED_OVER_SERVICES_DOWN)
    assert Delivery.objects.get().attempts == 0


def test_a_channel_that_fails_is_told_on_every_page(client: Client, db: None):
    EngineStatus.objects.create(pk=1, swept_at=steady_now(), ticked_at=steady_now())
    channel = Channel.objects.create(
        name="ops", kind="webhook", target="http://x/?s3cret", failing_since_at=steady_now(),
        error="timeout",
    )  # fmt: skip
    client.force_login(create_user("alice"))
    page = " ".join(client.get("/").content.decode().split())
    assert "Alarms do not get through to the channel ops since" in page
    assert "s3cret" not in page
    Channel.objects.filter(pk=channel.pk).update(is_enabled=False)
    assert "Alarms do not get through" not in client.get("/").content.decode()
