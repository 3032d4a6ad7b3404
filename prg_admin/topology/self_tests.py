"""The self-diagnostic tests of a node as a page shows them: in words, with the page that helps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from prg_admin.domain import catalogue
from prg_admin.domain.selftests import Outcome, Test
from prg_admin.lib.selftests import Told, told
from prg_admin.topology.diagnosis import diagnose
from prg_admin.topology.models import Node


@dataclass(frozen=True, slots=True)
class Tested:
    """All tests of one node, run together."""

    node: Node
    ran_at: datetime
    tests: tuple[tuple[Told, str], ...]
    """With the address of the page on which what was found is put right, or an empty one."""

    @property
    def counts(self) -> dict[str, int]:
        outcomes = [one.outcome for one, _fix in self.tests]
        return {outcome.value: outcomes.count(outcome) for outcome in Outcome}

    @property
    def not_passed(self) -> tuple[tuple[Told, str], ...]:
        return tuple(pair for pair in self.tests if pair[0].outcome is not Outcome.PASSED)


def tested(node: Node, *, now: datetime) -> Tested:
    """Asks the node and its peer, see ``diagnosis``."""
    found = map(told, diagnose(node, now=now))
    return Tested(node, now, tuple((one, _fix(one, node)) for one in found))


def _fix(one: Told, node: Node) -> str:
    if one.outcome not in (Outcome.WARNING, Outcome.FAILED):
        return ""
    server = f"?server={node.pk}"
    pages = {
        Test.AGENT: reverse("topology:node", args=[node.pk]),
        Test.IDENTITY: reverse("topology:node", args=[node.pk]),
        Test.VERSION: reverse("topology:node-list"),
        Test.SERVICES: reverse("topology:network-services") + server,
        Test.ACTIVATION: reverse("topology:service-activation") + server,
        Test.GROUP: _group_page(node),
        Test.RE_LOGIN: _parameters_page(node),
    }
    return pages.get(one.test, "")


def _group_page(node: Node) -> str:
    if hasattr(node, "member"):
        return reverse("groups:group", args=[node.member.group_id])
    return reverse("groups:group-list")


def _parameters_page(node: Node) -> str:
    service = catalogue.SRM.replace(" ", "+")
    return f"{reverse('parameters:service-parameters')}?server={node.pk}&service={service}"
