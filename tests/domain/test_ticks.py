"""What a node says by its ticks is what it would have said in full."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prg_admin.domain.states import Role, ServiceState
from prg_admin.domain.ticks import Ticks, advanced, tag_of, ticks_of
from prg_admin.domain.wire import DatabaseReport, PeerReport, Report, ServiceReport, WireError
from tests.factories import create_report

PEER = PeerReport("b", 0.5, 0.4, "", ("b",))
DATABASE = DatabaseReport(True, None, 2, "1 table", 12)


def grown(report: Report, seconds: float, **more: object) -> Report:
    """The same node ``seconds`` later, if nothing happened to it."""
    services = tuple(
        replace(
            s,
            up_s=None if s.up_s is None else s.up_s + seconds,
            down_s=None if s.down_s is None else s.down_s + seconds,
        )
        for s in report.services
    )
    values = {"seq": report.seq + 1, "up_s": report.up_s + seconds, "services": services, **more}
    return replace(report, **values)


def test_time_alone_leaves_the_tag_and_the_ticks_make_up_for_it():
    before = create_report("a", down=["Cisco SIP Proxy"], peer=PEER, database=DATABASE)
    peer, database = replace(PEER, silence_s=1.25, rtt_ms=7.0), replace(DATABASE, lag_bytes=99)
    after = grown(before, 30.0, sessions=5, peer=peer, database=database)
    assert tag_of(after) == tag_of(before)
    assert advanced(before, Ticks.parse(str(ticks_of(after)))) == after


@pytest.mark.parametrize(
    "change",
    [
        {"boot_id": "another"},
        {"order_seq": 9},
        {"goal_digest": "0" * 16},
        {"highest_epoch": 2},
        {"role": Role.BOTH},
        {"serving": ()},
        {"fenced": True},
        {"isolation_limit_s": 0.0},
        {"version": "16"},
        {"peer": replace(PEER, error="timeout")},
        {"peer": replace(PEER, rtt_ms=None)},
        {"peer": None},
        {"database": replace(DATABASE, replication=4)},
        {"database": replace(DATABASE, answers=False, down_s=0.0)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_else_changes_changes_the_tag(change: dict[str, object]):
    report = create_report("a", peer=PEER, database=DATABASE)
    assert tag_of(replace(report, **change)) != tag_of(report)


def test_a_service_that_was_down_for_a_moment_in_between_changes_the_tag():
    """Its time would be counted on from an earlier failure, and the delay be cut short."""
    before = create_report("a", down=["Cisco SIP Proxy"])
    after = grown(before, 60.0)
    first, *others = (s for s in after.services if s.name == "Cisco SIP Proxy")
    anew = replace(first, down_s=1.0)
    services = tuple(anew if s is first else s for s in after.services)
    assert not others
    assert tag_of(replace(after, services=services)) != tag_of(before)


@given(
    seq=st.integers(0, 10**17),
    up_s=st.floats(0, 1e9),
    sessions=st.integers(0, 2**31 - 1),
    silence=st.none() | st.floats(0, 1e6),
    lag=st.none() | st.integers(0, 10**17),
)
def test_ticks_are_read_as_they_were_written(seq, up_s, sessions, silence, lag):
    text = str(Ticks(seq, up_s, sessions, silence, None, lag))
    assert str(Ticks.parse(text)) == text
    assert Ticks.parse(text).up_s == pytest.approx(up_s, abs=0.001)


@pytest.mark.parametrize(
    "text",
    ["", "1 2 3", "1 2.0 3 - - - ", "1 nan 3 - - -", "-1 2.0 3 - - -", "1 2.0 9999999999 - - -",
     "1 2.0 3 - - -\n", "01 2.0 3 - - -", "1 2.0 3 - - 1.5", "1 1e5 3 - - -", "1,2 2.0 3 - - -"],
)  # fmt: skip
def test_ticks_are_read_strictly(text: str):
    with pytest.raises(WireError):
        Ticks.parse(text)


def test_a_service_that_starts_and_one_that_stops_are_told():
    up = ServiceReport("x", ServiceState.STARTED, 7, 5.0, None, True, "")
    down = ServiceReport("x", ServiceState.STOPPED, None, None, 5.0, True, "ended")
    tags = {tag_of(create_report("a", services=(s,))) for s in (up, down, replace(up, pid=8))}
    assert len(tags) == 3
