"""Adding, changing and deleting nodes, and controlling their services.

Rows are locked in the order of ``groups.services``: nodes, then clusters.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction

from prg_admin.audit.models import Action, Kind
from prg_admin.audit.services import record
from prg_admin.domain.node_rules import NodeDraft, validate_node, validate_node_deletion
from prg_admin.domain.problems import Problem
from prg_admin.domain.relogin import LARGEST
from prg_admin.lib.actor import Actor
from prg_admin.lib.enqueue import enqueue
from prg_admin.live.news import announce
from prg_admin.topology.agents import AgentError, Target, agent_client
from prg_admin.topology.models import Cluster, Node, NodeReport
from prg_admin.topology.selectors import node_context, node_facts

logger = logging.getLogger(__name__)
T = TypeVar("T")

CONTROL_TIMEOUT = 10.0
"""Seconds somebody waits for an agent to accept a start or stop."""


class ServiceAction(StrEnum):
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"


ACTIVATION = frozenset({ServiceAction.ACTIVATE, ServiceAction.DEACTIVATE})
AUDITED = {
    ServiceAction.START: Action.STARTED,
    ServiceAction.STOP: Action.STOPPED,
    ServiceAction.RESTART: Action.RESTARTED,
    ServiceAction.ACTIVATE: Action.ACTIVATED,
    ServiceAction.DEACTIVATE: Action.ACTIVATED,
}


@dataclass(frozen=True, slots=True)
class Saved:
    node: Node


@dataclass(frozen=True, slots=True)
class Deleted:
    name: str


@dataclass(frozen=True, slots=True)
class Refused:
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Difference:
    field: str
    yours: str | int | None
    stored: str | int | None


@dataclass(frozen=True, slots=True)
class Activation:
    """Names of feature services to be activated and deactivated, in the order it is done."""

    activate: tuple[str, ...] = ()
    deactivate: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.activate or self.deactivate)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody saved in between; nothing was written."""

    revision: int
    differences: tuple[Difference, ...]


def node_problems(draft: NodeDraft, node: Node | None) -> list[Problem]:
    """What saving would be refused for now; the form asks as one types."""
    return validate_node(draft, node_context(draft, node))


def node_create(*, draft: NodeDraft, actor: Actor) -> Saved | Refused:
    def attempt() -> Saved | Refused:
        _lock_cluster(draft.cluster)
        problems = node_problems(draft, None)
        if problems:
            return Refused(problems)
        node = Node(name=draft.name)
        _write(node, draft)
        node.save(force_insert=True)
        NodeReport.objects.create(node=node)
        _tell(node)
        _note(node, actor, Action.ADDED, after=asdict(node_draft(node)))
        logger.info("node %s added by %s", node.name, actor.name)
        return Saved(node)

    return _once_more(attempt)


def node_update(
    *, node_id: int, draft: NodeDraft, revision: int, actor: Actor
) -> Saved | Refused | Conflict:
    """``revision`` is the one the form was made from. Raises ``Node.DoesNotExist``."""

    def attempt() -> Saved | Refused | Conflict:
        node = _locked_node(node_id)
        if node.revision != revision:
            return Conflict(node.revision, _differences(draft, node))
        _lock_cluster(draft.cluster)
        problems = node_problems(draft, node)
        if problems:
            return Refused(problems)
        was = asdict(node_draft(node))
        _write(node, draft)
        node.revision += 1
        fields = ["description", "address", "port", "cluster", "publisher", "size", "revision"]
        node.save(update_fields=fields)
        _tell(node)
        _note(node, actor, Action.CHANGED, before=was, after=asdict(node_draft(node)))
        logger.info("node %s changed by %s", node.name, actor.name)
        return Saved(node)

    return _once_more(attempt)


@transaction.atomic
def node_delete(*, node_id: int, actor: Actor) -> Deleted | Refused:
    node = _locked_node(node_id)
    problems = deletion_problems([node])
    if problems:
        return Refused(problems)
    announce("nodes", f"node-{node.pk}")
    _note(node, actor, Action.DELETED, before=asdict(node_draft(node)))
    node.delete()
    logger.info("node %s deleted by %s", node.name, actor.name)
    return Deleted(node.name)


