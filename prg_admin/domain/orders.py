"""Safe steps from what both nodes serve now to what their targets say.

The law (invariants I01 and I04): **a node is ordered to serve a home only when its peer cannot be
serving it.** What a peer may be serving is judged by its report under its present order; by nothing
while it has not confirmed that order; and by its fence once it is silent for long enough.

Everything else follows: a take-over waits for the release, a fallback lets the backup go first, and
whatever pair of targets a table row names, the way there never serves a user twice.
"""

from __future__ import annotations

from dataclasses import replace

from prg_admin.domain import timing
from prg_admin.domain.facts import Facts, NodeView, Pair
from prg_admin.domain.health import confirms_order
from prg_admin.domain.silence import fence_wait, is_fenced
from prg_admin.domain.states import NodeState, Role, homes_served
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.under_way import is_void
from prg_admin.domain.wire import Goal, Order, PeerAddress


def may_serve(node: NodeView, peer: NodeView, facts: Facts) -> frozenset[str]:
    """Homes the node may be serving at this moment; ``facts`` looks at it as A."""
    if is_fenced(facts):
        return frozenset()
    if node.report is None or not confirms_order(node):
        return frozenset({node.name, peer.name})
    ordered = homes_served(node.ordered, node=node.name, peer=peer.name)
    return ordered | frozenset(node.report.serving)


def has_let_go(node: NodeView, peer: NodeView) -> bool:
    """It said goodbye, or reports under its order that it does not serve its own users."""
    if node.goodbye and not node.reachable:
        return True
    if node.report is None or not confirms_order(node):
        return False
    ordered = homes_served(node.ordered, node=node.name, peer=peer.name)
    return node.name not in ordered | frozenset(node.report.serving)


def next_order(node: NodeView, peer: NodeView, facts_of_peer: Facts) -> Role:
    """The role to order now: the target, or as much of it as is safe."""
    wanted = homes_served(node.target, node=node.name, peer=peer.name)
    held = homes_served(node.ordered, node=node.name, peer=peer.name)
    free = wanted - may_serve(peer, node, facts_of_peer)
    serve = (wanted & held) | free
    if serve == wanted:
        return node.target
    return Role.OWN if node.name in serve else Role.STANDBY


def with_orders(pair: Pair, facts: tuple[Facts, Facts]) -> Pair:
    """The pair with its next orders, each changed one under a new epoch."""
    a, b = pair.nodes
    orders = (next_order(a, b, facts[1]), next_order(b, a, facts[0]))
    if orders == (a.ordered, b.ordered):
        return pair
    epoch = pair.epoch
    nodes = []
    for node, order in zip(pair.nodes, orders, strict=True):
        if order is node.ordered:
            nodes.append(node)
            continue
        epoch += 1
        nodes.append(replace(node, ordered=order, ordered_epoch=epoch))
    return replace(pair, epoch=epoch, nodes=tuple(nodes))


def _peer_may_take_over(node: NodeView, peer: NodeView | None) -> bool:
    """Only then must an isolated node stop; else it would leave its users alone for nothing."""
    if node.ordered is Role.OWN:
        return True
    return node.ordered is Role.BOTH and peer is not None and peer.state is NodeState.FAILED_OVER


def _silence_to_see(node: NodeView, peer: NodeView | None, settings: RecoverySettings) -> float:
    """What the agent itself must have seen of its peer before it admits the peer's users."""
    if peer is None or node.ordered is not Role.BOTH or has_let_go(peer, node):
        return 0.0
    return fence_wait(peer, settings)


def due_order(node: NodeView, goal: Goal) -> Order | None:
    """The order to send to a node that answers: when it does not follow the goal, or stays fenced.

    Also when an earlier order of another goal got no answer: it may come yet, and accepting this
    one makes it void.
    """
    report = node.report
    if report is None:
        return None
    follows = report.goal_digest == goal.digest and not report.fenced
    late = node.under_way
    if follows and (late is None or is_void(late, report)):
        return None
    return Order(goal, report.boot_id, report.fences, report.seq)


def goal_of(pair: Pair, index: int, settings: RecoverySettings) -> Goal:
    """The goal of one node, as its order stands."""
    node = pair.nodes[index]
    peer = pair.nodes[1 - index] if len(pair.nodes) == 2 else None  # noqa: PLR2004
    return Goal(
        node=node.name,
        group=pair.group,
        epoch=node.ordered_epoch,
        role=node.ordered,
        ha_enabled=pair.ha_enabled,
        fence=pair.ha_enabled and _peer_may_take_over(node, peer),
        peer_silence_s=_silence_to_see(node, peer, settings),
        peer=PeerAddress(peer.name, peer.host, peer.port) if peer else None,
        timing=timing.agent_timing(settings),
    )
