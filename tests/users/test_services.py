"""Assigning users: to a node, to none, by the mode; and rebalancing."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from prg_admin.audit.models import Entry
from prg_admin.domain.assignment import Mode
from prg_admin.domain.states import FAILED_OVER_STATES, NodeState
from prg_admin.lib.actor import Actor
from prg_admin.users.models import PresenceUser
from prg_admin.users.plans import Target, Way
from prg_admin.users.sentences import problem_text
from prg_admin.users.services import Assigned, Refused, users_assign, users_rebalance
from tests.factories import create_node, create_presence_users
from tests.users.cluster import Town, create_town

pytestmark = pytest.mark.django_db

ALICE = Actor("alice", "10.0.0.1")
EVERYBODY = PresenceUser.objects.all()
BY_MODE, TO_NONE = Target(Way.MODE), Target(Way.UNASSIGNED)


def assign(town: Town, target: Target, users=EVERYBODY) -> Assigned | Refused:
    return users_assign(cluster_id=town.cluster.pk, users=users.all(), target=target, actor=ALICE)


def to(town: Town, number: int) -> Target:
    return Target(Way.NODE, town.node(number).name)


def sentences(outcome: Assigned | Refused) -> str:
    assert isinstance(outcome, Refused)
    return " ".join(map(problem_text, outcome.problems))


def test_users_go_to_the_chosen_node():
    town = create_town(3, 2, unassigned=2)
    assert assign(town, to(town, 3)).users == 7
    assert town.counts == [0, 0, 7, 0, 0]


def test_only_the_chosen_ones_move():
    town = create_town(3, 2)
    assign(town, to(town, 2), PresenceUser.objects.filter(home__name=town.node(1).name))
    assert town.counts == [0, 5, 0, 0, 0]


def test_users_of_another_cluster_stay():
    town, other = create_town(2), create_town(2)
    assign(town, TO_NONE)
    assert town.counts == [0, 0, 0, 0, 2]
    assert other.counts == [2, 0, 0, 0, 0]


def test_by_the_mode_those_without_a_home_get_one_and_the_others_stay():
    town = create_town(3, 0, unassigned=6)
    outcome = assign(town, BY_MODE)
    assert (outcome.users, outcome.plan.staying) == (6, 3)
    assert town.counts == [3, 2, 2, 2, 0]


def test_active_standby_uses_the_first_nodes():
    town = create_town(unassigned=5)
    town.set_mode(Mode.ACTIVE_STANDBY)
    assign(town, BY_MODE)
    assert town.counts == [3, 0, 2, 0, 0]


def test_by_the_mode_users_leave_a_node_in_no_group():
    town = create_town()
    create_presence_users(2, home=create_node(cluster=town.cluster))
    assign(town, BY_MODE)
    assert town.counts == [1, 1, 0, 0, 0]


def test_none_assigns_nobody():
    town = create_town(unassigned=1)
    town.set_mode(Mode.NONE)
    assert "User Assignment Mode of cluster" in sentences(assign(town, BY_MODE))
    assert town.counts[-1] == 1


def test_who_has_no_licence_gets_no_home():
    town = create_town(unassigned=1)
    town.add("bob", is_licensed=False)
    for target in (to(town, 1), BY_MODE):
        assert assign(town, target).plan.unlicensed == 1
    assert town.counts == [1, 0, 0, 0, 1]


def test_a_node_in_no_group_gets_nobody():
    town = create_town(unassigned=1)
    free = create_node(cluster=town.cluster)
    outcome = assign(town, Target(Way.NODE, free.name))
    assert f"Node {free.name} is in no presence redundancy group" in sentences(outcome)


def test_a_node_of_another_cluster_gets_nobody():
    town, other = create_town(unassigned=1), create_town()
    assert "has no node" in sentences(assign(town, to(other, 1)))
    assert other.counts == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("state", sorted(FAILED_OVER_STATES | {NodeState.FAILING_OVER}))
def test_while_a_node_is_failed_over_nobody_is_assigned_in_the_whole_cluster(state: NodeState):
    town = create_town(2, unassigned=1)
    town.set_states(state, NodeState.BACKUP)
    wanted = f"Node {town.node(1).name} is in state {state.label}. No users"
    assert wanted in sentences(assign(town, to(town, 3)))
    assert wanted in problem_text(assign(town, BY_MODE).plan.waiting_for[0])
    assert isinstance(rebalance(town), Refused)
    assert town.counts == [2, 0, 0, 0, 1]


def test_while_a_node_is_failed_over_users_can_still_be_unassigned():
    town = create_town(2)
    town.set_states(NodeState.IDLE, NodeState.BACKUP)
    assert assign(town, TO_NONE).users == 2


def test_a_failover_elsewhere_is_no_matter():
    town, other = create_town(unassigned=1), create_town()
    other.set_states(NodeState.IDLE, NodeState.BACKUP)
    assert assign(town, BY_MODE).users == 1


def test_more_than_a_node_holds_is_refused_with_the_figures():
    town = create_town(ha=(False, False))
    town.add_many(25_001)
    outcome = assign(town, to(town, 1))
    assert "would have 25,001 users; at most 25,000 are allowed on a node" in sentences(outcome)
    assert town.counts[-1] == 25_001


def test_more_than_a_group_with_ha_holds_is_refused():
    town = create_town()
    town.add_many(25_000, home=town.node(1))
    town.add("late")
    said = sentences(assign(town, to(town, 2)))
    assert "would have 25,001 users; with High Availability at most 25,000" in said


def test_by_the_mode_what_fits_is_assigned_and_the_rest_waits():
    town = create_town()
    town.add_many(50_001)
    outcome = assign(town, BY_MODE)
    assert (outcome.users, outcome.plan.unplaced, outcome.queued) == (50_000, 1, 1)
    assert town.counts == [12_500, 12_500, 12_500, 12_500, 1]


def rebalance(town: Town, **more) -> Assigned | Refused:
    return users_rebalance(cluster_id=town.cluster.pk, actor=ALICE, **more)


def test_a_rebalance_ends_with_totals_that_differ_by_at_most_one():
    town = create_town(9, 0, 1, 0, unassigned=2)
    assert rebalance(town).users == 6
    assert town.counts == [3, 2, 3, 2, 2]
    assert rebalance(town).users == 0


def test_who_came_last_moves_first():
    town = create_town(4)
    oldest = PresenceUser.objects.order_by("pk").first()
    rebalance(town)
    assert list(PresenceUser.objects.filter(home=town.node(1))) == [oldest]


def test_a_rebalance_in_steps():
    town = create_town(8)
    written = [rebalance(town, most=4).users for _ in range(3)]
    assert written == [4, 2, 0]
    assert town.counts == [2, 2, 2, 2, 0]


def test_a_changed_mode_moves_nobody_until_a_rebalance():
    town = create_town(2, 2, 2, 2)
    town.set_mode(Mode.ACTIVE_STANDBY)
    assert town.counts == [2, 2, 2, 2, 0]
    rebalance(town)
    assert town.counts == [4, 0, 4, 0, 0]


def test_what_was_done_is_in_the_audit_log():
    town = create_town(2)
    assign(town, to(town, 3))
    entry = Entry.objects.get()
    assert (entry.actor, entry.address, entry.kind) == ("alice", "10.0.0.1", "user")
    one, three = town.node(1).name, town.node(3).name
    assert (entry.before, entry.after) == ({one: 2}, {three: 2})


def test_nothing_to_do_and_a_refusal_leave_no_trace_in_it():
    town = create_town(2)
    assign(town, to(town, 1))
    assign(town, Target(Way.NODE, "nowhere"))
    assert not Entry.objects.exists()


def test_without_the_audit_entry_nothing_is_assigned(monkeypatch):
    def fails(**_values):
        raise OSError

    town = create_town(2)
    monkeypatch.setattr("prg_admin.users.services.record", fails)
    with pytest.raises(OSError), transaction.atomic():  # noqa: PT011 - made above
        assign(town, TO_NONE)
    assert town.counts == [2, 0, 0, 0, 0]


@pytest.mark.parametrize("target", [Way.NODE, Way.UNASSIGNED, Way.MODE])
def test_however_many_users_one_statement_writes_them(target: Way):
    costs = []
    for count in (10, 2_000):
        town = create_town()
        town.add_many(count, home=town.node(1) if target is Way.UNASSIGNED else None)
        with CaptureQueriesContext(connection) as queries:
            assign(town, Target(target, town.node(1).name))
        costs.append([q["sql"].split()[0] for q in queries])
    assert costs[0] == costs[1]
    assert costs[0].count("UPDATE") == 1


def test_a_rebalance_of_75_000_users_is_one_statement():
    town = create_town(ha=(False, False))
    for number in (1, 2, 3):
        town.add_many(25_000, home=town.node(number))
    with CaptureQueriesContext(connection) as queries:
        rebalance(town)
    assert sum(q["sql"].lstrip().startswith("UPDATE") for q in queries) == 1
    assert town.counts == [18_750, 18_750, 18_750, 18_750, 0]
