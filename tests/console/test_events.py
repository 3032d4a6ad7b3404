"""The list of events, and the past of a group as picture and tables."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils.timezone import now

from prg_admin.console.events import hours_of, picture_of, window_of
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.recovery.history import past_of_group
from prg_admin.recovery.models import Event, RoundTrip
from prg_admin.recovery.retention import past_prune, round_trips_take
from tests.factories import create_cluster, create_group, create_node, create_user, never_heard

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NORMAL, OVER, BACKUP = "normal", "failed-over", "running-in-backup-mode"


@pytest.fixture
def bob(client):
    client.force_login(create_user("bob", role="read-only"))
    return client


@pytest.fixture
def tokyo() -> PresenceRedundancyGroup:
    cluster = create_cluster()
    members = [create_node(name, cluster=cluster) for name in ("imp1", "imp2")]
    return create_group("Tokyo", members=members, states=[NodeState.NORMAL, NodeState.NORMAL])


def document(*states: str) -> list[dict[str, str]]:
    return [
        {"node": f"imp{i}", "state": state, "reason": "normal", "target": "own", "ordered": "own"}
        for i, state in enumerate(states, start=1)
    ]


def happened(
    group: PresenceRedundancyGroup, at: datetime, was: list, became: list, **more
) -> Event:
    values = {"rule": "failover-asked", "actor": "engine", "epoch": 1, "values": {}} | more
    return Event.objects.create(
        at=at,
        group=group,
        group_name=group.name,
        version=Event.objects.count() + 2,
        before=document(*was),
        after=document(*became),
        **values,
    )


def spans(group: PresenceRedundancyGroup, *, hours: int = 2) -> dict[str, list[tuple]]:
    past = past_of_group(group, begin=NOON - timedelta(hours=hours), end=NOON)
    return {
        node.name: [
            (s.state, (s.begin - NOON).total_seconds() / 60, (s.end - NOON).total_seconds() / 60)
            for s in node.spans
        ]
        for node in past.nodes
    }


def test_without_events_the_present_state_was_always_so(tokyo):
    assert spans(tokyo) == {"imp1": [("normal", -120, 0)], "imp2": [("normal", -120, 0)]}


def test_bands_change_with_the_events(tokyo):
    happened(tokyo, NOON - timedelta(minutes=30), [NORMAL, NORMAL], [OVER, BACKUP])
    assert spans(tokyo) == {
        "imp1": [("normal", -120, -30), ("failed-over", -30, 0)],
        "imp2": [("normal", -120, -30), ("running-in-backup-mode", -30, 0)],
    }


def test_what_was_before_the_window_still_holds_in_it(tokyo):
    happened(tokyo, NOON - timedelta(hours=9), [NORMAL, NORMAL], [OVER, BACKUP])
    assert spans(tokyo)["imp1"] == [("failed-over", -120, 0)]


def test_an_event_that_leaves_a_node_as_it_is_does_not_cut_its_band(tokyo):
    happened(tokyo, NOON - timedelta(minutes=30), [NORMAL, NORMAL], [NORMAL, OVER])
    assert spans(tokyo)["imp1"] == [("normal", -120, 0)]


def test_a_node_that_left_has_a_band_that_ends(tokyo):
    happened(tokyo, NOON - timedelta(minutes=30), [NORMAL, NORMAL], [NORMAL])
    assert spans(tokyo)["imp2"] == [("normal", -120, -30)]


def test_a_sample_is_taken_of_every_node_once_a_minute(django_assert_num_queries):
    answers, silent = create_node(), create_node(reachable=False)
    never_heard()
    with django_assert_num_queries(2):
        round_trips_take(now=NOON + timedelta(seconds=7))
    round_trips_take(now=NOON + timedelta(seconds=59))
    taken = set(RoundTrip.objects.values_list("node_id", "at", "rtt_ms"))
    assert taken == {(answers.pk, NOON, 1.0), (silent.pk, NOON, None)}


def test_sampling_costs_the_same_for_many_nodes(django_assert_num_queries):
    cluster = create_cluster()
    for _ in range(30):
        create_node(cluster=cluster)
    with django_assert_num_queries(2):
        assert round_trips_take(now=NOON) == 30


def test_the_past_is_let_go(tokyo, settings):
    settings.EVENTS_KEEP_DAYS, settings.ROUND_TRIPS_KEEP_HOURS = 10, 2
    node = tokyo.members.first().node
    old = happened(tokyo, NOON - timedelta(days=11), [NORMAL], [OVER])
    young = happened(tokyo, NOON - timedelta(days=9), [NORMAL], [OVER])
    for hours in (1, 3):
        RoundTrip.objects.create(node=node, at=NOON - timedelta(hours=hours), rtt_ms=1)
    assert past_prune(now=NOON) == (1, 1)
    assert list(Event.objects.all()) == [young]
    assert not Event.objects.filter(pk=old.pk).exists()


def test_heartbeats_of_one_hour_are_put_together(tokyo):
    node = tokyo.members.get(position=1).node
    for minutes, rtt in ((70, 9.0), (30, 1.0), (20, None), (10, 3.0)):
        RoundTrip.objects.create(node=node, at=NOON - timedelta(minutes=minutes), rtt_ms=rtt)
    past = past_of_group(tokyo, begin=NOON - timedelta(hours=2), end=NOON)
    assert [(h.at.hour, h.cells[0]) for h in hours_of(past)] == [(11, (3.0, 1)), (10, (9.0, 0))]
    assert (past.nodes[0].least_ms, past.nodes[0].most_ms, past.nodes[0].unanswered) == (1, 9, 1)


def test_a_line_never_has_more_points_than_can_be_seen(tokyo):
    node = tokyo.members.get(position=1).node
    RoundTrip.objects.bulk_create(
        RoundTrip(node=node, at=NOON - timedelta(minutes=m), rtt_ms=m % 7) for m in range(2880)
    )
    past = past_of_group(tokyo, begin=NOON - timedelta(hours=48), end=NOON)
    assert 700 < len(past.nodes[0].points) <= 1500
    assert past.nodes[0].most_ms == 6


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("", NOON),
        ("1700000000", datetime.fromtimestamp(1700000000, tz=UTC)),
        ("99999999999", NOON),
        ("-1", NOON),
        ("٣", NOON),
        ("9" * 400, NOON),
        ("0", NOON),
    ],
)
def test_a_time_that_is_none_is_now(until, expected):
    window = window_of("6", until, now=NOON)
    assert (window.end, window.begin) == (expected, expected - timedelta(hours=6))
    assert window_of("x", until, now=NOON).hours == 24


def timeline(browser, group, **query):
    return browser.get(reverse("console:group-timeline", args=[group.pk]), query)


def test_picture_and_tables_say_the_same(bob, tokyo):
    happened(tokyo, now() - timedelta(minutes=30), [NORMAL, NORMAL], [OVER, BACKUP])
    round_trips_take(now=now())
    answer = timeline(bob, tokyo)
    shown = answer.content.decode()
    found = re.search(r'<script id="timeline-data"[^>]*>(.*?)</script>', shown, re.DOTALL)
    picture = json.loads(found[1])
    drawn = [(n["name"], s["reason"]) for n in picture["nodes"] for s in n["spans"]]
    assert len(drawn) == len(answer.context["rows"]) == 4
    assert shown.count('data-state="failed-over"') == 1
    assert all(len(node["points"]) == 1 for node in picture["nodes"])


def test_each_state_leads_to_the_event_that_left_the_node_so(bob, tokyo):
    event = happened(tokyo, now() - timedelta(minutes=30), [NORMAL, NORMAL], [OVER, BACKUP])
    shown = timeline(bob, tokyo).content.decode()
    table = shown.partition('id="states"')[2].partition("</table>")[0]
    # Two states began with it; of those before it no event is kept.
    assert table.count(reverse("recovery:event", args=[event.pk])) == 2
    assert table.count("<a ") == 2


def test_the_picture_of_a_hostile_name_is_only_text(bob):
    node = create_node("</script><script>alert(1)")
    group = create_group("x", members=[node], ha_enabled=False)
    assert "</script><script>alert(1)" not in timeline(bob, group).content.decode()
    assert picture_of(past_of_group(group, begin=NOON, end=NOON))["nodes"][0]["spans"] == []


def test_the_timeline_costs_the_same_whatever_happened(bob, tokyo, django_assert_max_num_queries):
    for minutes in range(60):
        happened(tokyo, now() - timedelta(minutes=minutes + 1), [NORMAL, OVER], [OVER, NORMAL])
    with django_assert_max_num_queries(12):
        timeline(bob, tokyo)


def test_events_of_all_groups_stand_in_one_list(bob, tokyo):
    osaka = create_group("Osaka")
    happened(tokyo, NOON, [NORMAL, NORMAL], [OVER, BACKUP], actor="alice")
    happened(osaka, NOON + timedelta(seconds=1), [NORMAL, NORMAL], [OVER, BACKUP])
    rows = bob.get(reverse("console:events")).context["rows"]
    assert [row.event.group_name for row in rows] == ["Osaka", "Tokyo"]


@pytest.mark.parametrize(
    ("field", "text", "count"),
    [("group", "tok", 1), ("by", "ali", 1), ("rule", "no such rule", 0), ("comment", "disk", 1)],
)
def test_events_are_filtered(bob, tokyo, field, text, count):
    happened(tokyo, NOON, [NORMAL, NORMAL], [OVER, BACKUP], actor="alice", comment="disk full")
    happened(create_group("Osaka"), NOON, [NORMAL, NORMAL], [OVER, BACKUP])
    query = {"field": field, "operator": "begins-with", "text": text}
    assert bob.get(reverse("console:events"), query).context["found"].count == count


def test_each_event_opens_to_its_explanation(bob, tokyo):
    event = happened(tokyo, NOON, [NORMAL, NORMAL], [OVER, BACKUP], values={"node": "imp1"})
    shown = bob.get(reverse("console:events")).content.decode()
    assert reverse("recovery:event", args=[event.pk]) in shown
    assert "What it looked at" in shown


def test_events_of_a_deleted_group_stay(bob, tokyo):
    happened(tokyo, NOON, [NORMAL, NORMAL], [OVER, BACKUP])
    tokyo.delete()
    assert "Tokyo" in bob.get(reverse("console:events")).content.decode()


def test_the_file_tells_the_states(bob, tokyo):
    happened(tokyo, NOON, [NORMAL, NORMAL], [OVER, BACKUP])
    answer = bob.get(reverse("console:events"), {"view": "csv"})
    text = b"".join(answer.streaming_content).decode()
    assert "imp1: Failed Over, Normal; imp2: Running in Backup Mode, Normal" in text


def test_the_list_costs_the_same_for_many(bob, tokyo, django_assert_max_num_queries):
    for minute in range(60):
        happened(tokyo, NOON - timedelta(minutes=minute), [NORMAL, OVER], [OVER, NORMAL])
    with django_assert_max_num_queries(8):
        assert len(bob.get(reverse("console:events")).context["rows"]) == 50


# The criteria of time

AROUND_TEN = urlencode(
    [
        *(("field", "time"), ("operator", "from"), ("text", "2026-11-23 09:30")),
        *(("field", "time"), ("operator", "to"), ("text", "2026-11-23 10:30")),
    ]
)


def found_times(client, query: str) -> list[str]:
    page = client.get(f"/events/?{query}").content.decode()
    table = page.partition('<table class="data')[2]
    return re.findall(r'<time datetime="2026-11-23T(\d\d:\d\d)', table)


@pytest.fixture
def three(tokyo) -> None:
    for hour in (9, 10, 11):
        happened(tokyo, NOON.replace(hour=hour), [NORMAL, NORMAL], [OVER, BACKUP])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("field=time&operator=from&text=2026-11-23+10:00", ["11:00", "10:00"]),
        ("field=time&operator=to&text=2026-11-23+10:00", ["10:00", "09:00"]),
        (AROUND_TEN, ["10:00"]),
        ("field=time&operator=from&text=2026-11-23", ["11:00", "10:00", "09:00"]),
        ("field=time&operator=to&text=2026-11-22", []),
        ("field=time&operator=from&text=", ["11:00", "10:00", "09:00"]),
        ("field=time&operator=is-not-empty&text=", ["11:00", "10:00", "09:00"]),
    ],
)
def test_events_are_found_by_their_time(bob, three, query, expected):
    assert found_times(bob, query) == expected


def test_a_time_is_read_in_the_zone_of_the_browser(bob, three):
    bob.cookies["prg_time_zone"] = "Asia/Tokyo"
    page = bob.get("/events/?field=time&operator=from&text=2026-11-23+20:00").content.decode()
    assert page.count("<tr data-rule=") == 1
    assert "Nov 23, 2026 20:00:00" in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("operator=from&text=noon", "Time: “noon” is no date or time; write it like"),
        ("operator=to&text=1066-10-14", "“1066-10-14” is not between the years 2000 and 2100."),
        (
            "operator=contains&text=11",
            "Time: “contains” cannot be asked of a time; choose “is at or after”",
        ),
    ],
)
def test_a_time_that_cannot_be_looked_for_gets_a_sentence(bob, three, query, sentence):
    page = bob.get(f"/events/?field=time&{query}").content.decode()
    assert sentence in page
    assert "<tr data-rule=" not in page


def test_a_text_is_not_asked_for_its_time(bob, three):
    page = bob.get("/events/?field=group&operator=from&text=2026-11-23").content.decode()
    assert "Presence Redundancy Group: “is at or after” can be asked of times" in page


def test_the_picture_shows_the_time_that_was_found(bob, tokyo, three):
    listed = bob.get(f"/events/?{AROUND_TEN}").content.decode()
    (address,) = set(re.findall(rf'href="(/events/groups/{tokyo.pk}/[^"]*)"', listed))
    page = bob.get(address.replace("&amp;", "&")).content.decode()
    data = json.loads(re.search(r'id="timeline-data"[^>]*>(.*?)</script>', page)[1])
    assert data["begin"] == NOON.replace(hour=9, minute=30).timestamp()
    assert data["end"] == pytest.approx(NOON.replace(hour=10, minute=31).timestamp())
    assert [s["label"] for s in data["nodes"][0]["spans"]]
    back = re.search(r'value="(/events/\?field=group[^"]*)"', page)[1].replace("&amp;", "&")
    assert found_times(bob, back.partition("?")[2]) == ["10:00"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=noon", "Begin: “noon” is no date or time"),
        ("to=2026-99-99", "End: “2026-99-99” is no date or time"),
        ("from=2026-11-23&to=2026-11-22", "is empty: nothing can be shown of it."),
        ("from=2001-01-01&to=2026-11-22", "At most 400 days are shown at a time."),
    ],
)
def test_a_wrong_span_is_said_and_kept(bob, tokyo, query, sentence):
    page = bob.get(f"/events/groups/{tokyo.pk}/?{query}").content.decode()
    assert sentence in page
    assert f'value="{query.partition("=")[2].partition("&")[0]}"' in page
