"""Every pair of states and reasons that the engine can reach has its cause and action."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prg_admin.domain.facts import Pair
from prg_admin.domain.invariants import Decided
from prg_admin.domain.states import NodeState, Reason
from prg_admin.domain.transitions import ROWS as TRANSITIONS
from prg_admin.lib.advice import ROWS, Advice, Standing, advice
from tests.domain.lives import live
from tests.soak.checker import Record

S, R = NodeState, Reason
Way = tuple[NodeState, Reason, NodeState, Reason]

# Domain facts 2, without the two ways in which a row can be read.
MATRIX: dict[int, Way] = {
    1: (S.NORMAL, R.NORMAL, S.NORMAL, R.NORMAL),
    2: (S.FAILING_OVER, R.ADMIN_REQUEST, S.TAKING_OVER, R.ADMIN_REQUEST),
    3: (S.IDLE, R.ADMIN_REQUEST, S.BACKUP, R.ADMIN_REQUEST),
    4: (S.TAKING_BACK, R.ADMIN_REQUEST, S.FALLING_BACK, R.ADMIN_REQUEST),
    5: (S.IDLE, R.INITIALIZATION, S.BACKUP, R.ADMIN_REQUEST),
    6: (S.IDLE, R.INITIALIZATION, S.BACKUP, R.INITIALIZATION),
    7: (S.IDLE, R.ADMIN_REQUEST, S.BACKUP, R.INITIALIZATION),
    8: (S.FAILING_OVER, R.ADMIN_REQUEST, S.TAKING_OVER, R.INITIALIZATION),
    9: (S.TAKING_BACK, R.INITIALIZATION, S.FALLING_BACK, R.ADMIN_REQUEST),
    10: (S.TAKING_BACK, R.AUTOMATIC_FALLBACK, S.FALLING_BACK, R.AUTOMATIC_FALLBACK),
    11: (S.FAILED_OVER, R.CRITICAL_SERVICE_DOWN, S.BACKUP, R.CRITICAL_SERVICE_DOWN),
    12: (S.FAILED_OVER_SERVICES_DOWN, R.CRITICAL_SERVICE_DOWN, S.BACKUP, R.CRITICAL_SERVICE_DOWN),
    13: (S.FAILED_OVER_SERVICES_DOWN, R.DATABASE_FAILURE, S.BACKUP, R.DATABASE_FAILURE),
    14: (S.FAILED, R.START_FAILED, S.FAILED, R.START_FAILED),
    15: (S.FAILED, R.CRITICAL_SERVICE_DOWN, S.FAILED, R.CRITICAL_SERVICE_DOWN),
    16: (S.DOWN, R.PEER_DOWN, S.BACKUP, R.PEER_DOWN),
    17: (S.DOWN, R.PEER_REBOOT, S.BACKUP, R.PEER_REBOOT),
    18: (S.FAILED_OVER, R.INITIALIZATION, S.BACKUP, R.PEER_DOWN_INITIALIZING),
    19: (S.FAILED, R.TAKE_OVER_FAILED, S.FAILED, R.TAKE_OVER_FAILED),
    20: (S.FAILED, R.TAKE_BACK_FAILED, S.FAILED, R.TAKE_BACK_FAILED),
    21: (S.FAILED, R.UNKNOWN, S.FAILED, R.UNKNOWN),
    22: (S.FAILED_OVER_SERVICES_DOWN, R.AUTO_RECOVER_DATABASE, S.BACKUP, R.AUTO_RECOVER_DATABASE),
    23: (S.FAILED_OVER_SERVICES_DOWN, R.AUTO_RECOVER_SERVICE, S.BACKUP, R.AUTO_RECOVER_SERVICE),
    24: (S.UNKNOWN, R.HA_NOT_ENABLED, S.UNKNOWN, R.HA_NOT_ENABLED),
}


def told(way: Way) -> Advice | None:
    state, reason, peer_state, peer_reason = way
    return advice(Standing("one", state, reason), Standing("two", peer_state, peer_reason))


def standing(pair: Pair) -> Way:
    a, b = pair.nodes
    return (a.state, a.reason, b.state, b.reason)


def by_the_table() -> Iterator[Way]:
    """What a row names itself, where it names both states and reasons."""
    for row in TRANSITIONS:
        a, b = row.to_a, row.to_b
        if a.state and b.state and a.reason and b.reason:
            yield (a.state, a.reason, b.state, b.reason)


def by_lives() -> set[Way]:
    found: set[Way] = set()

    def watch(record: Record) -> None:
        if isinstance(record, Decided):
            found.add(standing(record.decision.pair))

    for seed in range(60):
        live(seed, 80, watch)
    return found


@pytest.mark.parametrize("way", sorted(set(by_the_table())))
def test_what_a_row_of_the_table_leads_to_has_advice(way: Way):
    assert told(way), way


def test_what_random_lives_lead_to_has_advice():
    reached = by_lives()

    assert {w[0] for w in reached} >= {S.NORMAL, S.BACKUP, S.FAILED, S.IDLE, S.DOWN}
    assert [way for way in sorted(reached) if told(way) is None] == []


@pytest.mark.parametrize("number", MATRIX)
def test_each_row_of_the_matrix_has_a_cause_of_its_own(number: int):
    mine = told(MATRIX[number])
    others = {other: told(way) for other, way in MATRIX.items() if other != number}

    assert mine
    assert mine.cause not in {advice.cause for advice in others.values() if advice}


@pytest.mark.parametrize("number", MATRIX)
def test_advice_is_the_same_either_way_round(number: int):
    state, reason, peer_state, peer_reason = MATRIX[number]
    one, two = Standing("one", state, reason), Standing("two", peer_state, peer_reason)

    if state is not peer_state:
        assert advice(one, two) == advice(two, one)


def test_names_stand_in_the_sentences():
    lost = told(MATRIX[16])

    assert lost
    assert lost.cause.startswith("Neither the engine nor two hears one")
    assert "%(" not in lost.cause + lost.action


def test_no_row_is_hidden_by_one_before_it():
    for index, row in enumerate(ROWS):
        hidden = [
            earlier
            for earlier in ROWS[:index]
            if (earlier.node, earlier.peer) == (row.node, row.peer)
            and not earlier.reasons
            and not earlier.peer_reasons
        ]
        assert not hidden, row.cause
