"""Random faults on a whole installation, two at once, for as long as wanted (F32).

``python -m tests.lab.soak MINUTES [--seed N] [--history FILE]``. In each round two faults act
together, then all is repaired, and after a while the group must be well or wait for a person. What
was done and seen is kept as JSON lines, which ``tests.lab.history`` judges at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from prg_admin.domain import catalogue
from prg_admin.domain.states import CRITICAL_SERVICES
from prg_admin.launcher.spawn import free_port
from tests.lab import history, namespace
from tests.lab.network import ADDRESSES, ENGINE, Network, faulty
from tests.scenarios.doors import DoorWatch
from tests.scenarios.fixtures import GROUP, USERS
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person

SAMPLE_S = 0.2
FAULTS_S, REST_S = 60.0, 60.0
NODES = ("imp1", "imp2")
LINKS = [(a, b) for a in (ENGINE, *NODES) for b in (ENGINE, *NODES) if a != b]
KILLED = ("worker", "beat", "web", "valkey", "postgres")
FROZEN = ("worker", "beat", "web", "valkey")
ALREADY = (KeyError, ProcessLookupError, AssertionError, OSError)
"""The other fault was quicker: what is dead cannot be killed, whom nobody serves cannot ask."""


@dataclass
class Soak:
    installation: Installation
    person: Person
    network: Network
    pair: WatchedPair
    dice: random.Random
    file: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, *, at: float | None = None, **more: Any) -> None:
        line = json.dumps({"at": time.time() if at is None else at, "kind": kind, **more})
        with self._lock, self.file.open("a") as file:
            file.write(line + "\n")

    # Faults

    def faults(self) -> dict[str, Callable[[], object]]:
        """One of each kind, its particulars drawn now."""
        dice, net, house = self.dice, self.network, self.installation
        node, link = dice.choice(NODES), dice.choice(LINKS)
        killed, frozen = dice.choice(KILLED), dice.choice(FROZEN)
        service = dice.choice(CRITICAL_SERVICES)
        peer = NODES[1 - NODES.index(node)]
        everybody = [(ENGINE, name) for name in ADDRESSES if name != ENGINE]
        asked = dice.choice(("failover", "fallback"))
        return {
            f"isolate {node}": lambda: net.isolate(node),
            f"isolate {node} but not from {peer}": lambda: net.isolate(node, besides=(peer,)),
            f"cut {link[0]} to {link[1]}": lambda: net.cut(link),
            f"cut {link[0]} and {link[1]}": lambda: net.cut_both_ways(link),
            f"refuse {link[0]} to {link[1]}": lambda: net.refuse(link),
            "lose 30 % of all packets": lambda: net.lose(30, *LINKS),
            "cut the engine off from all": lambda: net.cut_both_ways(*everybody),
            f"kill the agent of {node}": lambda: house.kill_agent(node, with_services=False),
            f"kill {node}": lambda: house.kill_agent(node),
            f"freeze the agent of {node}": lambda: house.freeze(node),
            f"freeze {node}": lambda: house.freeze(node, with_services=True),
            f"kill {service} of {node}": lambda: house.kill_service(node, service),
            f"shut down {node}": lambda: house.stop(node),
            f"restart {node}": lambda: house.restart(node),
            f"kill {killed}": lambda: house.kill(killed),
            f"freeze {frozen}": lambda: house.freeze(frozen),
            f"ask for {asked} of {node}": lambda: self.person.ask_for(asked, node),
        }

    def do(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except ALREADY as error:
            self.note("not-done", what=name, why=repr(error)[:200])
        else:
            self.note("fault", what=name)

    # Rounds

    def round(self, number: int, parameters: dict[str, str]) -> None:
        first, second = self.dice.sample(list(self.faults().items()), 2)
        sys.stdout.write(f"round {number}: {first[0]}; {second[0]}\n")
        sys.stdout.flush()
        with self._watched():
            self.do(*first)
            time.sleep(self.dice.uniform(0, 5))
            self.do(*second)
            time.sleep(FAULTS_S)
            self.network.heal()
            self.installation.bring_back()
            self.note("healed")
            self._rest()
        self.pair.heal(parameters)
        self._note_events()
        self.note("home")

    def _rest(self) -> None:
        """Until it is well, or waits for a person; the services are started by one."""
        begin, deadline = time.monotonic(), time.monotonic() + REST_S
        while (states := self._states()) is None or not {*states} <= history.AT_REST:
            if time.monotonic() > deadline:
                break
            with contextlib.suppress(*ALREADY):
                self.pair.start_services()
            time.sleep(SAMPLE_S * 5)
        seconds = round(time.monotonic() - begin, 1)
        self.note("rested", states=list(states or ()), seconds=seconds)
        sys.stdout.write(f"  after {seconds} s: {', '.join(states or ())}\n")

    def _states(self) -> tuple[str, ...] | None:
        sql = (
            "select m.state from groups_member m join groups_presenceredundancygroup g"
            " on g.id = m.group_id where g.name = %s order by m.position"
        )
        try:
            return tuple(row["state"] for row in self.installation.query(sql, GROUP))
        except psycopg.OperationalError:
            return None

    def _note_events(self) -> None:
        for event in self.installation.events(GROUP, after=self._last):
            self._last = max(self._last, event["id"])
            told = {**event, "at": event["at"].timestamp()}
            self.note("event", **told)

    _last: int = 0

    # What is seen meanwhile

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        over = threading.Event()
        doors = {node: self.installation.door(node) for node in NODES}
        sampler = threading.Thread(target=self._sample, args=[over])
        watch = DoorWatch(doors)
        try:
            with watch:
                sampler.start()
                yield
        except AssertionError:
            if not watch.served_twice:
                raise
        finally:
            over.set()
            sampler.join()
            for what in watch.served_twice:
                self.note("served-twice", what=what)

    def _sample(self, over: threading.Event) -> None:
        sql = "select is_blind from recovery_enginestatus"
        while not over.wait(SAMPLE_S):
            with contextlib.suppress(psycopg.OperationalError, OSError, ValueError):
                rows = self.installation.query(sql)
                epochs = {node: self._epoch_of(node) for node in NODES}
                blind = bool(rows and rows[0]["is_blind"])
                self.note("sample", blind=blind, epochs=epochs, states=self._states())

    def _epoch_of(self, node: str) -> int:
        state = self.installation.var / "nodes" / node / "state.json"
        return int(json.loads(state.read_text())["highest_epoch"])


def soak(minutes: float, seed: int, file: Path) -> int:
    with tempfile.TemporaryDirectory() as folder, faulty() as network:
        installation = Installation(Path(folder), free_port())
        try:
            installation.bring_up()
            _rounds(installation, network, minutes, seed, file)
        except BaseException:
            sys.stderr.write(installation.told(lines=20) + "\n")
            raise
        finally:
            installation.bring_down()
    return history.main([str(file)])


def _rounds(
    installation: Installation, network: Network, minutes: float, seed: int, file: Path
) -> None:
    person = Person(installation)
    parameters = person.parameters("imp1")
    if seed % 2:
        parameters[catalogue.AUTOMATIC_FALLBACK] = catalogue.TRUE
        parameters[catalogue.AUTOMATIC_FALLBACK_DELAY] = "0"
    pair = WatchedPair(installation, person, GROUP, *NODES, USERS)
    run = Soak(installation, person, network, pair, random.Random(seed), file)
    run.note("begin", seed=seed)
    pair.heal(parameters)
    end, number = time.monotonic() + minutes * 60, 0
    while time.monotonic() < end:
        number += 1
        run.round(number, parameters)
    sys.stdout.write(f"{number} rounds, history in {file}\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.soak", description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--history", type=Path)
    options = parser.parse_args()
    file = options.history or Path(tempfile.gettempdir()) / f"soak-{options.seed}.jsonl"
    if not namespace.is_inside():
        if not namespace.install(namespace.missing()):
            sys.stderr.write(f"The soak needs {', '.join(namespace.missing())}; it was not run.\n")
            return 1 if os.environ.get("CI") == "true" else 0
        sys.stdout.write(f"seed {options.seed}, history in {file}\n")
        sys.stdout.flush()
        words = [str(options.minutes), "--seed", str(options.seed), "--history", str(file)]
        return namespace.run_inside([sys.executable, "-m", "tests.lab.soak", *words])
    return soak(options.minutes, options.seed, file)


if __name__ == "__main__":
    sys.exit(main())
