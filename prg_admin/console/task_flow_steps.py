"""What each step of the task flow has found: done, to be looked at, or why not yet.

Pure: from :class:`console.task_flow.ClusterFacts` to steps with sentences and links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from prg_admin.console.task_flow import ClusterFacts, GroupFacts
from prg_admin.domain import catalogue
from prg_admin.domain.preflight import preflight
from prg_admin.domain.replication import is_good, read_detail
from prg_admin.domain.states import NodeState
from prg_admin.lib import labels
from prg_admin.lib.parameter_sentences import amount
from prg_admin.lib.preflight import condition_text
from prg_admin.lib.replication import cause_text
from prg_admin.lib.sentences import call_error_text
from prg_admin.topology.selectors import NodeStatus

NODES_OF_PAIR = 2
MOST_SHOWN = 12
DETECTION = (catalogue.HEART_BEAT_INTERVAL, catalogue.CONNECT_TIMEOUT)


class Mark(StrEnum):
    DONE = "done"
    ATTENTION = "attention"
    """Nothing stands in the way, but somebody should look at it."""
    OPEN = "open"
    """Not yet; the sentence says why."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    mark: Mark
    text: str
    link: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    number: int
    title: str
    purpose: str
    optional: bool
    checks: tuple[Check, ...]
    link: str
    link_text: str

    @property
    def mark(self) -> Mark:
        marks = {check.mark for check in self.checks}
        heaviest = (Mark.OPEN, Mark.ATTENTION, Mark.UNKNOWN)
        return next((mark for mark in heaviest if mark in marks), Mark.DONE)

    @property
    def is_done(self) -> bool:
        """What only wants to be looked at, or is not known and optional, keeps nobody."""
        return self.mark is not Mark.OPEN and not (self.mark is Mark.UNKNOWN and not self.optional)


def steps(facts: ClusterFacts) -> list[Step]:
    made = (_replication, _services, _group, _parameters, _high_availability, _assignment)
    return [make(facts) for make in made]


def next_step(found: Sequence[Step]) -> Step | None:
    return next((step for step in found if not step.is_done), None)


def _replication(facts: ClusterFacts) -> Step:
    return Step(
        1,
        _("Verify Database Replication"),
        _("Database replication has to be set up in the cluster: the value of each node is 2."),
        optional=False,
        checks=_each_node(facts, _replication_of),
        link=reverse("topology:presence-topology"),
        link_text=_("Presence Topology"),
    )


def _replication_of(status: NodeStatus) -> Check:
    link = {"link": _details(status), "link_text": _("Node Details")}
    if status.report is None or not status.reachable:
        return _silent(status)
    database = status.report.database
    values = {"node": status.name}
    if database is None:
        text = _("%(node)s has no database of its own: its replication is not monitored.")
        return Check(Mark.ATTENTION, text % values, **link)
    detail = cause_text(*read_detail(database.detail))
    if database.replication is None:
        text = _("Not yet: the replication of %(node)s cannot be read. %(detail)s")
        return Check(Mark.OPEN, text % {**values, "detail": detail}, **link)
    values |= {"value": str(database.replication), "detail": detail}
    if is_good(database.replication):
        text = _("%(node)s: replication setup value %(value)s. %(detail)s")
        return Check(Mark.DONE, text % values, **link)
    text = _("Not yet: the value of %(node)s is %(value)s, and 2 is wanted. %(detail)s")
    return Check(Mark.OPEN, text % values, **link)


def _services(facts: ClusterFacts) -> Step:
    critical = facts.settings.critical_services

    def of(status: NodeStatus) -> Check:
        return _services_of(status, critical)

    return Step(
        2,
        _("Verify Services"),
        _("The critical services have to run on the nodes of a group before it gets High "
          "Availability."),
        optional=False,
        checks=_each_node(facts, of),
        link=reverse("topology:network-services"),
        link_text=_("Control Center - Network Services"),
    )  # fmt: skip


