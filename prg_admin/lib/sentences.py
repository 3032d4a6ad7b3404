"""Values that say "no" (problems, limitations, failed requests) as sentences for people.

Each names the field, the value and the rule, and a way out where there is one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from prg_admin.domain.problems import Code, Param, Problem

if TYPE_CHECKING:
    # Only the stubs know that a lazy text can be formatted and used as a label.
    from django.utils.functional import _StrPromise

FIELDS: dict[str, _StrPromise] = {
    "name": gettext_lazy("Name"),
    "description": gettext_lazy("Description"),
    "server1": gettext_lazy("Presence Server (first)"),
    "server2": gettext_lazy("Presence Server (second)"),
    "ha_enabled": gettext_lazy("Enable High Availability"),
    "confirmed": gettext_lazy("I have read what would happen"),
    "address": gettext_lazy("Host Name/IP Address"),
    "port": gettext_lazy("Agent Port"),
    "cluster": gettext_lazy("Cluster"),
    "publisher": gettext_lazy("Database Publisher"),
    "size": gettext_lazy("Deployment Size"),
}

_PROBLEMS: dict[Code, _StrPromise] = {
    Code.REQUIRED: gettext_lazy("%(field)s is required: enter a value."),
    Code.TOO_LONG: gettext_lazy(
        "%(field)s has %(length)s characters; at most %(limit)s are allowed."
    ),
    Code.NAME_CHARACTERS: gettext_lazy(
        "%(field)s contains %(characters)s; only the letters A-Z and a-z, digits, underscores (_) "
        "and dashes (-) are allowed."
    ),
    Code.FORBIDDEN_CHARACTERS: gettext_lazy(
        '%(field)s contains %(characters)s; the characters " %% & \\ < > and control characters '
        "are not allowed."
    ),
    Code.NAME_TAKEN: gettext_lazy(
        "%(field)s %(name)s is already taken by %(other)s; names must differ in more than upper "
        "and lower case."
    ),
    Code.UNKNOWN_NODE: gettext_lazy("%(field)s: there is no node %(node)s."),
    Code.SAME_NODE: gettext_lazy(
        "%(field)s: %(node)s is also the first Presence Server; a group needs two different nodes."
    ),
    Code.NODE_TAKEN: gettext_lazy(
        "%(field)s: %(node)s belongs to the group %(group)s; a node can be in one group only."
    ),
    Code.OTHER_CLUSTER: gettext_lazy(
        "%(field)s: %(node2)s is in cluster %(value2)s, but %(node1)s is in cluster %(value1)s; "
        "both nodes of a group must be in the same cluster."
    ),
    Code.OTHER_PUBLISHER: gettext_lazy(
        "%(field)s: the database publisher of %(node2)s is %(value2)s, but that of %(node1)s is "
        "%(value1)s; both nodes of a group must have the same publisher."
    ),
    Code.OTHER_VERSION: gettext_lazy(
        "%(field)s: %(node2)s runs version %(value2)s, but %(node1)s runs version %(value1)s; both "
        "nodes of a group must run the same version."
    ),
    Code.VERSION_UNKNOWN: gettext_lazy(
        "%(field)s: the version of %(node)s is not known yet, because the node was never heard; "
        "start its agent, then pair it."
    ),
    Code.HA_NEEDS_TWO: gettext_lazy(
        "%(field)s: High Availability needs two nodes; choose both Presence Servers or leave it "
        "off."
    ),
    Code.TOO_MANY_GROUPS: gettext_lazy(
        "%(field)s: cluster %(cluster)s already has %(count)s groups; at most 3 are allowed."
    ),
    Code.TOO_MANY_NODES: gettext_lazy(
        "%(field)s %(cluster)s already has %(count)s nodes; at most 6 are allowed."
    ),
    Code.MEMBERS_FIXED: gettext_lazy(
        "%(field)s: the nodes of group %(group)s cannot be changed now. %(why)s"
    ),
    Code.NODE_HAS_USERS: ngettext_lazy(
        "%(field)s: %(node)s has %(users)s assigned user; unassign or move the user first.",
        "%(field)s: %(node)s has %(users)s assigned users; unassign or move them first.",
        "users",
    ),
    Code.HA_CANNOT_GO_OFF: gettext_lazy(
        "High Availability of group %(group)s cannot be switched off now. %(why)s"
    ),
    Code.GROUP_HAS_HA: gettext_lazy(
        "Group %(group)s cannot be deleted while High Availability is on; switch it off and save "
        "first."
    ),
    Code.GROUP_HAS_USERS: ngettext_lazy(
        "Group %(group)s cannot be deleted: %(node)s has %(users)s assigned user; unassign or move "
        "the user first.",
        "Group %(group)s cannot be deleted: %(node)s has %(users)s assigned users; unassign or "
        "move them first.",
        "users",
    ),
    Code.HOST_NAME: gettext_lazy(
        "%(field)s %(name)s is not a host name; use letters, digits and inner dashes, with dots "
        "between the parts and at most 63 characters in each part."
    ),
    Code.ADDRESS: gettext_lazy("%(field)s %(address)s is neither a host name nor an IP address."),
    Code.PORT_RANGE: gettext_lazy("%(field)s %(port)s is not between 1 and 65535."),
    Code.SIZE_UNKNOWN: gettext_lazy("%(field)s must be one of %(known)s users."),
    Code.ADDRESS_TAKEN: gettext_lazy(
        "%(field)s: %(address)s port %(port)s is already the address of %(node)s; each node's "
        "agent needs an address or port of its own."
    ),
    Code.UNKNOWN_PUBLISHER: gettext_lazy(
        "%(field)s %(publisher)s is neither this node nor a node of cluster %(cluster)s."
    ),
    Code.NAME_FIXED: gettext_lazy(
        "%(field)s: the name of node %(name)s cannot be changed, because its certificate carries "
        "it; delete the node and add it under the new name."
    ),
    Code.NODE_IN_GROUP: gettext_lazy(
        "%(field)s: %(node)s is in the group %(group)s; take it out of the group first."
    ),
    Code.OUTLOOK_NOT_READ: gettext_lazy(
        "High Availability would not leave both nodes Normal, or replication is not good: read on "
        "the page of the group what would happen, then tick “%(field)s” and save again."
    ),
    Code.NODE_IS_PUBLISHER: gettext_lazy(
        "%(node)s cannot be deleted: it is the database publisher of %(others)s."
    ),
}

# Keyed by the values of ``domain.limitations.Limitation``; a test holds both sides together.
_LIMITATIONS: dict[str, _StrPromise] = {
    "ha-off": gettext_lazy("High Availability is off; enable it and save first."),
    "ha-on": gettext_lazy("High Availability is on; switch it off and save first."),
    "one-node": gettext_lazy("The group has only one node; there is no peer to take over."),
    "node-not-normal": gettext_lazy("The node is not in state Normal."),
    "peer-not-normal": gettext_lazy("The peer node is not in state Normal."),
    "not-failed-over": gettext_lazy("The node is not failed over."),
    "services-down": gettext_lazy(
        "Critical services of the failed-over node are not running; start them first."
    ),
    "node-unreachable": gettext_lazy("The engine cannot reach the node."),
    "peer-unreachable": gettext_lazy("The engine cannot reach the peer node."),
    "peer-unhealthy": gettext_lazy("Not all critical services of the peer node are running."),
    "not-held": gettext_lazy("The automatic fallback of this group is not held."),
    "may-still-serve": gettext_lazy(
        "A node cannot be asked and would go on serving: repair its connection, or state that it "
        "is powered off."
    ),
    "not-in-doubt": gettext_lazy(
        "The node is heard, or stops serving by itself: nobody has to answer for it."
    ),
    "still-heard": gettext_lazy(
        "The peer node has heard the node within the silence limit: it is not powered off."
    ),
    "serves-unasked": gettext_lazy(
        "The node has not heard that High Availability is on and serves at once after its start; "
        "switch High Availability off, or bring the node back."
    ),
    "not-both-failed": gettext_lazy(
        "Recover is for a group with both nodes in state Running in Failed Mode."
    ),
    "in-transition": gettext_lazy("A change is under way; wait until it has ended."),
    "failed-over": gettext_lazy("Users are failed over; fall back first."),
}

_AGENT_ERRORS: dict[str, _StrPromise] = {
    "refused": gettext_lazy("it refused the connection; its agent is probably not running."),
    "timeout": gettext_lazy("it did not answer in time."),
    "unreachable": gettext_lazy("there is no way to its address."),
    "tls": gettext_lazy("its certificate is not the one of this node."),
    "answer": gettext_lazy("what it answered could not be read."),
}


def field_label(field: str) -> str:
    return str(FIELDS.get(field, field))


def problem_text(problem: Problem) -> str:
    params: dict[str, object] = {k: _param_text(k, v) for k, v in problem.params.items()}
    params["field"] = field_label(problem.field) or _("Node")
    if "limitation" in problem.params:
        params["why"] = limitation_text(str(problem.params["limitation"]))
    return str(_PROBLEMS[problem.code] % params)


def limitation_text(limitation: str) -> str:
    """Why an action is not possible now; takes a ``pair.Limitation`` or its value."""
    text = _LIMITATIONS.get(str(limitation))
    return (
        str(text) if text else _("Not possible now: %(limitation)s.") % {"limitation": limitation}
    )


_REFUSALS: dict[str, _StrPromise] = {
    "idle": gettext_lazy(
        "%(node)s does not start services while it is Idle; fall back, and they start."
    ),
    "unknown-service": gettext_lazy("%(node)s has no such service."),
    "not-activated": gettext_lazy(
        "The service is not activated on %(node)s: activate it under Tools > Service Activation, "
        "and it starts."
    ),
}


def agent_error_text(kind: str, *, node: str, detail: str = "") -> str:
    """Why a node did not do what it was asked, from the short cause of the failed call."""
    refusal = _REFUSALS.get(kind)
    if refusal:
        return str(refusal % {"node": node})
    why = _AGENT_ERRORS.get(kind)
    shown = str(why) if why else ": ".join(part for part in (kind, detail) if part) + "."
    return _("%(node)s cannot be reached: %(why)s") % {"node": node, "why": shown}


_CALL_ERRORS: dict[str, _StrPromise] = {
    "refused": gettext_lazy("refused"),
    "refusing": gettext_lazy("refused again and again"),
    "timeout": gettext_lazy("no answer in time"),
    "unreachable": gettext_lazy("no way to it"),
    "tls": gettext_lazy("wrong certificate"),
    "answer": gettext_lazy("answer not readable"),
    "silent": gettext_lazy("silent"),
}


def call_error_text(kind: str) -> str:
    """The short cause of a failed call in a few words; an unknown one as it is."""
    return str(_CALL_ERRORS.get(kind, kind))


def problems_by_field(problems: list[Problem]) -> Mapping[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for problem in problems:
        texts.setdefault(problem.field, []).append(problem_text(problem))
    return texts


def _param_text(key: str, value: Param) -> object:
    if key == "characters" and isinstance(value, tuple):
        return ", ".join(_character(c) for c in value)
    if isinstance(value, tuple):
        return ", ".join(value)
    return value


def _character(character: str) -> str:
    if character == " ":
        return _("a space")
    category = unicodedata.category(character)
    if category[0] in "CZ":
        return f"U+{ord(character):04X}"
    return f"“{character}”"
