"""Real agents as processes, an engine that only listens, and what tests say to both."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from prg_admin.domain.states import Role
from prg_admin.domain.wire import Goal, Order, PeerAddress, Report, Timing

ROOT = Path(__file__).resolve().parents[2]
ROUTER, SYNC, PROXY = "Cisco XCP Router", "Cisco Sync Agent", "Cisco SIP Proxy"
SERVICES = (ROUTER, SYNC, PROXY)
QUICK = Timing(heartbeat_interval=0.2, connect_timeout=0.5, isolation_limit=1.2)
CALM = Timing(heartbeat_interval=0.3, connect_timeout=1.0, isolation_limit=2.0)
"""For tests in which the right must be kept, however busy the machine is."""
KEY = "key of the tests"


async def until(check: Callable[[], Any], *, seconds: float = 15.0) -> Any:
    """Ask again and again until the answer is true; the answer is returned."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        answer = check()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return answer
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.02)


async def stays(check: Callable[[], Any], *, seconds: float) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        assert await check()
        await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in ("Z", "X")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Engine:
    """Takes call-ins and remembers them."""

    port: int
    alive_status: int = 200
    status: int = 202
    taken: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    runner: web.AppRunner | None = None

    async def open(self) -> None:
        app = web.Application()
        app.router.add_post("/srm/v1/call-in", self._take)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port).start()

    async def close(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None

    async def _take(self, request: web.Request) -> web.Response:
        note = await request.json()
        self.taken.append(note)
        self.keys.add(request.headers.get("Authorization", ""))
        status = self.alive_status if note["kind"] == "alive" else self.status
        return web.json_response({}, status=status)

    def kinds(self, node: str = "imp1") -> list[str]:
        return [note["kind"] for note in self.taken if note["node"] == node]


def goal(role: Role, epoch: int, **changes: Any) -> Goal:
    """A goal of imp1, whose peer imp2 cannot be reached."""
    plain = Goal(
        node="imp1",
        group="East",
        epoch=epoch,
        role=role,
        ha_enabled=True,
        fence=False,
        peer_silence_s=0.0,
        peer=PeerAddress("imp2", "127.0.0.1", 1),
        timing=QUICK,
    )
    return replace(plain, **changes)


class Agent:
    """One agent's process and the engine's way to it."""

    def __init__(self, name: str, folder: Path, certificates: Path, engine_port: int) -> None:
        self.name = name
        self.port, self.client_port = free_port(), free_port()
        self.config = folder / f"{name}.toml"
        self.state_dir = folder / name
        self.log = folder / f"{name}.log"
        self.process: asyncio.subprocess.Process | None = None
        self._certificates = certificates
        self._engine_port = engine_port
        self._http: dict[str, aiohttp.ClientSession] = {}
        (folder / "key").write_text(KEY + "\n")
        self.write_config()

    @property
    def address(self) -> PeerAddress:
        return PeerAddress(self.name, "127.0.0.1", self.port)

    def write_config(self, commands: dict[str, Sequence[str]] | None = None) -> None:
        router = ["{python}", "-m", "prg_admin.agent.demo.router"]
        router += ["--listen", f"127.0.0.1:{self.client_port}"]
        demo = ["{python}", "-m", "prg_admin.agent.demo.service", "x"]
        lines = [
            f'name = "{self.name}"\nversion = "14.0.1"\nlisten_host = "127.0.0.1"',
            f'listen_port = {self.port}\nstate_dir = "{self.name}"\nkey_file = "key"',
            f'engine_url = "http://127.0.0.1:{self._engine_port}"',
            f'[tls]\nca = "{self._certificates}/ca.crt"',
            f'cert = "{self._certificates}/{self.name}.crt"',
            f'key = "{self._certificates}/{self.name}.key"',
            f'[door]\nservice = "{ROUTER}"',
        ]
        for service in SERVICES:
            command = (commands or {}).get(service, router if service == ROUTER else demo)
            lines.append(f'[[services]]\nname = "{service}"\ndriver = "process"')
            lines.append(
                f"command = {json.dumps(list(command))}\nsettle_s = 0.02\nstop_timeout_s = 1.0"
            )
        self.config.write_text("\n".join(lines))

    async def spawn(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "prg_admin.agent", "--config", str(self.config),
                cwd=ROOT, stderr=log, stdin=asyncio.subprocess.DEVNULL,
                # Agents need none of the system's authorities, and reading them takes a while.
                env={**os.environ, "SSL_CERT_FILE": os.devnull},
            )  # fmt: skip

    async def start(self) -> Report:
        """Returns when all services that are wanted run."""
        await self.spawn()
        return await self.wait(lambda r: all(s.state == "started" for s in r.services if s.wanted))

    async def wait(self, check: Callable[[Report], Any]) -> Report:
        async def ask() -> Report | None:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                report = await self.report()
                return report if check(report) else None
            return None

        answer: Report = await until(ask)
        return answer

    async def call(
        self, method: str, path: str, *, who: str = "engine", **options: Any
    ) -> tuple[int, Any]:
        http = self._session(who)
        url = f"https://127.0.0.1:{self.port}/srm/v1/{path}"
        async with http.request(method, url, server_hostname=self.name, **options) as answer:
            return answer.status, await answer.json()

    def _session(self, who: str) -> aiohttp.ClientSession:
        if who not in self._http:
            context = ssl.create_default_context(cafile=self._certificates / "ca.crt")
            if who:
                files = (self._certificates / f"{who}.crt", self._certificates / f"{who}.key")
                context.load_cert_chain(*files)
            connector = aiohttp.TCPConnector(ssl=context)
            timeout = aiohttp.ClientTimeout(total=10)
            self._http[who] = aiohttp.ClientSession(connector=connector, timeout=timeout)
        return self._http[who]

    async def report(self) -> Report:
        status, body = await self.call("GET", "report")
        assert status == 200
        return Report.from_json(body)

    async def put(self, wanted: Goal) -> tuple[int, Any]:
        """As the engine does: the order is for the agent's state of now."""
        now = await self.report()
        order = Order(wanted, now.boot_id, now.fences, now.seq)
        return await self.call("PUT", "goal", json=order.to_json())

    async def order(self, wanted: Goal) -> Report:
        status, body = await self.put(wanted)
        assert status == 200, body
        return Report.from_json(body)

    async def serve(self, wanted: Goal) -> Report:
        """The order, and the time until somebody has heard the node."""
        await self.order(wanted)
        return await self.wait(lambda r: r.serving)

    async def control(self, service: str, action: str) -> tuple[int, Any]:
        return await self.call("POST", f"services/{service}/{action}")

    async def pids(self) -> dict[str, int]:
        return {s.name: s.pid for s in (await self.report()).services if s.pid is not None}

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def ended(self) -> int:
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), 15)

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def refusal(self) -> tuple[int, str]:
        """Exit code and sentence of an agent that does not start."""
        self.log.write_bytes(b"")
        await self.spawn()
        return await self.ended(), self.log.read_text()

    async def close(self) -> None:
        await self.kill()
        for http in self._http.values():
            await http.close()


