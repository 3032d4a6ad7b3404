"""Plans that say "no", and warnings, as sentences: who, how many, which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prg_admin.domain.assignment import Mode
from prg_admin.lib.labels import state_label
from prg_admin.users.lines import Fault
from prg_admin.users.plans import Code, Problem
from prg_admin.users.selectors import Waiting

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

_COLUMNS: dict[str, _StrPromise] = {
    "userid": gettext_lazy("User ID"),
    "name": gettext_lazy("Name"),
}
_FAULTS: dict[Fault, _StrPromise] = {
    Fault.ENCODING: gettext_lazy("The file is neither UTF-8 nor Shift_JIS."),
    Fault.EMPTY: gettext_lazy("The file has no users."),
    Fault.NO_USERID_COLUMN: gettext_lazy(
        "The first line names no column userid; it names the columns: userid, name, licensed."
    ),
    Fault.NOT_CSV: gettext_lazy("The file is not a CSV file: %(why)s."),
    Fault.REQUIRED: gettext_lazy("User ID is required."),
    Fault.TOO_LONG: gettext_lazy("%(column)s has %(length)s characters; at most 128 are allowed."),
    Fault.CHARACTERS: gettext_lazy(
        "%(column)s contains %(character)s; control characters are not allowed."
    ),
    Fault.DOUBLE: gettext_lazy("User ID %(userid)s stands already in line %(first)s."),
    Fault.NOT_YES_OR_NO: gettext_lazy("Licensed is “%(value)s”; it must be yes or no."),
}


def fault_text(fault: str, values: dict[str, str | int]) -> str:
    shown = {**values, "column": str(_COLUMNS.get(str(values.get("column")), ""))}
    return str(_FAULTS[Fault(fault)] % shown)


def number(value: int) -> str:
    """With a comma between thousands, in both languages."""
    return f"{value:,}"


def problem_text(problem: Problem) -> str:
    values = {k: number(v) if isinstance(v, int) else v for k, v in problem.values.items()}
    if "state" in values:
        values["state"] = str(state_label(values["state"]).text)
    return str(_PROBLEMS[problem.code] % values)


def queued_text(count: int) -> str:
    text = ngettext(
        "%(users)s user could not be assigned now and waits for the Sync Agent.",
        "%(users)s users could not be assigned now and wait for the Sync Agent.",
        count,
    )
    return text % {"users": number(count)}


def unplaced_text(count: int) -> str:
    text = ngettext(
        "%(users)s user cannot be assigned now: the Sync Agent does it as soon as it can.",
        "%(users)s users cannot be assigned now: the Sync Agent does it as soon as it can.",
        count,
    )
    return text % {"users": number(count)}


def waiting_text(waiting: Waiting) -> str:
    text = ngettext(
        "%(users)s user of cluster %(cluster)s waits for the Sync Agent. %(why)s",
        "%(users)s users of cluster %(cluster)s wait for the Sync Agent. %(why)s",
        waiting.users,
    )
    why = [
        _("%(node)s: %(state)s.") % {"node": node, "state": state_label(state).text}
        for node, state in waiting.nodes
    ]
    reason = f"{waiting.reason.label}."
    values = {"users": number(waiting.users), "cluster": waiting.cluster}
    return text % {**values, "why": " ".join([reason, *why])}


def mode_text(mode: Mode) -> str:
    return str(MODES[mode])
