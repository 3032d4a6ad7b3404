"""The processes of an installation: commands, environment, and the order in which they end.

The engine's own processes end before the agents: an installation that goes home is not an outage of
its nodes, and nobody shall fail over because of it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from prg_admin.launcher.config import Config
from prg_admin.launcher.servers import Postgres, Valkey
from prg_admin.launcher.supervisor import Spec

CLIENTS = "clients"
CLIENT_RANK, BEAT_RANK, WORKER_RANK, WEB_RANK, AGENT_RANK, VALKEY_RANK, POSTGRES_RANK = range(7)
_FOR_DJANGO_ONLY = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
_NOT_FOR_CHILDREN = ("PRG_ADMIN_PASSWORD", "PRG_NO_RESTART")


def django_env(config: Config, **more: str) -> dict[str, str]:
    """Addresses and key are read from ``installation.json``, as every other command does."""
    kept = {key: value for key, value in os.environ.items() if key not in _NOT_FOR_CHILDREN}
    return kept | {"PRG_VAR_DIR": str(config.var), "PORT": str(config.port)} | more


def agent_env(config: Config) -> dict[str, str]:
    """An agent knows its own file and nothing of the engine's database."""
    env = django_env(config)
    return {key: value for key, value in env.items() if key not in _FOR_DJANGO_ONLY}


def server(server: Postgres | Valkey, config: Config) -> Spec:
    return Spec(
        name=server.name,
        command=server.command,
        rank=POSTGRES_RANK if server.name == "postgres" else VALKEY_RANK,
        restart=server.name not in config.no_restart,
        stop_signal=server.stop_signal,
        death_signal=server.stop_signal,
        user=lambda: server.user,
        prepare=server.prepare,
    )


def manage(config: Config, *arguments: str, **env: str) -> Spec:
    """A ``manage.py`` command that runs to its end."""
    return Spec(
        name=arguments[0],
        command=lambda: [sys.executable, "manage.py", *arguments],
        restart=False,
        env=django_env(config, **env),
    )


def _house(config: Config, name: str, rank: int, *command: str) -> Spec:
    return Spec(
        name=name,
        command=lambda: [sys.executable, "-m", *command],
        rank=rank,
        restart=name not in config.no_restart,
        env=django_env(config),
    )


def web(config: Config) -> Spec:
    return _house(config, "web", WEB_RANK, "prg_admin.live.server", "--port", str(config.port))


def worker(config: Config) -> Spec:
    return _worker(config, "worker", "recovery", threads=8)


def chores(config: Config) -> Spec:
    """Imports and all else that may take long: they never hold up a heartbeat."""
    return _worker(config, "chores", "default", threads=2)


def _worker(config: Config, name: str, queue: str, *, threads: int) -> Spec:
    return _house(
        config,
        name,
        WORKER_RANK,
        *("celery", "-A", "prg_admin.celery", "worker", "-P", "threads", "-c", str(threads)),
        *("--without-gossip", "--without-mingle", "-Q", queue, "-n", f"{name}@%h"),
        *("--loglevel", "WARNING"),
    )


def beat(config: Config) -> Spec:
    schedule = str(config.run / "beat-schedule")
    return _house(
        config,
        "beat",
        BEAT_RANK,
        *("celery", "-A", "prg_admin.celery", "beat", "--pidfile=", "-s", schedule),
        *("--loglevel", "WARNING"),
    )


def agent(config: Config, file: Path) -> Spec:
    return _node_process(config, file, "prg_admin.agent", AGENT_RANK)


def clients(config: Config, file: Path) -> Spec:
    return _node_process(config, file, "prg_admin.agent.demo.clients", CLIENT_RANK)


def _node_process(config: Config, file: Path, module: str, rank: int) -> Spec:
    return Spec(
        name=file.stem,
        command=lambda: [sys.executable, "-m", module, "--config", str(file)],
        rank=rank,
        # A node that died is what the product is about; only a person brings it back.
        restart=False,
        # It has processes of its own to end, one after the other.
        death_signal=signal.SIGTERM,
        stop_seconds=20.0,
        env=agent_env(config),
    )


def node_specs(config: Config) -> list[Spec]:
    """One agent per node file, and the demo's clients where there are some."""
    files = sorted(config.nodes.glob("*.toml"))
    return [clients(config, f) if f.stem == CLIENTS else agent(config, f) for f in files]
