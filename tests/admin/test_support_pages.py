"""The pages for support staff: every table is there, engine tables are only looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from prg_admin.accounts.models import SignInFailure, User
from prg_admin.audit.models import Action as AuditAction
from prg_admin.audit.models import Entry, Kind
from prg_admin.certificates.models import Gathering
from prg_admin.domain import catalogue
from prg_admin.domain.limitations import Limitation
from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import Maintenance, Member, PresenceRedundancyGroup
from prg_admin.jobs.services import job_start
from prg_admin.lib.actor import Actor
from prg_admin.notify.models import Alarm, Channel, Delivery
from prg_admin.parameters.models import ParameterValue
from prg_admin.recovery import admin as recovery_admin
from prg_admin.recovery.models import Breach, EngineStatus, Event, RoundTrip
from prg_admin.topology.models import Cluster, LinkMeasure, Node, NodeReport
from prg_admin.users.imports import import_stage
from tests.certificates.rows import create_certificate, create_roll
from tests.factories import (
    create_cluster,
    create_directory,
    create_group,
    create_node,
    create_presence_users,
    create_user,
)

pytestmark = pytest.mark.django_db

OUR_MODELS = [m for m in apps.get_models() if m.__module__.startswith("prg_admin.")]
ALICE = Actor("alice")
ENGINE_MODELS = [
    *(Breach, EngineStatus, Event, Member, NodeReport, PresenceRedundancyGroup),
    *(RoundTrip, Entry, SignInFailure),
]


@pytest.fixture
def support(client: Client) -> Client:
    client.force_login(create_user(username="bob", is_staff=True, is_superuser=True))
    return client


def label(model: type[Model]) -> str:
    return model._meta.label


def address(model: type[Model], page: str, *args: object) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)


def run_action(client: Client, action: str, *rows: Model) -> list[tuple[int, str]]:
    """Chooses an action of the list page; what the person is told, as level and text."""
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    answer = client.post(address(type(rows[0]), "changelist"), data)
    assert answer.status_code == 302
    return [(message.level, str(message)) for message in get_messages(answer.wsgi_request)]


def fill(count: int) -> Iterator[Model]:
    """``count`` rows of every table; the engine's own has but one."""
    yield EngineStatus.objects.get_or_create(pk=1)[0]
    yield Gathering.objects.get_or_create(pk=1, defaults={"upto_at": timezone.now()})[0]
    for number in range(count):
        group = create_group()
        event = create_event(group)
        yield create_certificate(event)
        yield Maintenance.objects.create(
            group=group, began_at=event.at, began_by="alice", counted={}
        )
        yield from (group, group.cluster, event, create_breach(event), create_user())
        staged = import_stage(
            cluster=group.cluster,
            file_name="users.csv",
            content=b"userid\nzoe\n",
            actor=ALICE,
            now=timezone.now(),
        )
        yield from (staged, staged.staged.get(), create_directory(group.cluster))
        yield job_start(kind="none", parameters={}, total=1, actor=ALICE, now=timezone.now())
        yield SignInFailure.objects.create(username=group.name, last_at=timezone.now())
        for member in group.members.select_related("node__last_report"):
            yield from (member, member.node, member.node.last_report)
            yield from create_presence_users(1, home=member.node)
            yield RoundTrip.objects.create(node=member.node, at=timezone.now(), rtt_ms=1.5)
            yield create_roll(member.node)
        ends = {"source": member.node, "target": group.members.first().node}
        yield LinkMeasure.objects.create(**ends, asked_at=timezone.now(), mbps=12.5)
        yield from create_delivery(f"channel of {group.name}")
        yield Entry.objects.create(
            actor="alice", action=AuditAction.ADDED, kind=Kind.GROUP, name=group.name
        )
        yield ParameterValue.objects.create(
            cluster=group.cluster,
            node=member.node,
            service=catalogue.SRM,
            name=catalogue.RE_LOGIN_LOWER,
            value=str(100 + number),
        )


def create_event(group: PresenceRedundancyGroup) -> Event:
    return Event.objects.create(
        at=timezone.now(),
        group=group,
        group_name=group.name,
        rule="some-rule",
        actor="engine",
        epoch=2,
        version=2,
        before=[{"state": "normal"}],
        after=[{"state": "failing-over"}, {"state": "taking-over"}],
        values={"silence_s": 91.5},
    )


def create_breach(event: Event) -> Breach:
    return Breach.objects.create(
        found_at=event.at,
        invariant="I13",
        group=event.group,
        group_name=event.group_name,
        event=event,
    )


def create_delivery(name: str) -> tuple[Model, ...]:
    channel = Channel.objects.create(name=name, kind="webhook", target="http://127.0.0.1:9/?s3cret")
    alarm = Alarm.objects.create(key=name, name="Test", severity=6, at=timezone.now())
    return channel, alarm, Delivery.objects.create(alarm=alarm, channel=channel)