class Session:
    """A client of the demo's router."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def log_in(cls, agent: Agent, home: str, user: str = "alice") -> Session | None:
        """None when this node does not serve that home."""
        reader, writer = await asyncio.open_connection("127.0.0.1", agent.client_port)
        writer.write(f"LOGIN {user} {home}\n".encode())
        if await reader.readline() == b"OK\n":
            return cls(reader, writer)
        writer.close()
        return None

    async def closed_by_node(self) -> None:
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(self.reader.read(), 15) == b""
        self.writer.close()


class Lab:
    """An engine and agents, all ended with the test."""

    def __init__(self, folder: Path, certificates: Path) -> None:
        self.folder = folder
        self.certificates = certificates
        self.engine = Engine(free_port())
        self.agents: list[Agent] = []
        self.others: list[asyncio.subprocess.Process] = []

    def agent(self, name: str = "imp1") -> Agent:
        agent = Agent(name, self.folder, self.certificates, self.engine.port)
        self.agents.append(agent)
        return agent

    async def started(self, name: str = "imp1") -> Agent:
        agent = self.agent(name)
        await agent.start()
        return agent

    async def run(self, *command: str) -> None:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = await asyncio.create_subprocess_exec(sys.executable, *command, env=env)
        self.others.append(process)

    async def close(self) -> None:
        for agent in self.agents:
            await agent.close()
        for process in self.others:
            process.kill()
            await process.wait()
        await self.engine.close()
