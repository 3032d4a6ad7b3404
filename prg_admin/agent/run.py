"""From the command line to a running agent, and back down again."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from prg_admin.agent import config as configuration
from prg_admin.agent import processes, tls
from prg_admin.agent.config import Config, ConfigError, ServiceConfig
from prg_admin.agent.door import NullDoor, ProcessDoor
from prg_admin.agent.drivers import ProcessDriver
from prg_admin.agent.node import Node
from prg_admin.agent.server import application
from prg_admin.agent.store import Store, lock_folder
from prg_admin.agent.supervisor import Service, Supervisor

log = logging.getLogger(__name__)

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - recognised, not listened on

KEPT_OPEN_S = 300.0
"""Longer than any sensible heartbeat interval: heartbeats do not shake hands anew each time."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="prg_admin.agent", description="Node agent.")
    parser.add_argument("--config", type=Path, required=True, metavar="NODE.toml")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO, stream=sys.stderr
    )
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    try:
        asyncio.run(_run(configuration.load(options.config)))
    except (ConfigError, processes.ProcessStaysError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _run(config: Config) -> None:
    asyncio.get_running_loop().set_exception_handler(_note_trouble)
    key = config.read_key()
    server_tls, client_tls = tls.server_context(config.tls), tls.client_context(config.tls)
    lock = lock_folder(config.state_dir)
    try:
        listener = _listen(config)
        store = Store(config.state_dir)
        store.load()
        mark = processes.mark_of(config.state_dir)
        left = processes.fence(store.state.processes.values(), mark=mark)
        if left:
            log.warning("ended what an earlier agent left: %s", ", ".join(map(str, left)))
        # From the node's own address: who filters or counts traffic by address sees the node.
        own = None if config.listen_host in WILDCARDS else (config.listen_host, 0)
        connector = aiohttp.TCPConnector(keepalive_timeout=KEPT_OPEN_S, local_addr=own)
        async with aiohttp.ClientSession(connector=connector) as http:
            node, supervisor = _build(
                config, store, mark, http=http, client_tls=client_tls, key=key
            )
            runner = web.AppRunner(application(node), access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            await web.SockSite(runner, listener, ssl_context=server_tls).start()
            log.info("node %s listens on %s:%d", config.name, *listener.getsockname()[:2])
            try:
                await _serve(node, supervisor)
            finally:
                await runner.cleanup()
    finally:
        os.close(lock)


def _listen(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.listen_host else socket.AF_INET
    address = (config.listen_host, config.listen_port)
    try:
        return socket.create_server(address, family=family, backlog=128)
    except OSError as error:
        raise ConfigError(
            f"The agent cannot listen on {address[0]} port {address[1]}: {error.strerror or error}."
        ) from error


def _build(
    config: Config,
    store: Store,
    mark: str,
    *,
    http: aiohttp.ClientSession,
    client_tls: Any,
    key: str,
) -> tuple[Node, Supervisor]:
    process_door = ProcessDoor(lambda: node.door_changed())  # noqa: PLW0108 - not yet there
    env = {**os.environ, processes.MARK: mark}

    def service(spec: ServiceConfig) -> Service:
        is_door = spec.name == config.door_service
        log_file = config.state_dir / "log" / f"{_slug(spec.name)}.log"
        return Service(
            spec,
            ProcessDriver(spec.command, log=log_file, env=env, piped=is_door),
            door=process_door if is_door else None,
            changed=lambda name: node.service_changed(name),  # noqa: PLW0108 - not yet there
            record=store.record,
        )

    supervisor = Supervisor({spec.name: service(spec) for spec in config.services})
    node = Node(
        config,
        boot_id=uuid.uuid4().hex,
        store=store,
        supervisor=supervisor,
        door=process_door if config.door_service else NullDoor(),
        http=http,
        tls=client_tls,
        key=key,
    )
    return node, supervisor


async def _serve(node: Node, supervisor: Supervisor) -> None:
    stop = asyncio.Event()
    _on_signals(stop.set)
    node.begin()
    running = asyncio.ensure_future(node.run())
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if running.done():
        supervisor.kill_all()
        running.result()  # raises: something in us is broken, better to be seen dead
        return
    log.info("shutting down")
    _on_signals(supervisor.kill_all)  # who asks twice is in a hurry
    await node.withdraw()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await node.stop_services()
    await node.goodbye()
    log.info("stopped")


def _on_signals(react: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, react)


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name.lower())


def _note_trouble(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One line for what no task waits for, such as a caller that breaks off the handshake."""
    log.warning("%s %r", context.get("message", ""), context.get("exception"))
