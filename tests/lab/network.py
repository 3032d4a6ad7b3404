"""Faults of the network, made with nftables in a network namespace of the tests' own.

The demo's nodes have loopback addresses of their own and speak from them; the engine (web and
worker) speaks from 127.0.0.1. So a rule on the loopback device cuts exactly one direction of one
link, as a broken cable or a wrong firewall rule would.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

TABLE = "prg_lab"
ENGINE = "engine"
NODES_PORTS = "20000-32767"
"""Where agents and doors of the demo listen; callers have higher ones."""
ADDRESSES = {ENGINE: "127.0.0.1"} | {f"imp{n}": f"127.0.0.{10 + n}" for n in range(1, 7)}


def nft(text: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True, capture_output=True)


class Network:
    """What is wrong with the network at the moment; nothing at the beginning and at the end."""

    def __init__(self) -> None:
        self._rules: list[str] = []

    def cut(self, *links: tuple[str, str]) -> None:
        """Drop silently what goes from the first to the second of each link."""
        self._add(f"{_link(link)} drop" for link in links)

    def cut_connections(self, *links: tuple[str, str]) -> None:
        """The first cannot call the second, though it can answer its calls."""
        self._add(f"{_link(link)} tcp dport {NODES_PORTS} drop" for link in links)

    def cut_both_ways(self, *links: tuple[str, str]) -> None:
        self.cut(*links, *((b, a) for a, b in links))

    def isolate(self, node: str, *, besides: tuple[str, ...] = ()) -> None:
        """Nothing goes in or out of the node (but to and from ``besides``)."""
        others = [name for name in ADDRESSES if name not in (node, *besides)]
        self.cut_both_ways(*((node, other) for other in others))

    def refuse(self, *links: tuple[str, str]) -> None:
        """Answer connections from the first to the second with a reset, at once.

        Resets pass: where both directions refuse, the one's answer would be the other's victim.
        """
        self._add(f"{_link(link)} tcp flags & rst == 0 reject with tcp reset" for link in links)

    def lose(self, percent: int, *links: tuple[str, str]) -> None:
        """Lose so many of a hundred packets, at random."""
        dice = f"numgen random mod 100 < {percent}"
        self._add(f"{_link(link)} {dice} drop" for link in links)

    def heal(self) -> None:
        self._rules.clear()
        self._apply()

    def _add(self, rules: Iterator[str]) -> None:
        self._rules += rules
        self._apply()

    def _apply(self) -> None:
        lines = "\n".join(f"    {rule}" for rule in self._rules)
        nft(
            f"table inet {TABLE}\ndelete table inet {TABLE}\n"
            f"table inet {TABLE} {{\n  chain input {{\n"
            f"    type filter hook input priority 0;\n{lines}\n  }}\n}}\n"
        )


def _link(link: tuple[str, str]) -> str:
    source, target = (ADDRESSES[name] for name in link)
    return f"ip saddr {source} ip daddr {target}"


@contextmanager
def faulty() -> Iterator[Network]:
    network = Network()
    try:
        yield network
    finally:
        network.heal()
