"""Alarms and their way out: once each, tried until taken, and no channel holds up another."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from prg_admin.domain.states import Reason
from prg_admin.notify import delivery as way_out
from prg_admin.notify.delivery import document, send_all
from prg_admin.notify.models import Alarm, Channel, Delivery, Name
from prg_admin.notify.services import (
    CLAIM,
    GIVEN_UP_AFTER,
    KEPT,
    alarm_raise,
    alarms_prune,
    channel_test,
    deliveries_claim,
    delivery_done,
)
from tests.notify.receiver import receiver

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAILOVER = {
    "FromNode": "imp1", "ToNode": "imp2", "Group": "Tokyo",
    "Reason": Reason.CRITICAL_SERVICE_DOWN.value,
}  # fmt: skip

pytestmark = pytest.mark.django_db


def create_channel(target: str = "http://127.0.0.1:9/", **fields: object) -> Channel:
    kind = "email" if "@" in target else "webhook"
    name = f"channel {Channel.objects.count() + 1}"
    return Channel.objects.create(**{"name": name, "kind": kind, "target": target, **fields})


def raised(key: str = "event-1") -> Alarm | None:
    return alarm_raise(key=key, name=Name.SRM_FAILOVER, at=NOW, parameters=FAILOVER)


def delivered(now: datetime = NOW) -> list[str]:
    """One round of the task at a time of our own; the errors."""
    claimed = deliveries_claim(now=now)
    errors = send_all(claimed)
    for delivery, error in zip(claimed, errors, strict=True):
        delivery_done(delivery=delivery, error=error, now=now)
    return errors


def test_the_same_thing_raised_twice_is_one_alarm_and_one_delivery_a_channel():
    create_channel()
    create_channel()
    create_channel(is_enabled=False)
    assert raised() is not None
    assert raised() is None
    assert (Alarm.objects.count(), Delivery.objects.count()) == (1, 2)


def test_an_alarm_goes_with_the_change_it_tells_of():
    create_channel()
    with transaction.atomic():
        raised()
        transaction.set_rollback(True)
    assert (Alarm.objects.count(), Delivery.objects.count()) == (0, 0)


def test_a_web_address_gets_the_alarm_with_its_values_and_words():
    with receiver() as end:
        create_channel(end.address)
        raised()
        assert delivered() == [""]
    (taken,) = end.taken
    assert (taken["alarm"], taken["severity"]) == ("SRMFailover", 2)
    assert taken["parameters"] == FAILOVER
    assert taken["text"].startswith("imp2 takes the users of imp1 over (group Tokyo, Critical")
    assert Delivery.objects.get().delivered_at == NOW
    assert end.keys == [str(Delivery.objects.get().pk)]


def test_a_letter_is_sent_in_the_language_of_its_channel(mailoutbox):
    create_channel("ops@example.com", language="ja")
    raised()
    assert delivered() == [""]
    (letter,) = mailoutbox
    assert (letter.to, letter.subject) == (["ops@example.com"], "[PRG Admin] SRMFailover")
    assert "引き継" in letter.body


@pytest.mark.parametrize(
    ("status", "error"), [(500, "status 500"), (302, "status 302"), (None, "timeout")]
)
def test_what_a_channel_does_not_take_is_tried_again(monkeypatch, status, error):
    monkeypatch.setattr(way_out, "DEADLINE_S", 0.3)
    with receiver(status) as end:
        channel = create_channel(end.address)
        raised()
        assert delivered() == [error]
        channel.refresh_from_db()
        assert (channel.failing_since_at, channel.error) == (NOW, error)
        assert delivered() == []
        end.status = 200
        assert delivered(NOW + timedelta(minutes=1)) == [""]
    channel.refresh_from_db()
    assert (channel.failing_since_at, channel.error) == (None, "")
    assert Delivery.objects.get().attempts == 2


def test_a_channel_that_hangs_keeps_no_other(monkeypatch):
    monkeypatch.setattr(way_out, "DEADLINE_S", 1.0)
    with receiver(None) as dead, receiver() as well:
        create_channel(dead.address)
        create_channel(well.address)
        raised()
        assert sorted(delivered()) == ["", "timeout"]
    assert len(well.taken) == 1


def test_a_closed_port_is_told_without_the_secret_of_the_address(caplog):
    with receiver() as end:
        address = end.address
    create_channel(address)
    raised()
    assert delivered() == ["refused"]
    told = [*Delivery.objects.values_list("error"), *Channel.objects.values_list("error")]
    assert "s3cret" not in str(told) + caplog.text


def test_pauses_grow_and_end_after_a_day():
    create_channel()
    raised()
    now, pauses = NOW, []
    while Delivery.objects.get().due_at is not None:
        now = Delivery.objects.get().due_at
        (claimed,) = deliveries_claim(now=now)
        delivery_done(delivery=claimed, error="refused", now=now)
        due = Delivery.objects.get().due_at
        pauses.append((due - now).total_seconds() if due else 0)
    assert pauses[:4] == [5, 10, 20, 40]
    assert max(pauses) == 300
    assert now - NOW > GIVEN_UP_AFTER
    assert Delivery.objects.get().delivered_at is None


def test_a_worker_that_dies_while_sending_leaves_it_to_another():
    create_channel()
    raised()
    assert len(deliveries_claim(now=NOW)) == 1
    assert deliveries_claim(now=NOW + CLAIM / 2) == []
    assert len(deliveries_claim(now=NOW + CLAIM)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_share_the_deliveries():
    create_channel()
    for number in range(6):
        raised(f"event-{number}")
    barrier, found = threading.Barrier(2), []

    def claim() -> None:
        barrier.wait()
        found.extend(d.pk for d in deliveries_claim(now=NOW))
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(Delivery.objects.values_list("pk", flat=True))


def test_a_test_goes_to_one_channel_even_if_it_is_off():
    channel, _other = create_channel(is_enabled=False), create_channel()
    alarm = channel_test(channel=channel, by="bob", now=NOW)
    assert alarm is not None
    delivery = alarm.deliveries.get()
    assert delivery.channel == channel
    assert "asked for by bob" in document(delivery)["text"]


def i14_holds(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Each of three alarms, raised twice, is tried once at each channel; one channel hangs."""
    monkeypatch.setattr(way_out, "DEADLINE_S", 1.0)
    with receiver(None) as dead, receiver() as well:
        create_channel(dead.address)
        create_channel(well.address)
        for key in ("event-1", "event-2", "event-3") * 2:
            raised(key)
        with contextlib.suppress(RuntimeError):
            delivered()
    attempts = list(Delivery.objects.values_list("attempts", flat=True))
    return attempts == [1] * 6 and len(well.taken) == 3


