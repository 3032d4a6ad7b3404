"""Who serves a user now, and who would if a node failed: derived from home and group state."""

from __future__ import annotations

import pytest

from prg_admin.domain.states import NodeState
from prg_admin.users.serving import ALONE, GroupStanding, Standing, group_standings
from tests.factories import create_group, role_of

NORMAL, BACKUP, IDLE = NodeState.NORMAL, NodeState.BACKUP, NodeState.IDLE
READY, BROKEN = NodeState.FAILED_OVER, NodeState.FAILED_OVER_SERVICES_DOWN
DOWN = NodeState.DOWN


def pair(first: NodeState, second: NodeState, *, ha: bool = True) -> GroupStanding:
    nodes = (Standing("imp1", first, role_of(first)), Standing("imp2", second, role_of(second)))
    return GroupStanding(ha, nodes)


@pytest.mark.parametrize(
    ("first", "second", "server", "if_imp1_fails", "if_imp2_fails"),
    [
        (NORMAL, NORMAL, "imp1", "imp2", "imp1"),
        (IDLE, BACKUP, "imp2", "imp2", None),
        (READY, BACKUP, "imp2", "imp2", "imp1"),
        (BROKEN, BACKUP, "imp2", "imp2", None),
        (DOWN, BACKUP, "imp2", "imp2", None),
        (BACKUP, DOWN, "imp1", None, "imp1"),
        (BACKUP, READY, "imp1", "imp2", "imp1"),
    ],
)
def test_a_user_of_the_first_node(first, second, server, if_imp1_fails, if_imp2_fails):
    group = pair(first, second)
    assert group.served_by("imp1") == server
    assert group.served_if_failed("imp1", "imp1") == if_imp1_fails
    assert group.served_if_failed("imp1", "imp2") == if_imp2_fails


def test_without_high_availability_nobody_takes_over():
    group = pair(NORMAL, NORMAL, ha=False)
    assert group.served_by("imp1") == "imp1"
    assert group.served_if_failed("imp1", "imp1") is None
    assert group.served_if_failed("imp1", "imp2") == "imp1"


def test_a_node_in_no_group_serves_its_own():
    assert ALONE.served_by("imp9") == "imp9"
    assert ALONE.served_if_failed("imp9", "imp9") is None


@pytest.mark.django_db
def test_many_groups_cost_one_query(django_assert_num_queries):
    groups = [create_group(states=[IDLE, BACKUP]) for _ in range(3)]
    with django_assert_num_queries(1):
        found = group_standings(group.pk for group in groups)
    assert [len(found[group.pk].nodes) for group in groups] == [2, 2, 2]
