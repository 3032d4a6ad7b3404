"""Bring an installation up, stay, and bring it down again (runs in the project's environment)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys

from prg_admin.launcher import catalogues, config, control, installation, specs
from prg_admin.launcher.config import Config
from prg_admin.launcher.orders import Orders
from prg_admin.launcher.output import Clock, RefusalError, say
from prg_admin.launcher.servers import Postgres, Valkey, check_broker, check_database
from prg_admin.launcher.supervisor import Supervisor

READY_SECONDS = 60.0
EXIT_REFUSED = 2
USER = "admin"


async def _servers(config: Config, supervisor: Supervisor) -> None:
    """Start the servers nobody gave us, and write down where all of them are."""
    data = installation.with_secrets(config, installation.read(config))
    # Written before the first use: a password that is lost is a database that is lost.
    installation.write(config, data)
    database = Postgres(config.var / "postgres", password=data["database_password"])
    broker = Valkey(config.var / "valkey", password=data["redis_password"])
    if config.database_url:
        await asyncio.to_thread(check_database, config.database_url)
    else:
        await _start_server(database, config, supervisor)
    if config.redis_url:
        await asyncio.to_thread(check_broker, config.redis_url)
    else:
        await _start_server(broker, config, supervisor)
    data["database_url"] = config.database_url or database.url()
    data["redis_url"] = config.redis_url or broker.url()
    installation.write(config, data)


async def _start_server(server: Postgres | Valkey, config: Config, supervisor: Supervisor) -> None:
    child = supervisor.start(specs.server(server, config))
    await supervisor.wait_for(child, server.answers, READY_SECONDS)
    say(f"{server.name} answers on port {server.port}")


async def _set_up(config: Config, supervisor: Supervisor) -> str:
    """Demo and first user; returns what to say about the password."""
    password = config.admin_password or secrets.token_urlsafe(12)
    made, demo = await asyncio.gather(
        supervisor.run_once(specs.manage(config, "ensure_admin", PRG_ADMIN_PASSWORD=password)),
        supervisor.run_once(specs.manage(config, "load_demo", "--engine-url", config.url)),
    )
    say(f"The demo is loaded: {demo}")
    if made.endswith("exists"):
        return "as chosen when this installation was first started"
    return "the one in PRG_ADMIN_PASSWORD" if config.admin_password else password


def _web_answers(config: Config) -> bool:
    request = f"GET /login/ HTTP/1.0\r\nHost: 127.0.0.1:{config.port}\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", config.port), timeout=10) as link:
            link.sendall(request.encode())
            return link.recv(5) == b"HTTP/"
    except OSError:
        return False


async def _bring_up(config: Config, supervisor: Supervisor) -> None:
    await _servers(config, supervisor)
    await asyncio.to_thread(catalogues.compile_all)
    await supervisor.run_once(specs.manage(config, "migrate", "--no-input"))
    say("The tables are up to date")
    web = supervisor.start(specs.web(config))
    password = await _set_up(config, supervisor)
    # Agents before the engine: it must not find silent nodes that are only late.
    engine = [specs.worker(config), specs.chores(config), specs.beat(config)]
    for spec in [*specs.node_specs(config), *engine]:
        supervisor.start(spec)
    say(f"Started {', '.join(supervisor.children)}")
    await supervisor.wait_for(web, lambda: _web_answers(config), READY_SECONDS)
    say(f"Ready: {config.url}/   user: {USER}   password: {password}")
    say(f"Data and logs: {config.var}   Stop with Ctrl-C")


async def _until_told(config: Config, supervisor: Supervisor) -> None:
    """Bring everything up and stay; ends when a signal asks for it."""
    told = asyncio.Event()

    def stop() -> None:
        if told.is_set():
            supervisor.kill_all()
        told.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    supervisor.watch()
    up = asyncio.create_task(_bring_up(config, supervisor))
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait([up, waiting], return_when=asyncio.FIRST_COMPLETED)
    if up.done():
        up.result()
        await waiting
    up.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await up


async def _main(config: Config) -> int:
    supervisor = Supervisor(log=config.log, table=config.run / "processes.json")
    orders = await control.serve(config, Orders(config, supervisor).handle)
    code = 0
    try:
        await _until_told(config, supervisor)
    except RefusalError as error:
        say(str(error))
        code = 1
    finally:
        say("Stopping")
        orders.close()
        await supervisor.stop_all()
        say("Stopped; no process is left")
    return code


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m prg_admin.launcher.run", description=__doc__)
    parser.add_argument("--since", type=float, default=Clock.since)
    parser.add_argument("--no-restart", default="")
    options = parser.parse_args()
    Clock.since = options.since
    try:
        chosen = config.read(os.environ, no_restart=options.no_restart)
        with installation.checked(chosen):
            return asyncio.run(_main(chosen))
    except RefusalError as error:
        print(error, file=sys.stderr)
        return EXIT_REFUSED


if __name__ == "__main__":
    raise SystemExit(main())
