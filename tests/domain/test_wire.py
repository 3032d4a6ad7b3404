"""What engine, agents and peers say: there and back unchanged, and refused by the field."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prg_admin.domain import strict
from prg_admin.domain.states import Role, ServiceState
from prg_admin.domain.wire import (
    CallIn,
    CallInKind,
    DatabaseReport,
    Document,
    Goal,
    Heartbeat,
    Order,
    PeerAddress,
    PeerReport,
    Report,
    ServiceReport,
    Timing,
    WireError,
)
from tests.domain.documents import documents, places, with_value, without, written

DOCUMENTS = (CallIn, Goal, Heartbeat, Order, Report)
GOAL = Goal(
    node="imp1",
    group="East",
    epoch=7,
    role=Role.OWN,
    ha_enabled=True,
    fence=True,
    peer_silence_s=0.0,
    peer=PeerAddress("imp2", "127.0.0.1", 8443),
    timing=Timing(1.0, 1.0, 3.25),
)
REPORT = Report(
    node="imp1",
    version="15.0.1",
    boot_id="b1",
    seq=3,
    order_seq=2,
    up_s=5.0,
    highest_epoch=7,
    goal_epoch=7,
    goal_digest=GOAL.digest,
    role=Role.OWN,
    serving=("imp1",),
    sessions=60,
    fenced=False,
    fences=0,
    isolation_limit_s=3.25,
    serves_unasked=False,
    services=(ServiceReport("Cisco XCP Router", ServiceState.STARTED, 4711, 5.0, None, True, ""),),
    peer=PeerReport("imp2", 0.2, 0.4, "", ("imp2",)),
    database=DatabaseReport(answers=True, down_s=None, replication=2, detail=""),
)
EXAMPLES: tuple[Document, ...] = (
    GOAL,
    REPORT,
    Order(GOAL, "b1", 2, 3),
    Heartbeat("imp1", "b1", 7, Role.OWN, ("imp1",)),
    CallIn("imp1", "b1", CallInKind.SERVICE, "Cisco SIP Proxy: stopped"),
)
example_of = pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: type(e).__name__)


# There and back.


@pytest.mark.parametrize("kind", DOCUMENTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(kind: type[Document], data: st.DataObject):
    document = data.draw(documents(kind))
    assert kind.from_bytes(json.dumps(document.to_json()).encode()) == document


def test_whole_seconds_are_seconds():
    data = REPORT.to_json() | {"up_s": 5}
    assert Report.from_json(data) == REPORT
    assert type(Report.from_json(data).up_s) is float


def test_a_goal_has_another_digest_when_anything_of_it_is_different():
    changes = (
        {"epoch": 8}, {"role": Role.BOTH}, {"ha_enabled": False}, {"fence": False}, {"peer": None},
        {"peer_silence_s": 4.0}, {"group": "West"}, {"timing": Timing(1.0, 1.0, 3.5)},
    )  # fmt: skip
    digests = {GOAL.digest} | {replace(GOAL, **change).digest for change in changes}
    assert len(digests) == 1 + len(changes)
    assert Goal.from_json(GOAL.to_json()).digest == GOAL.digest


# Refusals.


@example_of
def test_a_missing_field_is_named(example: Document):
    kind = type(example).__name__
    for path in places(example.to_json()):
        with pytest.raises(WireError) as error:
            type(example).from_json(without(example.to_json(), path))
        assert str(error.value) == f"{written(kind, path)} is missing"


@example_of
@pytest.mark.parametrize("wrong", [{"x": 1}, [[]], "\ud800"])
def test_a_field_of_another_kind_is_named(example: Document, wrong: Any):
    kind = type(example).__name__
    for path in places(example.to_json()):
        inside = with_value(example.to_json(), path, wrong)
        name = written(kind, path)
        with pytest.raises(WireError) as error:
            type(example).from_json(inside)
        assert str(error.value).startswith((f"{name} ", f"{name}.", f"{name}["))


@example_of
def test_a_field_that_is_not_known_is_named(example: Document):
    kind = type(example).__name__
    for path in places(example.to_json()):
        extra = (*path[:-1], "surplus")
        with pytest.raises(WireError) as error:
            type(example).from_json(with_value(example.to_json(), extra, 1))
        assert str(error.value) == f"{written(kind, extra)} is not a known field"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("version", "1" * 65, "is longer than 64 characters"),
        ("boot_id", "1" * 65, "is longer than 64 characters"),
        ("goal_digest", "x" * 4097, "is longer than 4096 characters"),
        ("node", "a\0b", "contains what is no character"),
        ("sessions", 2**31, "is not between 0 and 2147483647"),
        ("highest_epoch", 2**63, f"is not between 0 and {strict.HIGHEST_NUMBER}"),
        ("highest_epoch", -1, f"is not between 0 and {strict.HIGHEST_NUMBER}"),
        ("highest_epoch", True, "must be of type int"),
        ("highest_epoch", 1.0, "must be of type int"),
        ("fenced", 1, "must be of type bool"),
        ("up_s", float("nan"), "must be finite"),
        ("up_s", float("-inf"), "must be finite"),
        ("up_s", 10**400, "must be of type float"),
        ("up_s", True, "must be of type float"),
        ("role", "both ", "is not one of own, both, standby, idle"),
        ("serving", "imp1", "must be a list"),
        ("serving", None, "must be a list"),
        ("peer", [], "must be an object"),
        ("node", None, "must be of type str"),
    ],
)  # fmt: skip
def test_a_value_out_of_bounds_is_named(field: str, value: Any, told: str):
    with pytest.raises(WireError) as error:
        Report.from_json(REPORT.to_json() | {field: value})
    assert str(error.value) == f"Report.{field} {told}"


def test_an_item_out_of_bounds_is_named_with_its_place():
    with pytest.raises(WireError, match=r"^Report\.serving\[1\] must be of type str$"):
        Report.from_json(REPORT.to_json() | {"serving": ["imp1", 2]})


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a": 1', b"NaNs"])
def test_what_is_no_json_is_refused(text: bytes):
    with pytest.raises(WireError, match=r"^Heartbeat is not JSON: "):
        Heartbeat.from_bytes(text)


@pytest.mark.parametrize("text", [b"[]", b"null", b'"x"', b"7", b"NaN"])
def test_what_is_no_object_is_refused(text: bytes):
    with pytest.raises(WireError, match=r"^Heartbeat must be an object$"):
        Heartbeat.from_bytes(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=8,
    )
)
@settings(max_examples=100, deadline=None)
def test_nonsense_is_refused_and_nothing_else(data: Any):
    for kind in DOCUMENTS:
        with pytest.raises(WireError):
            kind.from_json(data)
