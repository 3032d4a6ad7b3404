"""Changes of parameter values.

Every change holds the cluster's row lock and is compared with the values that the person was shown,
so that the second of two savers is told what the first one changed. Only what differs from the
suggested value is stored.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import transaction

from prg_admin.audit.models import Action, Kind
from prg_admin.audit.services import record
from prg_admin.domain import catalogue
from prg_admin.domain.catalogue import Parameter
from prg_admin.domain.parameter_rules import (
    ParameterProblem,
    canonical,
    check_settings,
    check_value,
)
from prg_admin.lib.actor import Actor
from prg_admin.live.news import announce
from prg_admin.parameters.models import ParameterValue
from prg_admin.parameters.selectors import parameter_values, shown_parameters
from prg_admin.topology.models import Cluster, Node

logger = logging.getLogger(__name__)

TOKEN_SALT = "parameters.values"  # noqa: S105 - a name, not a secret


@dataclass(frozen=True, slots=True)
class Change:
    parameter: Parameter
    before: str
    after: str


class StaleParametersError(Exception):
    """Somebody changed values since they were shown; nothing was saved."""

    def __init__(self, changes: list[Change]) -> None:
        super().__init__("values were changed since they were shown")
        self.changes = changes
        """From what was shown to what holds now; empty when the token tells nothing."""


class InvalidParametersError(Exception):
    """Values break rules; nothing was saved."""

    def __init__(self, problems: list[ParameterProblem]) -> None:
        super().__init__(", ".join(f"{p.parameter.name}: {p.code}" for p in problems))
        self.problems = problems


def values_token(values: Mapping[str, str]) -> str:
    """Carries the values a page shows, so that a save can be compared with them field by field."""
    return signing.dumps(dict(values), salt=TOKEN_SALT, compress=True)


def read_token(token: str) -> dict[str, str] | None:
    try:
        seen = signing.loads(token, salt=TOKEN_SALT)
    except signing.BadSignature:
        return None
    return {str(name): str(value) for name, value in seen.items()}


def changes_since(
    token: str, *, cluster_id: int, service: str, node_id: int | None
) -> list[Change] | None:
    """What differs now from the values a token carries; None when it cannot be read."""
    seen = read_token(token)
    if seen is None:
        return None
    now = parameter_values(cluster_id, service, node_id)
    return _changes(service, seen, {name: value for name, value in now.items() if name in seen})


@transaction.atomic
def parameters_save(
    *,
    cluster: Cluster,
    service: str,
    node: Node | None,
    values: Mapping[str, str],
    token: str,
    actor: Actor,
) -> list[Change]:
    """Save values of one service and return what changed.

    ``values`` by parameter name; parameters left out stay as they are. ``node`` is needed for those
    that are not clusterwide. Raises StaleParametersError and InvalidParametersError.
    """
    _lock(cluster, node)
    node_id = node.pk if node else None
    moved = changes_since(token, cluster_id=cluster.pk, service=service, node_id=node_id)
    if moved is None or moved:
        raise StaleParametersError(moved or [])
    before = parameter_values(cluster.pk, service, node_id)
    _check(service, before, values)
    changes = _changes(service, before, _canonical(service, values))
    _store(cluster, node, changes)
    if changes:
        announce(f"parameters-{cluster.pk}")
        names = ", ".join(f"{c.parameter.label}: {c.before} -> {c.after}" for c in changes)
        _note(actor, service, node or cluster, changes)
        logger.info("%s changed %s of %s: %s", actor.name, service, node or cluster, names)
    return changes


def parameters_set_to_default(
    *, cluster: Cluster, service: str, node: Node | None, token: str, actor: Actor
) -> list[Change]:
    """Give all parameters of a service, as far as they concern the node, their suggested values."""
    shown = shown_parameters(service, node.pk if node else None)
    values = {parameter.name: parameter.default for parameter in shown}
    return parameters_save(
        cluster=cluster, service=service, node=node, values=values, token=token, actor=actor
    )


def _note(actor: Actor, service: str, owner: Cluster | Node, changes: list[Change]) -> None:
    record(
        actor=actor,
        action=Action.CHANGED,
        kind=Kind.PARAMETERS,
        name=f"{service} ({owner})",
        before={change.parameter.label: change.before for change in changes},
        after={change.parameter.label: change.after for change in changes},
    )


def _lock(cluster: Cluster, node: Node | None) -> None:
    """Node before cluster, as everywhere. Raises DoesNotExist for one that is gone meanwhile."""
    if node is not None:
        Node.objects.select_for_update(no_key=True).get(pk=node.pk, cluster=cluster)
    Cluster.objects.select_for_update(no_key=True).get(pk=cluster.pk)


def _check(service: str, before: Mapping[str, str], values: Mapping[str, str]) -> None:
    checked = (check_value(catalogue.BY_KEY[service, n], v) for n, v in values.items())
    problems = [problem for problem in checked if problem is not None]
    if not problems and service == catalogue.SRM:
        problems = check_settings({**before, **_canonical(service, values)})
    if problems:
        raise InvalidParametersError(problems)


def _canonical(service: str, values: Mapping[str, str]) -> dict[str, str]:
    return {n: canonical(catalogue.BY_KEY[service, n], v) for n, v in values.items()}


def _changes(service: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    return [
        Change(p, before[p.name], after[p.name])
        for p in catalogue.parameters_of(service)
        if p.name in before and p.name in after and before[p.name] != after[p.name]
    ]


def _store(cluster: Cluster, node: Node | None, changes: list[Change]) -> None:
    for change in changes:
        parameter = change.parameter
        key: dict[str, Any] = {
            "cluster": cluster,
            "node": None if parameter.clusterwide else node,
            "service": parameter.service,
            "name": parameter.name,
        }
        if change.after == parameter.default:
            ParameterValue.objects.filter(**key).delete()
        else:
            ParameterValue.objects.update_or_create(**key, defaults={"value": change.after})