def _services_of(status: NodeStatus, critical: frozenset[str]) -> Check:
    if status.report is None or not status.reachable:
        return _silent(status)
    server = f"?server={status.node.pk}"
    rows = [row for row in status.services if row.name in critical]
    off = [row.name for row in rows if not row.activated]
    if off:
        text = _("Not yet: not activated on %(node)s: %(services)s.")
        link = reverse("topology:service-activation") + server
        values = {"node": status.name, "services": ", ".join(off)}
        return Check(Mark.OPEN, text % values, link, _("Service Activation"))
    down = [row.name for row in rows if not row.is_running]
    values = {"node": status.name, "services": ", ".join(down), "count": str(len(rows))}
    if down:
        link, link_text = _control_center(status, down)
        text = _("Not yet: not running on %(node)s: %(services)s.")
        if status.is_idle:
            text = _("%(node)s is Idle; these run again after its Fallback: %(services)s.")
        mark = Mark.ATTENTION if status.is_idle else Mark.OPEN
        return Check(mark, text % values, link, link_text)
    text = _("%(node)s: all %(count)s critical services run.")
    link, link_text = _control_center(status, [])
    return Check(Mark.DONE, text % values, link, link_text)


def _control_center(status: NodeStatus, down: Sequence[str]) -> tuple[str, str]:
    from_feature = bool(down) and all("SIP Proxy" in n or "Presence Engine" in n for n in down)
    kind = "feature" if from_feature else "network"
    text = {
        "network": _("Control Center - Network Services"),
        "feature": _("Control Center - Feature Services"),
    }[kind]
    return reverse(f"topology:{kind}-services") + f"?server={status.node.pk}", text


def _group(facts: ClusterFacts) -> Step:
    return Step(
        3,
        _("Configure a Presence Redundancy Group"),
        _("Two nodes of the same cluster, publisher and version form a group; a node belongs to "
          "one group only."),
        optional=False,
        checks=(_versions(facts), *_grouping(facts)),
        link=reverse("groups:group-add"),
        link_text=_("Add New"),
    )  # fmt: skip


def _versions(facts: ClusterFacts) -> Check:
    versions = {status.version for status in facts.nodes if status.version}
    link = {"link": reverse("topology:node-list"), "link_text": _("Server")}
    if not versions:
        return Check(Mark.UNKNOWN, _("The version of no node is known yet."), **link)
    if len(versions) > 1:
        text = _("The nodes run different versions: %(versions)s. Only equal ones can be paired.")
        return Check(Mark.ATTENTION, text % {"versions": ", ".join(sorted(versions))}, **link)
    text = _("All nodes run version %(version)s.")
    return Check(Mark.DONE, text % {"version": versions.pop()}, **link)


def _grouping(facts: ClusterFacts) -> Iterator[Check]:
    add = {"link": reverse("groups:group-add"), "link_text": _("Add New")}
    for group in facts.groups:
        nodes = [view.name for view in group.pair.nodes]
        values = {"group": group.name, "nodes": ", ".join(nodes)}
        page = {"link": _group_page(group), "link_text": group.name}
        if len(nodes) == NODES_OF_PAIR:
            yield Check(Mark.DONE, _("%(group)s: %(nodes)s.") % values, **page)
        elif nodes:
            text = _("%(group)s has one node only (%(nodes)s): nobody takes over when it fails.")
            yield Check(Mark.ATTENTION, text % values, **page)
        else:
            text = _("Not yet: %(group)s has no node.")
            yield Check(Mark.OPEN, text % values, **page)
    if facts.unassigned:
        text = _("Not yet: in no group: %(nodes)s. Every node has to be in one.")
        names = ", ".join(status.name for status in facts.unassigned[:MOST_SHOWN])
        yield Check(Mark.OPEN, text % {"nodes": names}, **add)
    if not facts.groups:
        yield Check(Mark.OPEN, _("Not yet: the cluster has no group."), **add)


def _parameters(facts: ClusterFacts) -> Step:
    query = {"service": catalogue.SRM}
    if facts.nodes:
        query = {"server": str(facts.nodes[0].node.pk), **query}
    link = f"{reverse('parameters:service-parameters')}?{urlencode(query)}"
    return Step(
        4,
        _("Configure Failure Detection Parameters"),
        _("Each node watches the heartbeat of its peer; the intervals can be set. The suggested "
          "values are recommended."),
        optional=True,
        checks=tuple(_detection(facts, name) for name in DETECTION),
        link=link,
        link_text=_("Service Parameters"),
    )  # fmt: skip


def _detection(facts: ClusterFacts, name: str) -> Check:
    parameter = catalogue.BY_KEY[catalogue.SRM, name]
    value = facts.srm[name]
    shown = {
        "label": _(parameter.label),
        "value": amount(parameter, value),
        "suggested": amount(parameter, parameter.default),
    }
    if value == parameter.default:
        return Check(Mark.DONE, _("%(label)s: %(value)s, as suggested.") % shown)
    text = _("%(label)s: %(value)s; suggested: %(suggested)s.")
    return Check(Mark.ATTENTION, text % shown)


