"""Rows for tests, each with sensible values of its own. ``Auto`` numbers keep names apart."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.timezone import now

from prg_admin.accounts.models import Role as PersonRole
from prg_admin.accounts.models import User
from prg_admin.domain.directory import DirectoryDraft
from prg_admin.domain.states import CRITICAL_SERVICES, NodeState, Reason, Role, ServiceState
from prg_admin.domain.wire import PeerReport, Report, ServiceReport
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.lib.actor import Actor
from prg_admin.topology.models import Cluster, Node, NodeReport
from prg_admin.users.directories import directory_save
from prg_admin.users.models import Directory, PresenceUser

VERSION = "15.0.1.10000-1"
numbers = itertools.count(1)


def create_user(username: str = "", *, password: str | None = None, **more: Any) -> User:
    """An administrator, without a password: hashing one takes longer than most tests."""
    username = username or f"admin{next(numbers)}"
    more.setdefault("role", PersonRole.ADMINISTRATOR)
    return User.objects.create_user(username=username, password=password, **more)


def create_cluster(name: str = "") -> Cluster:
    return Cluster.objects.create(name=name or f"cluster-{next(numbers)}")


def service_report(
    name: str, state: ServiceState = ServiceState.STARTED, *, activated: bool = True
) -> ServiceReport:
    up = state is ServiceState.STARTED
    return ServiceReport(
        name=name,
        state=state,
        pid=1000 + next(numbers) if up else None,
        up_s=60.0 if up else None,
        down_s=None if up else 5.0,
        wanted=activated,
        error="",
        activated=activated,
    )


def create_report(
    node: str,
    *,
    version: str = VERSION,
    role: Role = Role.OWN,
    serving: Sequence[str] | None = None,
    down: Sequence[str] = (),
    peer: PeerReport | None = None,
    **more: Any,
) -> Report:
    """What a node says; ``down`` names services that do not run."""
    stopped = [
        ServiceState.STOPPED if s in down else ServiceState.STARTED for s in CRITICAL_SERVICES
    ]
    values: dict[str, Any] = {
        "node": node,
        "version": version,
        "boot_id": f"boot-of-{node}",
        "seq": 1,
        "order_seq": 0,
        "up_s": 60.0,
        "highest_epoch": 1,
        "goal_epoch": 1,
        "goal_digest": "",
        "role": role,
        "serving": tuple(sorted([node] if serving is None else serving)),
        "sessions": 0,
        "fenced": False,
        "fences": 0,
        "isolation_limit_s": 3.25,
        "serves_unasked": False,
        "services": tuple(map(service_report, CRITICAL_SERVICES, stopped)),
        "peer": peer,
        "database": None,
        **more,
    }
    return Report(**values)


def create_node(
    name: str = "",
    *,
    cluster: Cluster | None = None,
    version: str = VERSION,
    publisher: str = "",
    heard_at: datetime | None = None,
    reachable: bool = True,
    error: str = "",
    report: Report | None = None,
    users: int = 0,
    **more: Any,
) -> Node:
    """A node that answers, with all services running; ``version=""`` was never heard."""
    number = next(numbers)
    name = name or f"imp-{number}"
    node = Node.objects.create(
        name=name,
        cluster=cluster or create_cluster(),
        publisher=publisher or "imp-pub",
        **{"address": f"10.0.{number // 250}.{number % 250 + 1}", "port": 8443, **more},
    )
    known = report or (create_report(name, version=version) if version else None)
    NodeReport.objects.create(
        node=node,
        heard_at=(heard_at or now()) if known else None,
        reachable=reachable and known is not None,
        error=error,
        rtt_ms=1.0 if known else None,
        version=known.version if known else "",
        document=known.to_json() if known else None,
    )
    create_presence_users(users, home=node)
    return node


def never_heard(name: str = "", **more: Any) -> Node:
    return create_node(name, version="", **more)


def create_pair(cluster: Cluster | None = None, **more: Any) -> tuple[Node, Node]:
    cluster = cluster or create_cluster()
    return create_node(cluster=cluster, **more), create_node(cluster=cluster, **more)


def create_group(
    name: str = "",
    *,
    members: Sequence[Node] | None = None,
    states: Sequence[NodeState] | None = None,
    reasons: Sequence[Reason] | None = None,
    ha_enabled: bool | None = None,
    **more: Any,
) -> PresenceRedundancyGroup:
    """A pair with High Availability off, unless ``states`` or ``ha_enabled`` say otherwise."""
    members = list(create_pair() if members is None else members)
    with_ha = ha_enabled if ha_enabled is not None else states is not None
    states = states or [NodeState.NORMAL if with_ha else NodeState.UNKNOWN] * len(members)
    group = PresenceRedundancyGroup.objects.create(
        name=name or f"group-{next(numbers)}",
        cluster=members[0].cluster if members else create_cluster(),
        ha_enabled=with_ha,
        **more,
    )
    for i, (node, state) in enumerate(zip(members, states, strict=True)):
        target = role_of(state)
        Member.objects.create(
            group=group,
            node=node,
            position=i + 1,
            state=state,
            reason=reasons[i] if reasons else _reason(state),
            state_since_at=now(),
            target=target,
            ordered=target,
        )
    return group


def create_presence_users(
    count: int,
    *,
    home: Node | None = None,
    cluster: Cluster | None = None,
    is_licensed: bool = True,
) -> list[PresenceUser]:
    """At a node, or in a cluster and unassigned."""
    at = cluster or (home.cluster if home else create_cluster())
    users = [
        PresenceUser(cluster=at, userid=f"user{next(numbers)}", home=home, is_licensed=is_licensed)
        for _ in range(count)
    ]
    return PresenceUser.objects.bulk_create(users)


def create_directory(cluster: Cluster) -> Directory:
    """At a port where nobody listens; not scheduled."""
    draft = DirectoryDraft(
        server="ldap://127.0.0.1:1",
        bind_dn="cn=reader,dc=example,dc=com",
        password="s3cret-of-the-directory",
        base="dc=example,dc=com",
    )
    outcome = directory_save(
        cluster_id=cluster.pk, draft=draft, revision=0, actor=Actor("alice"), now=now()
    )
    return outcome.directory


def role_of(state: NodeState) -> Role:
    """The role a state leads to, for rows that no engine wrote."""
    if state in (NodeState.BACKUP, NodeState.TAKING_OVER):
        return Role.BOTH
    if state is NodeState.IDLE:
        return Role.IDLE
    standby = (NodeState.FAILED_OVER, NodeState.FAILED_OVER_SERVICES_DOWN, NodeState.DOWN)
    return Role.STANDBY if state in standby else Role.OWN


def _reason(state: NodeState) -> Reason:
    if state is NodeState.UNKNOWN:
        return Reason.HA_NOT_ENABLED
    return Reason.NORMAL if state is NodeState.NORMAL else Reason.ADMIN_REQUEST
