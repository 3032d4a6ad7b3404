"""Plans that say "no", and warnings, as sentences: who, how many, which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prg_admin.domain.assignment import Mode, Survivor
from prg_admin.lib.labels import state_label
from prg_admin.users.plans import Code, Problem

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MODES: dict[Mode, _StrPromise] = {
    Mode.BALANCED: gettext_lazy("Balanced"),
    Mode.ACTIVE_STANDBY: gettext_lazy("Active-Standby"),
    Mode.NONE: gettext_lazy("None"),
}

_PROBLEMS: dict[Code, _StrPromise] = {
    Code.FAILED_OVER: gettext_lazy(
        "Node %(node)s is in state %(state)s. No users can be assigned while a node of the cluster "
        "is failed over; fall back first."
    ),
    Code.UNKNOWN_NODE: gettext_lazy("Cluster %(cluster)s has no node %(node)s."),
    Code.NO_GROUP: gettext_lazy(
        "Node %(node)s is in no presence redundancy group; users are assigned only to nodes in a "
        "group."
    ),
    Code.NO_GROUPS: gettext_lazy(
        "No node of cluster %(cluster)s is in a presence redundancy group; users are assigned only "
        "to nodes in a group."
    ),
    Code.MODE_NONE: gettext_lazy(
        "User Assignment Mode of cluster %(cluster)s is None: it assigns nobody. Choose a node, or "
        "another mode under Enterprise Parameters."
    ),
    Code.NODE_FULL: gettext_lazy(
        "Node %(name)s would have %(users)s users; at most %(limit)s are allowed on a node."
    ),
    Code.GROUP_FULL: gettext_lazy(
        "Group %(name)s would have %(users)s users; with High Availability at most %(limit)s are "
        "allowed, so that one node can serve them all."
    ),
    Code.CLUSTER_FULL: gettext_lazy(
        "Cluster %(name)s would have %(users)s users; at most %(limit)s are allowed in a cluster."
    ),
    Code.CLUSTER_GONE: gettext_lazy("Cluster %(cluster)s is not there any more."),
}


def number(value: int) -> str:
    """With a comma between thousands, in both languages."""
    return f"{value:,}"


def problem_text(problem: Problem) -> str:
    values = {k: number(v) if isinstance(v, int) else v for k, v in problem.values.items()}
    if "state" in values:
        values["state"] = str(state_label(values["state"]).text)
    return str(_PROBLEMS[problem.code] % values)


def survivor_text(survivor: Survivor) -> str:
    return _("If %(failed)s fails, %(node)s would serve %(users)s of %(limit)s users.") % {
        "failed": survivor.failed,
        "node": survivor.node,
        "users": number(survivor.users),
        "limit": number(survivor.limit),
    }


def mode_text(mode: Mode) -> str:
    return str(MODES[mode])
