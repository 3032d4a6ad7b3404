"""What an agent is asked now and then, apart from its report: a checkup, the measure of a link, and
who is logged in.

A **checkup** is what only the node itself knows of its machine. A **link measure** is made between
two agents over the TLS they speak anyway: one sends, the other counts what arrives. The receiver's
count decides, and the first part of the stream is left out of it, because a connection is slow
until it knows its way. Size and pace are bounded on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from prg_admin.domain.wire import Document, PeerAddress

LINK_BYTES = 2 * 1024 * 1024
"""Sent for one measure."""
RAMP_BYTES = LINK_BYTES // 4
"""Of these, not counted."""
LINK_DEADLINE_S = 6.0
"""The receiver answers after this with what has arrived."""
LINK_PAUSE_S = 2.0
"""Between two measures of one agent, sending or receiving."""
WANTED_MBPS = 10.0
"""A cluster that spans a WAN needs this much (domain facts 10)."""
WANTED_RTT_MS = 80.0
BITS = 8
LONGEST_NAME = 512
"""Of somebody who is logged in; user IDs are shorter, but a door may know others."""


@dataclass(frozen=True, slots=True)
class Checkup(Document):
    node: str
    boot_id: str = field(metadata={"most": 64})
    clock: float
    """The node's wall clock: seconds since 1970, UTC."""
    free_bytes: int
    """On the disk that keeps the agent's state."""


@dataclass(frozen=True, slots=True)
class LoggedIn(Document):
    """Some of those who are logged in on a node: those that follow the name that was asked from."""

    node: str
    boot_id: str = field(metadata={"most": 64})
    users: tuple[str, ...] = field(metadata={"most": LONGEST_NAME})
    """Sorted; a user stands there once for each session."""
    more: bool
    """Whether others follow the last of them."""
    revision: int
    """Rises with each session that begins or ends while the node's door runs."""


@dataclass(frozen=True, slots=True)
class LinkOrder(Document):
    """To whom an agent is to send; its answer is the receiver's :class:`LinkCount`."""

    to: PeerAddress


@dataclass(frozen=True, slots=True)
class LinkCount(Document):
    received: int
    """Bytes in all."""
    counted: int
    """Bytes after the ramp, or all of them where no more than the ramp has arrived."""
    seconds: float
    """Between the first and the last of the counted bytes."""
    rtt_ms: float
    """The quickest of some empty requests, as the sender saw it; 0 from the receiver."""

    @property
    def mbps(self) -> float | None:
        """None: so little, or so quickly, that it says nothing."""
        if self.counted <= 0 or self.seconds <= 0:
            return None
        return self.counted * BITS / self.seconds / 1e6


def is_enough(*, mbps: float | None, rtt_ms: float | None) -> bool | None:
    """Whether a link is good enough for a cluster across a WAN; None where it is not known."""
    if rtt_ms is not None and rtt_ms > WANTED_RTT_MS:
        return False
    if mbps is not None and mbps < WANTED_MBPS:
        return False
    return None if mbps is None or rtt_ms is None else True
