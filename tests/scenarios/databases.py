"""The nodes' own databases: what is wrong with them, and what the engine knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.scenarios.installation import Installation


def name_of(installation: Installation, node: str) -> str:
    """Of the node's database, and of its subscription."""
    return f"{installation.database_url.rpartition('/')[2]}_{node}"


def at(installation: Installation, node: str, statement: str) -> None:
    """As a superuser in the node's own database."""
    url = f"{installation.database_url}_{node}"
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(statement)


def value(installation: Installation, node: str) -> int | None:
    """As the engine heard it last."""
    (row,) = installation.query(
        "select r.document -> 'database' -> 'replication' as value from topology_nodereport r"
        " join topology_node n on n.id = r.node_id where n.name = %s",
        node,
    )
    found: int | None = row["value"]
    return found


@contextmanager
def disabled(installation: Installation, node: str) -> Iterator[None]:
    subscription = name_of(installation, node)
    at(installation, node, f"alter subscription {subscription} disable")
    try:
        yield
    finally:
        at(installation, node, f"alter subscription {subscription} enable")


@contextmanager
def locked_out(installation: Installation, node: str) -> Iterator[None]:
    """Nobody comes into the node's database, and nobody is left in it."""
    database = name_of(installation, node)
    installation.query(f"alter database {database} allow_connections false")
    try:
        installation.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", database
        )
        yield
    finally:
        installation.query(f"alter database {database} allow_connections true")
