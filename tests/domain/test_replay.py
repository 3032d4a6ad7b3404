"""Recordings: there and back unchanged, decided again alike, and refused by the field."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prg_admin.domain.invariants import Decided
from prg_admin.domain.pair import decide
from prg_admin.domain.replay import Case, Difference, Recording
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.strict import StrictError, plain, read
from tests.domain.documents import documents, places, with_value, without, written
from tests.domain.lives import live_and_recover
from tests.domain.simulation import World
from tests.soak.checker import Record

FAILOVER = Request(Action.FAILOVER, 0)


def a_failover(request: Request | None = FAILOVER) -> Case:
    """An administrator asks for the failover of a pair that is well."""
    world = World()
    world.run(1)
    return Case(world.look().pair, world.settings, world.now, request)


def recorded(case: Case) -> Recording:
    return Recording.of(case, case.decided())


def stored(recording: Recording) -> Recording:
    return Recording.from_bytes(json.dumps(recording.to_json()).encode())


# There and back.


@given(case=documents(Case))
@settings(max_examples=100, deadline=None)
def test_whatever_a_case_holds_is_read_again(case: Case):
    assert read(Case, json.loads(json.dumps(case.to_json()))) == case


def test_every_decision_of_a_life_decides_alike_from_its_file():
    history: list[Record] = []
    for seed in range(30):
        live_and_recover(seed, 60, history.append)
    recordings = [Recording.of(r.case, r.decision) for r in history if isinstance(r, Decided)]
    assert len(recordings) > 100
    assert [r for r in recordings if stored(r) != r or stored(r).differences()] == []


def test_a_recording_names_the_rule_the_values_and_all_that_changes():
    decided = recorded(a_failover()).decided
    assert decided["rule"] == "failover-asked"
    assert decided["a.state"] == "failing-over"
    assert decided["b.state"] == "taking-over"
    assert decided["a.ordered"] == "idle"
    assert decided["epoch"] > 0
    assert "b.name" not in decided


def test_one_that_changes_nothing_says_so():
    recording = recorded(a_failover(request=None))
    assert (recording.decided, recording.differences()) == ({"rule": None, "hit": None}, ())


# Every input counts: another one shows.


def _services_stopped(case: Case) -> Case:
    a, b = case.pair.nodes
    assert a.last_report is not None
    down = replace(a.last_report, services=(), boot_id="another")
    return replace(case, pair=replace(case.pair, nodes=(replace(a, last_report=down), b)))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda case: replace(case, request=None), "rule"),
        (lambda case: replace(case, request=replace(FAILOVER, index=1)), "hit"),
        (lambda case: replace(case, pair=replace(case.pair, epoch=70)), "epoch"),
        (lambda case: replace(case, pair=replace(case.pair, ha_enabled=False)), "rule"),
        (lambda case: replace(case, now=case.now.replace(year=2031)), "a.since"),
        (_services_stopped, "a.boot_id"),
    ],
)
def test_another_input_gives_a_difference_with_a_name(change: Callable[[Case], Case], field: str):
    recording = recorded(a_failover())
    spoilt = replace(stored(recording), case=change(recording.case))
    assert field in [difference.field for difference in spoilt.differences()]


def test_a_release_that_decides_otherwise_is_told_in_what(monkeypatch: pytest.MonkeyPatch):
    recording = stored(recorded(a_failover()))

    def cautious(pair: Any, **inputs: Any) -> Any:
        return decide(pair, **{**inputs, "request": None})

    monkeypatch.setattr("prg_admin.domain.replay.decide", cautious)
    first = recording.differences()[0]
    assert first == Difference("rule", "failover-asked", None)


# Refusals.


def test_a_missing_field_is_named():
    document = a_failover().to_json()
    for path in places(document):
        with pytest.raises(StrictError) as error:
            Case.from_json(without(document, path))
        assert str(error.value) == f"{written('Case', path)} is missing"


@pytest.mark.parametrize("wrong", [{"x": 1}, [[]], "\ud800"])
def test_a_field_of_another_kind_is_named(wrong: Any):
    document = a_failover().to_json()
    for path in places(document):
        name = written("Case", path)
        with pytest.raises(StrictError) as error:
            Case.from_json(with_value(document, path, wrong))
        assert str(error.value).startswith((f"{name} ", f"{name}.", f"{name}["))


@pytest.mark.parametrize("moment", ["2026-11-23T10:00:00", "yesterday", 5])
def test_a_moment_without_its_zone_is_no_moment(moment: Any):
    document = with_value(a_failover().to_json(), ("now",), moment)
    with pytest.raises(StrictError, match=r"^Case.now must"):
        Case.from_json(document)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "must be an object of"),
        (b'{"format": 2, "case": {}, "decided": {}}', "format is 2; known is 1"),
        (b'{"format": 1, "case": {}, "decided": []}', "decided must be an object"),
        (b'{"format": 1, "case": {}, "decided": {}}', "Case.blind is missing"),
        (b'{"format": 1, "case": {}, "decided": {}, "more": 1}', "must be an object of"),
    ],
)
def test_what_is_no_recording_is_refused_in_words(text: bytes, told: str):
    with pytest.raises(StrictError, match=told):
        Recording.from_bytes(text)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_recording_changed_in_its_file_is_refused_or_still_a_recording(data: st.DataObject):
    document = recorded(a_failover()).to_json()
    path = data.draw(st.sampled_from(places(document["case"])))
    value = data.draw(st.none() | st.integers() | st.text() | st.lists(st.none()))
    case = with_value(document["case"], path, value)
    told = ""
    try:
        Recording.from_json({**document, "case": case}).differences()
    except StrictError as error:
        told = str(error)
    assert told == "" or told.startswith("Case")


def test_what_decide_knows_nothing_of_is_refused():
    document = recorded(a_failover()).to_json()
    nodes = document["case"]["pair"]["nodes"]
    three = with_value(document, ("case", "pair", "nodes"), [*nodes, nodes[0]])
    with pytest.raises(StrictError, match=r"^Case\.pair\.nodes has more than two nodes$"):
        Recording.from_json(three)
    nobody = with_value(document, ("case", "request", "index"), None)
    with pytest.raises(StrictError, match="failover cannot be about node None"):
        Recording.from_json(nobody)


def test_what_has_no_form_is_not_written():
    with pytest.raises(TypeError, match="set has no JSON form here"):
        plain({1})