def deletion_problems(nodes: Iterable[Node]) -> list[Problem]:
    """Why they cannot be deleted now; who is asked reads it."""
    asked = list(nodes)
    known = node_facts(Node.objects.filter(cluster__in={node.cluster_id for node in asked}))
    names = {node.name for node in asked}
    return [
        problem
        for one in known
        if one.name in names
        for problem in validate_node_deletion(
            one, tuple(f for f in known if f.cluster == one.cluster and f is not one)
        )
    ]


def service_control(*, node: Node, service: str, action: ServiceAction, actor: Actor) -> None:
    """Have the node's agent start, stop, restart, activate or deactivate a service.

    Returns when the agent has accepted; the agent calls in when it is done. Raises
    ``topology.agents.AgentError``.
    """
    agent_client().service_control(_target(node), service, action.value)
    became = {"activated": action is ServiceAction.ACTIVATE} if action in ACTIVATION else {}
    name = f"{service} ({node.name})"
    record(actor=actor, action=AUDITED[action], kind=Kind.SERVICE, name=name, after=became)
    logger.info("%s of %s on %s asked by %s", action.value, service, node.name, actor.name)
    _kick(node)


def activated_services(*, node: Node) -> frozenset[str]:
    """What the node says now. Raises ``topology.agents.AgentError``."""
    (answer,) = agent_client().probe([_target(node)])
    if answer.report is None:
        raise AgentError(answer.error)
    return frozenset(s.name for s in answer.report.services if s.activated)


def services_activate(*, node: Node, change: Activation, actor: Actor) -> None:
    """One after the other; who is refused halfway is told by ``topology.agents.AgentError``.

    Safe to be repeated: activating what is activated changes nothing.
    """
    for service in change.deactivate:
        service_control(node=node, service=service, action=ServiceAction.DEACTIVATE, actor=actor)
    for service in change.activate:
        service_control(node=node, service=service, action=ServiceAction.ACTIVATE, actor=actor)


def node_draft(node: Node) -> NodeDraft:
    """The stored node in the form of a draft."""
    return NodeDraft(
        name=node.name,
        description=node.description,
        address=node.address,
        port=node.port,
        cluster=node.cluster.name,
        publisher=node.publisher,
        size=node.size,
    )


def _target(node: Node) -> Target:
    return Target(node.name, node.address, node.port, CONTROL_TIMEOUT)


def _once_more(attempt: Callable[[], T]) -> T:
    """A constraint that another saver won tells nothing; asked again, the validator sees them."""
    try:
        with transaction.atomic():
            return attempt()
    except IntegrityError:
        with transaction.atomic():
            return attempt()


def _locked_node(node_id: int) -> Node:
    nodes = Node.objects.select_related("cluster")
    return nodes.select_for_update(of=("self",), no_key=True).get(pk=node_id)


def _lock_cluster(name: str) -> None:
    """The number of its nodes stands still until the end of the transaction."""
    locked = Cluster.objects.select_for_update(no_key=True).filter(name__iexact=name)
    list(locked.values_list("pk"))


def _write(node: Node, draft: NodeDraft) -> None:
    cluster = Cluster.objects.filter(name__iexact=draft.cluster).first()
    node.cluster = cluster or Cluster.objects.create(name=draft.cluster)
    node.description = draft.description
    node.address = draft.address.lower()
    node.port = draft.port or 0
    node.size = draft.size or LARGEST
    node.publisher = draft.publisher or _publisher_of(node.cluster, node) or node.name


def _publisher_of(cluster: Cluster, node: Node) -> str:
    mates = cluster.nodes.exclude(pk=node.pk).exclude(publisher="")
    return mates.values_list("publisher", flat=True).first() or ""


def _tell(node: Node) -> None:
    announce("nodes", f"node-{node.pk}")
    _kick(node)


def _kick(node: Node) -> None:
    try:
        enqueue("recovery.evaluate", group_id=node.member.group_id)
    except ObjectDoesNotExist:
        enqueue("recovery.look", node_id=node.pk)


def _note(node: Node, actor: Actor, action: Action, **values: dict[str, Any]) -> None:
    record(actor=actor, action=action, kind=Kind.NODE, name=node.name, **values)


def _differences(draft: NodeDraft, node: Node) -> tuple[Difference, ...]:
    stored = node_draft(node)
    fields = ("name", "description", "address", "port", "cluster", "publisher", "size")
    both = ((f, getattr(draft, f), getattr(stored, f)) for f in fields)
    return tuple(Difference(f, yours, now) for f, yours, now in both if yours != now)
