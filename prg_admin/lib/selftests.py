"""The self-diagnostic tests in words: their problems, and what to do about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from prg_admin.domain.replication import read_detail
from prg_admin.domain.selftests import Finding, Outcome, Test
from prg_admin.lib.labels import Label
from prg_admin.lib.replication import cause_text
from prg_admin.lib.sentences import call_error_text

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

OUTCOMES: dict[Outcome, Label] = {
    Outcome.PASSED: Label(_("Passed"), "good", "✓"),
    Outcome.WARNING: Label(_("Warning"), "warn", "!"),
    Outcome.FAILED: Label(_("Failed"), "bad", "✗"),
    Outcome.UNKNOWN: Label(_("Not run"), "off", "–"),
}

TESTS: dict[Test, _StrPromise] = {
    Test.AGENT: _("The node's agent answers"),
    Test.IDENTITY: _("Only one machine is this node"),
    Test.CERTIFICATE: _("The certificate names the node and is valid"),
    Test.CLOCK: _("The node's clock agrees with this system's"),
    Test.DISK: _("The node has free disk space"),
    Test.VERSION: _("The version is that of the other nodes of the cluster"),
    Test.DATABASE: _("The node's database answers"),
    Test.REPLICATION: _("Database replication is set up"),
    Test.SERVICES: _("The critical services run"),
    Test.ACTIVATION: _("The services that every node needs are activated"),
    Test.GROUP: _("The node is in a presence redundancy group with High Availability"),
    Test.ORDERS: _("The node follows the engine's orders"),
    Test.HEARS_PEER: _("The node hears its peer"),
    Test.HEARD_BY_PEER: _("The peer hears the node"),
    Test.ROUND_TRIP: _("Heartbeats to the peer are quick enough"),
    Test.RE_LOGIN: _("Client re-login limits are equal on both nodes"),
}

PASSED: dict[Test, _StrPromise] = {
    Test.AGENT: _("Answered in %(ms)s ms."),
    Test.CERTIFICATE: _("Issued for %(name)s, valid for %(days)s days."),
    Test.CLOCK: _("It differs by %(ahead)s s."),
    Test.DISK: _("%(megabytes)s MB are free."),
    Test.VERSION: _("Version %(version)s."),
    Test.REPLICATION: _("Replication setup value %(value)s, good."),
    Test.SERVICES: _("%(count)s of %(count)s run."),
    Test.GROUP: _("Group %(group)s."),
    Test.HEARS_PEER: _("Last heard %(silence)s s ago."),
    Test.HEARD_BY_PEER: _("Last heard %(silence)s s ago."),
    Test.ROUND_TRIP: _("Round trip %(ms)s ms."),
    Test.RE_LOGIN: _("%(lower)s to %(upper)s seconds."),
}

NOT_RUN: dict[str, _StrPromise] = {
    "no-answer": _("Not run: a node that it needs does not answer."),
    "none": _("Not run: the node has no database of its own."),
    "no-peer": _("Not run: the node has no peer."),
}

PROBLEMS: dict[tuple[Test, str], tuple[_StrPromise, _StrPromise]] = {
    (Test.AGENT, "no-answer"): (
        _("The agent does not answer: %(error)s."),
        _("Start the agent on the node, and check that address and port are those of its file."),
    ),
    (Test.IDENTITY, "rival"): (
        _("Two machines claim to be this node; the second serves nobody."),
        _("Stop the agent on the second machine, then restart that of the first."),
    ),
    (Test.IDENTITY, "other-name"): (
        _("What answers at its address calls itself %(name)s."),
        _("Correct address or port of this server."),
    ),
    (Test.CERTIFICATE, "refused"): (
        _("The certificate is not one of this installation, is not this node's, or has ended."),
        _("Have a certificate issued for the node's name, and restart its agent."),
    ),
    (Test.CERTIFICATE, "other-name"): (
        _("The certificate is for %(name)s."),
        _("Have a certificate issued for the node's name, and restart its agent."),
    ),
    (Test.CERTIFICATE, "ends-soon"): (
        _("The certificate ends in %(days)s days."),
        _("Have a new certificate issued for the node's name, and restart its agent."),
    ),
    (Test.CLOCK, "differs"): (
        _("The node's clock is %(ahead)s s ahead of this system's (behind where negative)."),
        _("Set up time synchronization (NTP) on the node. Failovers do not depend on it; logs do."),
    ),
    (Test.DISK, "full"): (
        _("Only %(megabytes)s MB are free where the agent keeps its state."),
        _("Make room on the node's disk: an agent that cannot write refuses orders."),
    ),
    (Test.VERSION, "differs"): (
        _("It runs %(version)s; others do not: %(others)s."),
        _("Bring all nodes to the same version; nodes of different versions cannot be paired."),
    ),
    (Test.DATABASE, "no-answer"): (
        _("The database does not answer: %(detail)s"),
        _("Start the database of the node; if it refuses, restart the node."),
    ),
    (Test.REPLICATION, "unreadable"): (
        _("The state of replication cannot be read: %(detail)s"),
        _("Check the database of the node and the rights of the agent's database user."),
    ),
    (Test.REPLICATION, "not-good"): (
        _("Replication setup value %(value)s, and 2 (good) is wanted. %(detail)s"),
        _("Repair replication before High Availability is enabled."),
    ),
    (Test.SERVICES, "idle"): (
        _("The node is Idle; these are stopped on purpose: %(services)s."),
        _("Fall back when the maintenance is over; that starts them."),
    ),
    (Test.SERVICES, "down"): (
        _("Not running: %(services)s."),
        _("Start them in the Control Center; if they refuse, read their logs on the node."),
    ),
    (Test.ACTIVATION, "critical"): (
        _("Critical services are not activated and count as down: %(services)s."),
        _("Activate them."),
    ),
    (Test.ACTIVATION, "default"): (
        _("Services that belong on every node are not activated: %(services)s."),
        _("Activate them, unless they are left out on purpose."),
    ),
    (Test.GROUP, "none"): (
        _("The node is in no presence redundancy group."),
        _("Put it into a group: the Presence Engine serves users only there."),
    ),
    (Test.GROUP, "alone"): (
        _("Group %(group)s has only this node: nobody takes over when it fails."),
        _("Give the group a second node."),
    ),
    (Test.GROUP, "no-ha"): (
        _("High Availability of group %(group)s is off."),
        _("Enable it when both nodes are ready."),
    ),
    (Test.ORDERS, "fenced"): (
        _("The node serves nobody: it was isolated, or nobody has heard it since its start."),
        _("Restore its connections; the engine lets it serve again by itself."),
    ),
    (Test.ORDERS, "behind"): (
        _("The node has not taken up the engine's latest order yet."),
        _("Wait a moment and run the tests again."),
    ),
    (Test.HEARS_PEER, "not-told"): (
        _("The node does not know yet that %(speaker)s is its peer."),
        _("Wait until the engine has given its order, then run the tests again."),
    ),
    (Test.HEARS_PEER, "silent"): (
        _("Heartbeats to %(speaker)s fail: %(error)s."),
        _("Check the network between both nodes, and that the peer's agent runs."),
    ),
    (Test.HEARD_BY_PEER, "not-told"): (
        _("%(peer)s does not know yet that this node is its peer."),
        _("Wait until the engine has given its order, then run the tests again."),
    ),
    (Test.HEARD_BY_PEER, "silent"): (
        _("Heartbeats of %(peer)s to this node fail: %(error)s."),
        _("Check the network between both nodes, and the node's address and port."),
    ),
    (Test.ROUND_TRIP, "slow"): (
        _("Round trip %(ms)s ms; a cluster across a WAN wants at most %(limit)s ms."),
        _("Check the network between both nodes."),
    ),
    (Test.RE_LOGIN, "differ"): (
        _("The limits differ: %(limits)s."),
        _("Set the same values on both nodes of the group."),
    ),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in words."""

    test: Test
    name: str
    outcome: Outcome
    label: Label
    problem: str
    """What was found; of a passed test what was seen."""
    solution: str


def told(finding: Finding) -> Told:
    problem, solution = _words(finding)
    return Told(
        test=finding.test,
        name=str(TESTS[finding.test]),
        outcome=finding.outcome,
        label=OUTCOMES[finding.outcome],
        problem=problem,
        solution=solution,
    )


def _words(finding: Finding) -> tuple[str, str]:
    values = dict(finding.values)
    if "error" in values:
        values["error"] = call_error_text(str(values["error"]))
    if finding.test is Test.REPLICATION and "detail" in values:
        values["detail"] = cause_text(*read_detail(str(values["detail"])))
    if finding.outcome is Outcome.PASSED:
        seen = PASSED.get(finding.test)
        return (str(seen) % values if seen else "", "")
    if finding.outcome is Outcome.UNKNOWN:
        return str(NOT_RUN[finding.problem]), ""
    problem, solution = PROBLEMS[finding.test, finding.problem]
    return str(problem) % values, str(solution)