def told_anew_each_time(patch: pytest.MonkeyPatch) -> None:
    good, number = Alarm.objects.get_or_create, itertools.count()
    patch.setattr(
        Alarm.objects, "get_or_create", lambda key, **kw: good(key=f"{key}-{next(number)}", **kw)
    )


def alarms_without_a_way_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Delivery.objects, "bulk_create", list)


def one_channel_takes_the_others_down(patch: pytest.MonkeyPatch) -> None:
    def nobody_catches_it(error: Exception) -> str:
        raise RuntimeError("not caught") from error

    patch.setattr(way_out, "cause", nobody_catches_it)


def test_i14_each_alarm_is_tried_at_each_channel_and_is_told_once(monkeypatch):
    assert i14_holds(monkeypatch)


@pytest.mark.parametrize(
    "seeded",
    [told_anew_each_time, alarms_without_a_way_out, one_channel_takes_the_others_down],
)
def test_i14_red_on_a_seeded_bug(monkeypatch, seeded: Callable[[pytest.MonkeyPatch], None]):
    seeded(monkeypatch)
    assert not i14_holds(monkeypatch)


@pytest.mark.parametrize("name", list(Name))
def test_every_alarm_has_its_sentence(name: Name):
    parameters = {**FAILOVER, "Invariant": "I01", "Channel": "ops", "By": "bob", "Node": "imp1"}
    alarm = Alarm(name=name, key="k", severity=2, at=NOW, parameters=parameters)
    text = document(Delivery(pk=1, alarm=alarm, channel=create_channel()))["text"]
    assert text.endswith(".")
    assert "%(" not in text


@pytest.mark.parametrize("target", ["ftp://example.com", "javascript:alert(1)", "", "ops"])
@pytest.mark.parametrize("kind", ["webhook", "email"])
def test_a_target_that_is_none_is_told(kind: str, target: str):
    channel = Channel(name="x", kind=kind, target=target)
    with pytest.raises(ValidationError) as error:
        channel.clean()
    assert "Target must be an" in str(error.value.message_dict["target"])


def test_old_alarms_go():
    create_channel()
    raised("old")
    alarm_raise(key="new", name=Name.SRM_FAILED, at=NOW + KEPT, parameters=FAILOVER)
    alarms_prune(now=NOW + KEPT + timedelta(seconds=1))
    assert [alarm.key for alarm in Alarm.objects.all()] == ["new"]
    assert Delivery.objects.count() == 1
