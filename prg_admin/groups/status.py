"""How a group stands now: what its page shows below the form, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from prg_admin.domain.assignment import GroupSeats, Layout, Survivor, survivors
from prg_admin.domain.catalogue import RE_LOGIN_LOWER, RE_LOGIN_UPPER, SRM
from prg_admin.domain.conditions import fallback_wait
from prg_admin.domain.facts import Facts, NodeView, Pair, is_held
from prg_admin.domain.foresight import Foreseen, foresee, moves
from prg_admin.domain.health import services_overdue
from prg_admin.domain.limitations import Limitation, limitation
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.silence import is_fenced
from prg_admin.domain.states import FAILED_OVER_STATES, NodeState, Reason
from prg_admin.domain.timing import RecoverySettings, service_delay
from prg_admin.domain.whynot import as_of, is_in_trouble
from prg_admin.groups.hearing import Hearing, hearings
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.pairs import loaded_pair
from prg_admin.groups.relogin import ReLogin, relogin
from prg_admin.groups.selectors import members_of, values_of_cluster
from prg_admin.lib.advice import Advice, Standing, advice
from prg_admin.parameters.selectors import ClusterValues, parameter_values
from prg_admin.topology.selectors import NodeStatus, last_report, node_status

NODES_OF_PAIR = 2


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """One row of the High Availability table, with the services below it."""

    status: NodeStatus
    state: str
    reason: str
    since: datetime | None
    peer: str
    active: int | None
    """Users the node serves by its own report; None when that is not known."""
    action: Action | None
    """What can be asked of this node in this state; None: nothing is ever offered here."""
    limitation: Limitation | None
    """Why the action is not possible now."""
    is_fenced: bool
    """It stopped serving by itself, by its own report or for certain by now."""
    time_left: Mapping[str, float]
    """Seconds until a critical service that is down fails the node over, by service."""

    @property
    def name(self) -> str:
        return self.status.name


@dataclass(frozen=True, slots=True)
class AutomaticFallback:
    """How the automatic fallback of a failed-over node stands."""

    node: str
    left_s: float | None
    """Seconds; None while nothing counts down."""
    is_held: bool
    failovers: int


@dataclass(frozen=True, slots=True)
class GroupStatus:
    group: PresenceRedundancyGroup
    pair: Pair
    aged: Pair
    """The same with its times counted on from the reports to now."""
    settings: RecoverySettings
    """In force: those a running recovery began with, else those stored."""
    now: datetime
    members: tuple[MemberStatus, ...]
    recover: Limitation | None
    """Why Recover is not possible now; None when it is."""
    doubtful: tuple[str, ...]
    """Nodes of which a person can state that they are powered off."""
    hearing: tuple[Hearing, ...]
    fallback: AutomaticFallback | None
    """None: nobody is failed over, or it is off."""
    relogin: ReLogin | None = None
    """None for a group that is no pair."""

    @property
    def is_pair(self) -> bool:
        return len(self.members) == NODES_OF_PAIR

    @property
    def offers_recover(self) -> bool:
        """Possible, if need be with a statement about each node in doubt."""
        stated = self.recover is Limitation.MAY_STILL_SERVE and bool(self.doubtful)
        return self.recover is None or stated

    @property
    def shows_ha(self) -> bool:
        return self.is_pair and self.group.ha_enabled

    @property
    def advice(self) -> Advice | None:
        if not self.shows_ha or self._is_well_by_state_only:
            return None
        one, other = (Standing(m.name, NodeState(m.state), Reason(m.reason)) for m in self.members)
        return advice(one, other)

    @property
    def _is_well_by_state_only(self) -> bool:
        """Normal, but something is wrong by now: the page says why nothing happens yet."""
        if any(node.state is not NodeState.NORMAL for node in self.pair.nodes):
            return False
        ways = (facts_of(self.aged, i, self.settings, self.now) for i in (0, 1))
        return any(is_in_trouble(facts) for facts in ways)

    @property
    def assigned(self) -> int:
        return sum(m.status.users for m in self.members)

    @property
    def survivors(self) -> list[Survivor]:
        """What each node would have to serve if the other failed; too much is a warning.

        Of a node that has failed already, or stands in for another, only the warning is left.
        """
        names = tuple(m.name for m in self.members)
        group = GroupSeats(self.group.name, names, self.group.ha_enabled)
        found = survivors(Layout((group,), {m.name: m.status.users for m in self.members}))
        is_normal = all(node.state is NodeState.NORMAL for node in self.pair.nodes)
        return found if is_normal else [one for one in found if one.is_over]

    @property
    def active(self) -> int | None:
        known = [m.active for m in self.members]
        return None if None in known else sum(n for n in known if n is not None)


def group_status(group: PresenceRedundancyGroup, *, now: datetime) -> GroupStatus:
    """One query, two without the group's members. ``group`` is as it was just read."""
    rows = members_of(group)
    loaded = loaded_pair(group, rows)
    pair, aged = loaded.pair, as_of(loaded.pair, now)
    values = values_of_cluster(group)
    settings = loaded.running_settings or values.recovery
    statuses = [node_status(row.node, now=now, users=vars(row)["users"]) for row in rows]
    members = tuple(
        _member(row, status, facts_of(pair, i, settings, now), aged)
        for i, (row, status) in enumerate(zip(rows, statuses, strict=True))
    )
    rtt = tuple(last.rtt_ms if (last := last_report(row.node)) else None for row in rows)
    return GroupStatus(
        group=group,
        pair=pair,
        aged=aged,
        settings=settings,
        now=now,
        members=members,
        recover=limitation(pair, Action.RECOVER, settings=settings),
        doubtful=_doubtful(pair, settings),
        hearing=hearings(aged, settings=settings, rtt_ms=rtt, now=now),
        fallback=_fallback(pair, settings, now),
        relogin=_relogin(rows, statuses, values),
    )


