"""What is wrong in a cluster as a whole; what is wrong with a node, its self-diagnostic tests say.

Judged by what is known already: no node is asked for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prg_admin.console.task_flow import ClusterFacts, GroupFacts
from prg_admin.domain.selftests import Outcome
from prg_admin.domain.states import NodeState
from prg_admin.lib.labels import Label, state_label
from prg_admin.lib.selftests import OUTCOMES

PAIR = 2


@dataclass(frozen=True, slots=True)
class Judged:
    """One line, like a self-diagnostic test."""

    test: str
    name: str
    outcome: Outcome = Outcome.PASSED
    problem: str = ""
    solution: str = ""
    fix: str = ""
    """Address of the page on which it is put right."""

    @property
    def label(self) -> Label:
        return OUTCOMES[self.outcome]


def judged(facts: ClusterFacts, *, users: int) -> list[Judged]:
    """``users``: licensed ones without a home node."""
    return [_nodes(facts), _users(users), _high_availability(facts), _states(facts)]


def _nodes(facts: ClusterFacts) -> Judged:
    test, name = "nodes", _("Every node is in a presence redundancy group")
    if not facts.unassigned:
        return Judged(test, name)
    names = ", ".join(status.name for status in facts.unassigned)
    return Judged(
        test,
        name,
        Outcome.WARNING,
        _("In no group: %(nodes)s.") % {"nodes": names},
        _("Put them into a group: the Presence Engine serves users only there."),
        reverse("groups:group-add"),
    )


def _users(users: int) -> Judged:
    test, name = "users", _("Every licensed user has a home node")
    if not users:
        return Judged(test, name)
    problem = ngettext(
        "%(count)s user has no home node and gets no service.",
        "%(count)s users have no home node and get no service.",
        users,
    )
    return Judged(
        test,
        name,
        Outcome.WARNING,
        problem % {"count": users},
        _("Assign them; with an assignment mode other than None the Sync Agent does it."),
        reverse("users:assign") + "?field=home&operator=is-empty&text=",
    )


def _high_availability(facts: ClusterFacts) -> Judged:
    test, name = "high-availability", _("Every group has two nodes and High Availability")
    lacking = [g for g in facts.groups if not g.ha_enabled or len(g.pair.nodes) < PAIR]
    if not lacking:
        return Judged(test, name)
    return Judged(
        test,
        name,
        Outcome.WARNING,
        _("Nobody takes over in: %(groups)s.") % {"groups": _named(lacking)},
        _("Give the group a second node, then enable High Availability."),
        _page(lacking[0]),
    )


def _states(facts: ClusterFacts) -> Judged:
    test, name = "states", _("Both nodes of every group with High Availability are Normal")
    away = [g for g in facts.groups if g.ha_enabled and _states_of(g) != {NodeState.NORMAL}]
    if not away:
        return Judged(test, name)
    has_failed = any(NodeState.FAILED in _states_of(group) for group in away)
    shown = "; ".join(
        f"{g.name}: {' / '.join(str(state_label(n.state).text) for n in g.pair.nodes)}"
        for g in away
    )
    return Judged(
        test,
        name,
        Outcome.FAILED if has_failed else Outcome.WARNING,
        f"{shown}.",
        _("The page of the group says the cause and what to do."),
        _page(away[0]),
    )


def _states_of(group: GroupFacts) -> set[NodeState]:
    return {node.state for node in group.pair.nodes}


def _named(groups: Iterable[GroupFacts]) -> str:
    return ", ".join(group.name for group in groups)


def _page(group: GroupFacts) -> str:
    return reverse("groups:group", args=[group.pk])
