"""The six steps to a redundant pair, each judged by how one cluster stands now.

Everything is read in a constant number of queries (``task_flow``) and judged without any
(``console.task_flow_steps``), so that the page can be as live as the nodes are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from prg_admin.domain import catalogue
from prg_admin.domain.facts import Pair
from prg_admin.domain.timing import RecoverySettings
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.groups.pairs import LoadedPair, load_pairs
from prg_admin.parameters.selectors import parameter_values, recovery_settings
from prg_admin.topology.links import LinkStatus, link_statuses
from prg_admin.topology.models import Cluster, Node
from prg_admin.topology.selectors import NodeStatus, node_list, node_status
from prg_admin.users.selectors import unassigned_count


@dataclass(frozen=True, slots=True)
class GroupFacts:
    pk: int
    name: str
    ha_enabled: bool
    pair: Pair


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """A cluster as the steps look at it."""

    cluster: Cluster
    nodes: tuple[NodeStatus, ...]
    groups: tuple[GroupFacts, ...]
    links: tuple[LinkStatus, ...]
    settings: RecoverySettings
    srm: Mapping[str, str]
    """Clusterwide parameters of the Server Recovery Manager, by name."""
    assignment_mode: str
    unassigned_users: int
    now: datetime

    @property
    def unassigned(self) -> tuple[NodeStatus, ...]:
        """Nodes in no group."""
        members = {view.name for group in self.groups for view in group.pair.nodes}
        return tuple(status for status in self.nodes if status.name not in members)

    @property
    def is_measuring(self) -> bool:
        return any(link.is_under_way for link in self.links)


def cluster_nodes(cluster: Cluster) -> list[Node]:
    return list(node_list().filter(cluster=cluster))


def cluster_facts(cluster: Cluster, *, now: datetime) -> ClusterFacts:
    """Nine queries, whatever the cluster holds."""
    nodes = cluster_nodes(cluster)
    groups = list(PresenceRedundancyGroup.objects.filter(cluster=cluster).order_by("name"))
    pairs = load_pairs([group.pk for group in groups]) if groups else {}
    enterprise = parameter_values(cluster.pk, catalogue.ENTERPRISE)
    return ClusterFacts(
        cluster=cluster,
        nodes=tuple(node_status(n, now=now, users=getattr(n, "users", 0)) for n in nodes),
        groups=tuple(_group(group, pairs[group.pk]) for group in groups),
        links=tuple(link_statuses(nodes, now=now)),
        settings=recovery_settings([cluster.pk])[cluster.pk],
        srm=parameter_values(cluster.pk, catalogue.SRM),
        assignment_mode=enterprise[catalogue.USER_ASSIGNMENT_MODE],
        unassigned_users=unassigned_count(cluster.pk),
        now=now,
    )


def _group(group: PresenceRedundancyGroup, loaded: LoadedPair) -> GroupFacts:
    return GroupFacts(group.pk, group.name, group.ha_enabled, loaded.pair)