def _relogin(
    rows: Sequence[Member], statuses: list[NodeStatus], values: ClusterValues
) -> ReLogin | None:
    if len(rows) != NODES_OF_PAIR:
        return None
    return relogin([row.node for row in rows], [status.users for status in statuses], values)


def _doubtful(pair: Pair, settings: RecoverySettings) -> tuple[str, ...]:
    """Nodes that only a person can answer for: cut off, and they would go on serving."""
    if len(pair.nodes) != NODES_OF_PAIR:
        return ()
    refused = [limitation(pair, Action.POWERED_OFF, i, settings=settings) for i in (0, 1)]
    return tuple(n.name for n, why in zip(pair.nodes, refused, strict=True) if why is None)


def facts_of(pair: Pair, index: int, settings: RecoverySettings, now: datetime) -> Facts:
    """The pair with the node at ``index`` as A; a node without a peer is its own."""
    peer = pair.nodes[1 - index] if len(pair.nodes) == NODES_OF_PAIR else pair.nodes[index]
    return Facts(pair.nodes[index], peer, index, pair, settings, now)


def _member(row: Member, status: NodeStatus, facts: Facts, aged: Pair) -> MemberStatus:
    view, pair, index = facts.a, facts.pair, facts.index_a
    action = offered_action(view)
    fenced_now = view.report is not None and view.report.fenced
    return MemberStatus(
        status=status,
        state=row.state,
        reason=row.reason,
        since=row.state_since_at,
        peer=next((n.name for i, n in enumerate(pair.nodes) if i != index), ""),
        active=_active(view, status),
        action=action,
        limitation=(limitation(pair, action, index, settings=facts.settings) if action else None),
        is_fenced=pair.ha_enabled and (fenced_now or is_fenced(facts)),
        time_left=_time_left(facts, aged),
    )


def _time_left(facts: Facts, aged: Pair) -> Mapping[str, float]:
    """Of a node that would fail over; elsewhere the delay leads to nothing."""
    if not facts.pair.ha_enabled or facts.a.state not in (NodeState.NORMAL, NodeState.INITIALIZING):
        return {}
    delay = service_delay(facts.settings)
    down = services_overdue(aged.nodes[facts.index_a], facts.settings, facts.now)
    return {name: delay - seconds for name, seconds in down.items() if seconds < delay}


def _fallback(pair: Pair, settings: RecoverySettings, now: datetime) -> AutomaticFallback | None:
    if not settings.automatic_fallback or len(pair.nodes) != NODES_OF_PAIR:
        return None
    for index, node in enumerate(pair.nodes):
        facts = facts_of(pair, index, settings, now)
        # Who is Idle was failed over by a person, and only a person brings its users home.
        away = node.state in FAILED_OVER_STATES - {NodeState.IDLE}
        if away and facts.b.state is NodeState.BACKUP:
            left = fallback_wait(facts)
            shown = None if left is None else max(0.0, left)
            count = len(pair.automatic_failovers)
            return AutomaticFallback(node.name, shown, is_held(pair, now), count)
    return None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an action would do now, in numbers."""

    steps: tuple[Foreseen, ...]
    sessions: int | None
    """Live sessions that are cut off; None when the node cannot be asked."""
    login_lower_s: int
    login_upper_s: int
    """Clients wait a random time between these two before they log in again."""


def forecast(status: GroupStatus, action: Action, member: MemberStatus | None) -> Forecast:
    index = status.members.index(member) if member else None
    pair = status.aged
    names = [node.name for node in pair.nodes]
    stated = tuple(map(names.index, status.doubtful)) if action is Action.RECOVER else ()
    request = Request(action, index, powered_off=stated)
    coming = foresee(pair, settings=status.settings, now=status.now, request=request)
    # The sessions of a node that is failed over end here, those of a failed-over one at its peer.
    leaving = None if index is None else index if action is Action.FAILOVER else 1 - index
    report = None if leaving is None else pair.nodes[leaving].report
    node = status.members[index or 0].status.node
    values = parameter_values(node.cluster_id, SRM, node.pk)
    return Forecast(
        steps=moves(coming),
        sessions=report.sessions if report else None,
        login_lower_s=int(values[RE_LOGIN_LOWER]),
        login_upper_s=int(values[RE_LOGIN_UPPER]),
    )


def offered_action(node: NodeView) -> Action | None:
    """The button that belongs to the node's state (domain facts 1.1), possible now or not."""
    if node.state in FAILED_OVER_STATES:
        return Action.FALLBACK
    # A backup is left by Fallback on its peer, a failed group by Recover.
    if node.state in (NodeState.BACKUP, NodeState.FAILED, NodeState.UNKNOWN):
        return None
    return Action.FAILOVER


def _active(view: NodeView, status: NodeStatus) -> int | None:
    """Live client sessions, as the node counts them at its door."""
    if view.state is NodeState.DOWN and not status.reachable:
        return 0
    if not status.reachable or status.report is None:
        return None
    return status.report.sessions