def _high_availability(facts: ClusterFacts) -> Step:
    pairs = [group for group in facts.groups if len(group.pair.nodes) == NODES_OF_PAIR]
    checks = tuple(check for group in pairs for check in _availability_of(group, facts))
    if not checks:
        checks = (Check(Mark.OPEN, _("Not yet: no group has two nodes.")),)
    return Step(
        5,
        _("Enable High Availability"),
        _("With High Availability a node takes the users of its failed peer over."),
        optional=True,
        checks=checks,
        link=reverse("groups:group-list"),
        link_text=_("Presence Redundancy Groups"),
    )


def _availability_of(group: GroupFacts, facts: ClusterFacts) -> Iterator[Check]:
    page = {"link": _group_page(group), "link_text": group.name}
    if group.ha_enabled:
        states = [labels.state_label(view.state).text for view in group.pair.nodes]
        values = {"group": group.name, "states": " / ".join(map(str, states))}
        normal = all(view.state is NodeState.NORMAL for view in group.pair.nodes)
        text = _("%(group)s: High Availability is on. %(states)s")
        yield Check(Mark.DONE if normal else Mark.ATTENTION, text % values, **page)
        return
    outlook = preflight(group.pair, settings=facts.settings, now=facts.now)
    broken = [condition_text(c) for c in outlook.conditions if c.is_met is False]
    if broken:
        text = _("Not yet: High Availability of %(group)s is off, and it is not ready: %(why)s")
        values = {"group": group.name, "why": " ".join(broken)}
    else:
        text = _("Not yet: High Availability of %(group)s is off; both nodes are ready for it.")
        values = {"group": group.name}
    yield Check(Mark.OPEN, text % values, **page)


def _assignment(facts: ClusterFacts) -> Step:
    cluster = urlencode({"cluster": facts.cluster.pk})
    return Step(
        6,
        _("Configure the User Assignment Mode"),
        _("It says how the Sync Agent spreads users over the nodes, and so what a failover moves."),
        optional=True,
        checks=tuple(_assigned(facts)),
        link=f"{reverse('parameters:enterprise-parameters')}?{cluster}",
        link_text=_("Enterprise Parameters"),
    )


def _assigned(facts: ClusterFacts) -> Iterator[Check]:
    key = (catalogue.ENTERPRISE, catalogue.USER_ASSIGNMENT_MODE)
    label = _(catalogue.BY_KEY[key].choice_label(facts.assignment_mode))
    words = {
        catalogue.BALANCED: _("%(mode)s: users are spread equally over the nodes."),
        catalogue.ACTIVE_STANDBY: _(
            "%(mode)s: all users go to the first node of a group, the second is the backup."
        ),
        catalogue.NO_ASSIGNMENT: _("%(mode)s: the Sync Agent assigns nobody."),
    }
    none = facts.assignment_mode == catalogue.NO_ASSIGNMENT
    text = words[facts.assignment_mode] % {"mode": label}
    yield Check(Mark.ATTENTION if none else Mark.DONE, text)
    if facts.unassigned_users:
        text = _("Users without a node, and so without service: %(count)s.")
        yield Check(Mark.ATTENTION, text % {"count": facts.unassigned_users})


def _each_node(facts: ClusterFacts, judge: Callable[[NodeStatus], Check]) -> tuple[Check, ...]:
    if not facts.nodes:
        add = reverse("topology:node-list")
        return (Check(Mark.OPEN, _("Not yet: the cluster has no node."), add, _("Server")),)
    return tuple(judge(status) for status in facts.nodes)


def _silent(status: NodeStatus) -> Check:
    values = {"node": status.name, "error": call_error_text(status.error or "silent")}
    text = _("Not yet: %(node)s does not answer (%(error)s), so nothing is known of it.")
    if status.heard_at is None:
        text = _("Not yet: %(node)s was never heard; start its agent.")
    return Check(Mark.OPEN, text % values, _details(status), _("Node Details"))


def _details(status: NodeStatus) -> str:
    return reverse("topology:node-details", args=[status.node.pk])


def _group_page(group: GroupFacts) -> str:
    return reverse("groups:group", args=[group.pk])
