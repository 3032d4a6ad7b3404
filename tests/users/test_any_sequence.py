"""I02 on the real database: any sequence of imports, modes, moves, groups and failovers.

Nobody who was imported is lost or doubled, nobody has a home in another cluster, and what is
refused or is a recovery's writes no user at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from django.db import transaction
from django.utils.timezone import now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prg_admin.domain.assignment import Mode
from prg_admin.domain.group_rules import GroupDraft
from prg_admin.domain.states import NodeState
from prg_admin.groups import services as groups
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.lib.actor import Actor
from prg_admin.users import services
from prg_admin.users.imports import import_apply, import_stage
from prg_admin.users.models import PresenceUser
from prg_admin.users.plans import Target, Way
from prg_admin.users.queue import queues_assign
from tests.users.cluster import Town, create_town

pytestmark = pytest.mark.django_db

ALICE = Actor("alice")
numbers = st.integers(0, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("import_users"), st.integers(0, 9), st.integers(1, 6)),
        st.tuples(st.just("set_mode"), st.sampled_from(Mode)),
        st.tuples(st.just("by_mode")),
        st.tuples(st.just("to_node"), numbers, st.integers(2, 3)),
        st.tuples(st.just("unassign"), st.integers(2, 4)),
        st.tuples(st.just("rebalance"), st.integers(1, 4)),
        st.tuples(st.just("sync_agent")),
        st.tuples(st.just("fail_over"), numbers),
        st.tuples(st.just("fall_back")),
        st.tuples(st.just("delete_group"), numbers),
        st.tuples(st.just("make_group"), numbers, numbers),
    ),
    min_size=4,
    max_size=14,
)
WRITES_NOBODY = {"set_mode", "fail_over", "fall_back", "delete_group", "make_group"}


@dataclass
class Story:
    town: Town
    imported: set[str] = field(default_factory=set)

    def users(self, every: int = 1):
        found = PresenceUser.objects.filter(cluster=self.town.cluster)
        return found.extra(where=[f"users_presenceuser.id %% {every} = 0"])  # noqa: S610

    def import_users(self, first: int, count: int) -> object:
        names = [f"user{number}" for number in range(first, first + count)]
        staged = import_stage(
            cluster=self.town.cluster,
            file_name="users.csv",
            content="\n".join(["userid", *names]).encode(),
            actor=ALICE,
            now=now(),
        )
        outcome = import_apply(import_id=staged.pk, actor=ALICE)
        if not isinstance(outcome, services.Refused):
            self.imported |= set(names)
        return outcome

    def set_mode(self, mode: Mode) -> None:
        self.town.set_mode(mode.value)

    def by_mode(self) -> object:
        return self._assign(Target(Way.MODE))

    def to_node(self, number: int, every: int) -> object:
        return self._assign(Target(Way.NODE, self.town.nodes[number].name), every)

    def unassign(self, every: int) -> object:
        return self._assign(Target(Way.UNASSIGNED), every)

    def _assign(self, target: Target, every: int = 1) -> object:
        cluster, users = self.town.cluster.pk, self.users(every)
        return services.users_assign(cluster_id=cluster, users=users, target=target, actor=ALICE)

    def rebalance(self, most: int) -> object:
        return services.users_rebalance(cluster_id=self.town.cluster.pk, actor=ALICE, most=most)

    def sync_agent(self) -> None:
        """Its next attempt: whoever waits and can be assigned has a home."""
        queues_assign()

    def fail_over(self, number: int) -> None:
        states = [NodeState.NORMAL] * 4
        states[number], states[number ^ 1] = NodeState.IDLE, NodeState.BACKUP
        self.town.set_states(*states)

    def fall_back(self) -> None:
        self.town.set_states(*[NodeState.NORMAL] * 4)

    def delete_group(self, number: int) -> None:
        found = PresenceRedundancyGroup.objects.filter(members__node=self.town.nodes[number])
        for group in found:
            PresenceRedundancyGroup.objects.filter(pk=group.pk).update(ha_enabled=False)
            groups.group_delete(group_id=group.pk, actor=ALICE)

    def make_group(self, one: int, other: int) -> None:
        first, second = self.town.nodes[one].name, self.town.nodes[other].name
        draft = GroupDraft(
            name=f"of-{first}-{second}",
            description="",
            server1=first,
            server2=second,
            ha_enabled=False,
        )
        groups.group_create(draft=draft, actor=ALICE, now=now())


def rows() -> list[tuple[object, ...]]:
    return list(PresenceUser.objects.order_by("pk").values_list())


@given(STEPS)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_nobody_is_lost_or_doubled_whatever_is_done(db, steps):
    with transaction.atomic():
        tell(Story(create_town(2, 1)), steps)
        transaction.set_rollback(True)


def tell(story: Story, steps: list[tuple]) -> None:
    born = {user.userid for user in PresenceUser.objects.all()}
    for name, *values in steps:
        before = rows()
        outcome = getattr(story, name)(*values)
        if name in WRITES_NOBODY or isinstance(outcome, services.Refused):
            assert rows() == before
        found = list(PresenceUser.objects.select_related("home"))
        assert sorted(user.userid for user in found) == sorted(born | story.imported)
        assert {u.home.cluster_id for u in found if u.home} <= {story.town.cluster.pk}


def test_red_when_an_import_doubles_somebody(monkeypatch):
    """The very check: a user more than were imported is seen."""
    story = Story(create_town(1))
    add = story.import_users

    def doubled(*values):
        story.town.add("stranger")
        return add(*values)

    monkeypatch.setattr(story, "import_users", doubled, raising=False)
    with pytest.raises(AssertionError):
        tell(story, [("import_users", 1, 2)])