@pytest.mark.parametrize("model", OUR_MODELS, ids=label)
def test_every_table_has_its_page(model):
    assert admin.site.is_registered(model)


@pytest.mark.parametrize("model", OUR_MODELS, ids=label)
def test_every_page_has_a_search(model):
    assert admin.site.get_model_admin(model).search_fields


@pytest.mark.parametrize("model", ENGINE_MODELS, ids=label)
def test_engine_tables_can_only_be_looked_at(support, model):
    row = next(r for r in fill(1) if isinstance(r, model))
    assert support.get(address(model, "add")).status_code == 403
    assert support.post(address(model, "add"), {}).status_code == 403
    assert support.post(address(model, "change", row.pk), {"state": "normal"}).status_code == 403
    assert support.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", ENGINE_MODELS, ids=label)
def test_rows_of_engine_tables_cannot_be_deleted_from_the_list(support, model):
    row = next(r for r in fill(1) if isinstance(r, model))
    data = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    support.post(address(model, "changelist"), data)
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", OUR_MODELS, ids=label)
def test_list_pages_cost_the_same_for_one_row_and_for_many(support, model):
    costs = []
    for count in (1, 4):
        list(fill(count))
        with CaptureQueriesContext(connection) as queries:
            assert support.get(address(model, "changelist")).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("model", OUR_MODELS, ids=label)
def test_pages_of_one_row_open_and_rows_are_found(support, model):
    row = next(r for r in fill(1) if isinstance(r, model))
    assert support.get(address(model, "change", row.pk)).status_code == 200
    assert support.get(address(model, "changelist"), {"q": "zzz"}).status_code == 200


def test_events_can_be_filtered_by_rule(support):
    create_event(create_group(members=[create_node()]))
    page = support.get(address(Event, "changelist"), {"rule": "no-such-rule"}).content.decode()
    assert "0 events" in page
    page = support.get(address(Event, "changelist"), {"rule": "some-rule"}).content.decode()
    assert "failing-over | taking-over" in page


def test_nodes_can_be_filtered_by_having_a_group(support):
    grouped, free = create_node(name="grouped-node"), create_node(name="free-node")
    create_group(members=[grouped])
    page = support.get(address(Node, "changelist"), {"grouped": "no"}).content.decode()
    assert free.name in page
    assert grouped.name not in page


def test_the_hash_of_a_nodes_key_is_not_shown(support):
    node = create_node()
    Node.objects.filter(pk=node.pk).update(key_hash="c0ffee" * 10)
    assert "c0ffee" not in support.get(address(Node, "change", node.pk)).content.decode()


def test_the_pages_carry_our_name(support):
    page = support.get(reverse("admin:index")).content.decode()
    assert "PRG Admin support" in page
    assert "Django" not in page


def test_people_without_staff_rights_are_kept_out(client):
    client.force_login(create_user())
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("admin:login"))


def test_staff_who_may_only_view_are_offered_no_action(client):
    carol = create_user(username="carol", is_staff=True)
    carol.user_permissions.add(Permission.objects.get(codename="view_member"))
    client.force_login(carol)
    create_group(members=[create_node()])
    page = client.get(address(Member, "changelist"))
    assert page.status_code == 200
    assert "Failover" not in page.content.decode()


def test_staff_who_may_only_view_cannot_run_an_action(client, asked):
    carol = create_user(username="carol", is_staff=True)
    carol.user_permissions.add(Permission.objects.get(codename="view_member"))
    client.force_login(carol)
    member = create_group(members=[create_node()]).members.get()
    data = {"action": "failover", "_selected_action": [member.pk]}
    client.post(address(Member, "changelist"), data)
    assert asked == []


@pytest.fixture
def asked(monkeypatch) -> list[dict[str, object]]:
    """What the engine was asked; it takes every request."""
    requests: list[dict[str, object]] = []
    monkeypatch.setattr(recovery_admin, "action_request", lambda **r: requests.append(r))
    return requests


@pytest.mark.parametrize(
    ("name", "action"), [("failover", Action.FAILOVER), ("fallback", Action.FALLBACK)]
)
def test_actions_on_a_member_ask_the_engine(support, asked, name, action):
    group = create_group()
    told = run_action(support, name, group.members.get(position=2))
    assert [(r["group_id"], r["action"], r["index"], r["actor"].name) for r in asked] == [
        (group.pk, action, 1, "bob")
    ]
    assert told[0][0] == messages.SUCCESS


def test_the_engine_itself_takes_a_failover_of_a_healthy_pair(support):
    group = create_group(states=[NodeState.NORMAL, NodeState.NORMAL])
    told = run_action(support, "failover", group.members.get(position=1))
    assert told[0][0] == messages.SUCCESS, told
    event = Event.objects.get()
    assert event.actor == "bob"
    assert [side["state"] for side in event.after] == ["failing-over", "taking-over"]


def test_recover_asks_the_engine_for_the_group(support, asked):
    group = create_group()
    run_action(support, "recover", group)
    assert [(r["group_id"], r["action"], r["index"]) for r in asked] == [
        (group.pk, Action.RECOVER, None)
    ]


