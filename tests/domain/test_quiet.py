"""A group that is passed over would have been left alone: held against ``decide`` itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from prg_admin.domain import quiet
from prg_admin.domain.facts import NodeView, Pair
from prg_admin.domain.orders import due_order, goal_of
from prg_admin.domain.pair import decide
from prg_admin.domain.quiet import stays_quiet
from prg_admin.domain.states import CRITICAL_SERVICES, NodeState, Reason, Role, homes_served
from prg_admin.domain.ticks import Ticks, advanced, ticks_of
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.wake import wake_in
from prg_admin.domain.wire import DatabaseReport, PeerReport, Report
from tests.domain.simulation import EPOCH_START
from tests.factories import create_report

NOW = EPOCH_START + timedelta(days=3)
LATER = (0.5, 30.0, 60.0, 90.0, 200.0, 1801.0, 86_401.0, 400_000.0)
DOWN_FOR = st.sampled_from([0.0, 1.0, 89.0, 90.0, 5000.0])
TYPICAL = {
    NodeState.BACKUP: Role.BOTH,
    NodeState.FAILED_OVER: Role.STANDBY,
    NodeState.FAILED_OVER_SERVICES_DOWN: Role.STANDBY,
    NodeState.IDLE: Role.IDLE,
}
"""What a node is ordered in these states; in others to serve its own."""


@st.composite
def reports(draw: st.DrawFn, name: str, peer: str, ordered: Role) -> Report:
    down = draw(st.sampled_from([(), (), CRITICAL_SERVICES[:1], CRITICAL_SERVICES]))
    role = draw(st.sampled_from([ordered] * 6 + list(Role)))
    report = create_report(
        name,
        role=role,
        serving=sorted(homes_served(role, node=name, peer=peer)),
        down=down,
        peer=PeerReport(peer, draw(st.sampled_from([0.0, 1.0, 500.0])), None, "", ()),
        goal_epoch=1,
        up_s=10_000.0,
        database=draw(st.sampled_from([None, None, database(None), database(5000.0)])),
    )
    since = draw(DOWN_FOR)
    services = (s if s.down_s is None else replace(s, down_s=since) for s in report.services)
    return replace(report, services=tuple(services))


def database(down_s: float | None) -> DatabaseReport:
    return DatabaseReport(down_s is None, down_s, None if down_s else 2, "")


@st.composite
def nodes(draw: st.DrawFn, name: str, peer: str, state: NodeState) -> NodeView:
    ordered = draw(st.sampled_from([TYPICAL.get(state, Role.OWN)] * 6 + list(Role)))
    return NodeView(
        name=name,
        host="10.0.0.1",
        port=22001,
        state=state,
        reason=draw(st.sampled_from([Reason.NORMAL, Reason.PEER_DOWN, Reason.ADMIN_REQUEST])),
        since=NOW - timedelta(seconds=draw(st.sampled_from([0.0, 100.0, 3600.0]))),
        target=draw(st.sampled_from([ordered] * 6 + list(Role))),
        ordered=ordered,
        ordered_epoch=1,
        heard_at=NOW,
        last_report=draw(reports(name, peer, ordered)),
        reachable=draw(st.sampled_from([True] * 12 + [False])),
        boot_id=f"boot-of-{name}",
    )


LIKELY = [
    (NodeState.UNKNOWN, NodeState.UNKNOWN),
    (NodeState.NORMAL, NodeState.NORMAL),
    (NodeState.FAILED_OVER, NodeState.BACKUP),
    (NodeState.FAILED_OVER_SERVICES_DOWN, NodeState.BACKUP),
    (NodeState.IDLE, NodeState.BACKUP),
    (NodeState.FAILED, NodeState.FAILED),
]


@st.composite
def pairs(draw: st.DrawFn, in_force: RecoverySettings) -> Pair:
    one, other = draw(st.sampled_from(LIKELY * 3) | st.tuples(*[st.sampled_from(NodeState)] * 2))
    pair = Pair(
        group="g",
        ha_enabled=draw(st.booleans()),
        epoch=2,
        nodes=(draw(nodes("a", "b", one)), draw(nodes("b", "a", other))),
        automatic_failovers=draw(st.sampled_from([(), (NOW - timedelta(hours=23),) * 2])),
    )
    return following(pair, in_force) if draw(st.sampled_from([True] * 6 + [False])) else pair


def following(pair: Pair, in_force: RecoverySettings) -> Pair:
    """Each node follows its goal."""
    digests = (goal_of(pair, i, in_force).digest for i in (0, 1))
    return replace(
        pair,
        nodes=tuple(
            replace(n, last_report=n.last_report and replace(n.last_report, goal_digest=d))
            for n, d in zip(pair.nodes, digests, strict=True)
        ),
    )


def moved_on(pair: Pair, seconds: float, silence_s: float) -> Pair:
    """The same group later, when its nodes have told nothing but their ticks."""
    moved = []
    for node in pair.nodes:
        assert node.last_report is not None
        ticks = ticks_of(node.last_report)
        later = Ticks(
            ticks.seq + 1, ticks.up_s + seconds, ticks.sessions + 1, silence_s, 3.0, ticks.lag_bytes
        )
        moved.append(replace(node, last_report=advanced(node.last_report, later)))
    return replace(pair, nodes=tuple(moved))


def would_act(pair: Pair, in_force: RecoverySettings, now: datetime) -> bool:
    goals = [goal_of(pair, i, in_force) for i in (0, 1)]
    return bool(
        decide(pair, settings=in_force, now=now).changed
        or wake_in(pair, settings=in_force, now=now) is not None
        or any(due_order(n, g) for n, g in zip(pair.nodes, goals, strict=True))
    )


def hides_something(pair: Pair, in_force: RecoverySettings, silence_s: float) -> bool:
    return any(
        would_act(moved_on(pair, s, silence_s), in_force, NOW + timedelta(seconds=s)) for s in LATER
    )


@settings(max_examples=600)
@given(st.data(), st.booleans(), st.booleans(), st.sampled_from([0.0, 500.0]))
def test_a_quiet_group_would_be_left_alone_at_any_later_time(data, fallback, doubled, silence_s):
    in_force = RecoverySettings(automatic_fallback=fallback, multiple_device_messaging=doubled)
    pair = data.draw(pairs(in_force))
    if not stays_quiet(pair, settings=in_force, now=NOW):
        event("not quiet")
        return
    event(f"quiet: {pair.nodes[0].state}, {pair.nodes[1].state}")
    assert not hides_something(pair, in_force, silence_s)


def settled(state_a: NodeState, state_b: NodeState, roles: tuple[Role, Role]) -> Pair:
    made = []
    for (name, peer), state, role in zip(("ab", "ba"), (state_a, state_b), roles, strict=True):
        serving = sorted(homes_served(role, node=name, peer=peer))
        heard = PeerReport(peer, 0.1, None, "", ())
        report = create_report(name, role=role, serving=serving, peer=heard, goal_epoch=1)
        made.append(
            NodeView(name, "h", 1, state, Reason.NORMAL, NOW, role, role, 1, NOW, report, True,
                     boot_id=f"boot-of-{name}")
        )  # fmt: skip
    return following(Pair("g", True, 1, tuple(made)), RecoverySettings())


@pytest.mark.parametrize(
    ("states", "roles"),
    [
        ((NodeState.NORMAL, NodeState.NORMAL), (Role.OWN, Role.OWN)),
        ((NodeState.FAILED_OVER, NodeState.BACKUP), (Role.STANDBY, Role.BOTH)),
    ],
)
def test_what_is_settled_is_quiet(states, roles):
    assert stays_quiet(settled(*states, roles), settings=RecoverySettings(), now=NOW)


def test_an_automatic_fallback_that_is_held_is_not_quiet_for_the_hold_ends(monkeypatch):
    """Nothing is counted down while it is held; the seeded bug is to trust that."""
    in_force = RecoverySettings(automatic_fallback=True)
    pair = settled(NodeState.FAILED_OVER, NodeState.BACKUP, (Role.STANDBY, Role.BOTH))
    held = replace(pair, automatic_failovers=(NOW - timedelta(hours=23),) * 2)
    assert not stays_quiet(held, settings=in_force, now=NOW)
    monkeypatch.setattr(quiet, "FALLS_BACK_BY_ITSELF", frozenset())
    assert stays_quiet(held, settings=in_force, now=NOW)
    assert hides_something(held, in_force, 0.0)
