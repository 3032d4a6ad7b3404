"""Asks a node and its peer now, and runs the self-diagnostic tests over what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist

from prg_admin.domain import catalogue, selftests
from prg_admin.domain.selftests import Finding, Subject
from prg_admin.domain.settings import is_usable
from prg_admin.topology.agents import AgentError, Answer, Target, agent_client
from prg_admin.topology.asking import examine
from prg_admin.topology.control import cluster_settings
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import last_report

PATIENCE_S = 3.0
"""Of a person who waits for the tests, for each of the two questions."""
LIMITS = (catalogue.RE_LOGIN_LOWER, catalogue.RE_LOGIN_UPPER)


@dataclass(frozen=True, slots=True)
class _Pairing:
    """The node's place in its group; all empty for a node in none."""

    group: str = ""
    ha_enabled: bool = False
    ordered_epoch: int = 0
    peer: Node | None = None


def diagnose(node: Node, *, now: datetime) -> list[Finding]:
    """Asks over the network; a node that does not answer costs ``PATIENCE_S`` twice at most."""
    pairing = _pairing(node)
    asked = [node, *([pairing.peer] if pairing.peer else [])]
    answers = agent_client().probe([_target(one) for one in asked])
    stored = last_report(node)
    subject = Subject(
        name=node.name,
        settings=cluster_settings(node.cluster),
        report=answers[0].report,
        error=answers[0].error,
        rtt_ms=answers[0].rtt_ms,
        has_rival=bool(stored and stored.rival_boot),
        versions=_versions(node),
        group=pairing.group,
        ha_enabled=pairing.ha_enabled,
        peer=pairing.peer.name if pairing.peer else "",
        ordered_epoch=pairing.ordered_epoch,
        peer_report=answers[1].report if pairing.peer else None,
        re_login=re_login_limits(asked) if pairing.peer else {},
    )
    return selftests.run(_examined(subject, node, answers[0], now))


def _examined(subject: Subject, node: Node, answer: Answer, now: datetime) -> Subject:
    if answer.report is None:
        return subject
    try:
        found = examine(_target(node))
    except AgentError as error:
        return replace(subject, examine_error=error.kind)
    return replace(
        subject,
        examined=True,
        clock_ahead_s=found.clock_ahead_s,
        certificate_name=found.certificate_name,
        certificate_days=(found.certificate_until - now).days,
        free_bytes=found.checkup.free_bytes,
    )


def re_login_limits(nodes: list[Node]) -> Mapping[str, tuple[str, str]]:
    """Lower and upper limit in force by node; one query, by the relation of a higher app."""
    keys = [node.pk for node in nodes]
    values = type(nodes[0]).objects.filter(pk__in=keys, parameters__service=catalogue.SRM)
    rows = values.values_list("pk", "parameters__name", "parameters__value")
    stored = {
        (pk, name): value for pk, name, value in rows if is_usable(catalogue.SRM, name, value)
    }
    defaults = {name: catalogue.BY_KEY[catalogue.SRM, name].default for name in LIMITS}
    lower, upper = LIMITS
    return {
        node.name: (
            stored.get((node.pk, lower), defaults[lower]),
            stored.get((node.pk, upper), defaults[upper]),
        )
        for node in nodes
    }


def _pairing(node: Node) -> _Pairing:
    try:
        member = node.member
    except ObjectDoesNotExist:
        return _Pairing()
    others = member.group.members.exclude(node=node).select_related("node")
    other = others.first()
    return _Pairing(
        group=member.group.name,
        ha_enabled=member.group.ha_enabled,
        ordered_epoch=member.ordered_epoch,
        peer=other.node if other else None,
    )


def _versions(node: Node) -> Mapping[str, str]:
    mates = Node.objects.filter(cluster_id=node.cluster_id).exclude(pk=node.pk)
    return dict(mates.values_list("name", "last_report__version"))


def _target(node: Node) -> Target:
    return Target(node.name, node.address, node.port, PATIENCE_S)