def test_a_refusal_of_the_engine_is_told_with_its_reason(support, monkeypatch):
    refuse = lambda **_: Limitation.NOT_FAILED_OVER  # noqa: E731
    monkeypatch.setattr(recovery_admin, "action_request", refuse)
    node = create_node(name="imp-1")
    told = run_action(support, "fallback", create_group(members=[node]).members.get())
    assert told == [(messages.ERROR, "imp-1: The node is not failed over.")]


def test_the_engine_itself_refuses_to_recover_a_group_without_ha(support):
    group = create_group()
    told = run_action(support, "recover", group)
    assert [level for level, _ in told] == [messages.ERROR]
    assert not Event.objects.exists()


def test_ha_is_switched_on_by_the_service_of_the_page(support):
    group = create_group()
    told = run_action(support, "enable_ha", group)
    group.refresh_from_db()
    assert told[0][0] == messages.SUCCESS, told
    assert group.ha_enabled
    assert group.revision == 2


def test_ha_of_a_group_with_one_node_is_refused_with_a_sentence(support):
    group = create_group(members=[create_node()])
    told = run_action(support, "enable_ha", group)
    group.refresh_from_db()
    assert told[0][0] == messages.ERROR
    assert "High Availability needs two nodes" in told[0][1]
    assert not group.ha_enabled


def test_ha_cannot_be_switched_off_while_users_are_failed_over(support):
    group = create_group(states=[NodeState.FAILED_OVER, NodeState.BACKUP])
    told = run_action(support, "disable_ha", group)
    group.refresh_from_db()
    assert told[0][0] == messages.ERROR
    assert "fall back first" in told[0][1]
    assert group.ha_enabled


def test_a_group_with_ha_is_not_deleted(support):
    group = create_group(ha_enabled=True)
    told = run_action(support, "delete_groups", group)
    assert told[0][0] == messages.ERROR
    assert PresenceRedundancyGroup.objects.filter(pk=group.pk).exists()


def test_a_group_without_users_and_ha_is_deleted(support):
    group = create_group()
    told = run_action(support, "delete_groups", group)
    assert told[0][0] == messages.SUCCESS
    assert not PresenceRedundancyGroup.objects.exists()


def test_a_node_of_a_group_is_not_deleted(support):
    group = create_group()
    told = run_action(support, "delete_nodes", group.members.get(position=2).node)
    assert told[0][0] == messages.ERROR
    assert Node.objects.count() == 2


def test_a_free_node_is_deleted(support):
    told = run_action(support, "delete_nodes", create_node())
    assert told[0][0] == messages.SUCCESS
    assert not Node.objects.exists()


def test_a_parameter_is_set_to_its_suggested_value(support):
    row = stored_value(create_cluster(), catalogue.TRANSITION_DEADLINE, "60")
    told = run_action(support, "set_to_default", row)
    assert told == [(messages.SUCCESS, "Transition Deadline has its suggested value again.")]
    assert not ParameterValue.objects.exists()


def test_a_parameter_that_others_rely_on_keeps_its_value(support):
    cluster = create_cluster()
    stored_value(cluster, catalogue.HEART_BEAT_INTERVAL, "100")
    row = stored_value(cluster, catalogue.CONNECT_TIMEOUT, "1")
    stored_value(cluster, catalogue.KEEP_ALIVE_TIMEOUT, "110")
    told = run_action(support, "set_to_default", row)
    assert told[0][0] == messages.ERROR
    assert "together 130 seconds" in told[0][1]
    assert ParameterValue.objects.filter(pk=row.pk).exists()


def test_an_unknown_parameter_is_told(support):
    told = run_action(support, "set_to_default", stored_value(create_cluster(), "Bygone", "1"))
    assert told == [(messages.ERROR, "Bygone is not a known parameter.")]


def stored_value(cluster: Cluster, name: str, value: str) -> ParameterValue:
    return ParameterValue.objects.create(
        cluster=cluster, service=catalogue.SRM, name=name, value=value
    )


def test_people_are_managed_here(support):
    data = {"username": "dave", "password1": "correct horse 9", "password2": "correct horse 9"}
    more = {"usable_password": "true", "role": "serviceability"}
    answer = support.post(address(User, "add"), data | more)
    assert answer.status_code == 302
    assert User.objects.get(username="dave").role == "serviceability"


def test_a_breach_is_taken_note_of(support: Client):
    breach = create_breach(create_event(create_group()))
    run_action(support, "take_note", breach)
    breach.refresh_from_db()
    assert breach.seen_at is not None


def test_a_channel_is_tried_from_its_page(support: Client):
    channel = create_delivery("ops")[0]
    told = run_action(support, "send_test", channel)
    assert told[0][0] == messages.SUCCESS
    assert Alarm.objects.filter(name="Test", parameters__By="bob").count() == 1
    assert "s3cret" not in support.get(address(Delivery, "changelist")).content.decode()
