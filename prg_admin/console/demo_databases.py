"""A database of its own for each node of the demo, replicated from the publisher's.

All of them live in the installation's own PostgreSQL, each with a role that may read it and nothing
else. Everything is made when it is not there, and mended when it is there and broken, so this may
run at each start; the server's port may be another one each time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from prg_admin.topology.enrolment import NodeDatabase

PUBLICATION = "node_data"
OLDEST_SERVER = 160000
LONGEST_S = 30
"""A statement that waits longer fails: the start of an installation must not hang on it."""

TABLES = """
create table if not exists enterprise_node (
    name text primary key,
    address text not null,
    port integer not null,
    publisher boolean not null
);
create table if not exists presence_user (
    userid text primary key,
    home text not null
);
"""
KEPT_NODES = """
insert into enterprise_node (name, address, port, publisher) values (%s, %s, %s, %s)
on conflict (name) do update
set address = excluded.address, port = excluded.port, publisher = excluded.publisher
where enterprise_node is distinct from excluded
"""
KEPT_USERS = """
insert into presence_user (userid, home) values (%s, %s)
on conflict (userid) do update set home = excluded.home
where presence_user.home is distinct from excluded.home
"""


class RefusedError(Exception):
    """There will be no node databases; one sentence says why."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    name: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Content:
    """What the publisher publishes; the first node is the publisher."""

    nodes: Sequence[NodeRow]
    users: Mapping[str, str]
    """User id to home node."""


Password = Callable[[str], str]


def databases_make(*, server: str, content: Content, password: Password) -> dict[str, NodeDatabase]:
    """``server`` is the conninfo of a superuser's database; ``password`` makes a role's secret.

    Returns each node's access. Raises :class:`RefusedError`.
    """
    house = _House(server, password)
    try:
        house.check()
        first, *others = [node.name for node in content.nodes]
        house.make_publisher(first, content)
        for name in others:
            house.make_subscriber(name, first)
    except psycopg.Error as error:
        words = " ".join(str(error).split())
        raise RefusedError(f"The node databases cannot be made: {words}") from error
    access = {name: NodeDatabase(house.url(name), house.url(name, first)) for name in others}
    return {first: NodeDatabase(house.url(first), None), **access}


class _House:
    """The server, and how everything in it is called: after the database it is made beside."""

    def __init__(self, server: str, password: Password) -> None:
        self._server = conninfo_to_dict(server)
        self._prefix = _word(str(self._server["dbname"]))
        self._password = password
        self._replicator = f"{self._prefix}_replication"

    def name(self, node: str) -> str:
        """Of a node's database, role, subscription and slot."""
        return f"{self._prefix}_{_word(node)}"

    def url(self, node: str, at: str | None = None) -> str:
        """For the role of ``node`` to the database of ``at``, by default its own."""
        return self._url(self.name(node), self.name(at or node))

    def _url(self, role: str, database: str) -> str:
        place: dict[str, Any] = {
            key: self._server[key] for key in ("host", "port") if key in self._server
        }
        return make_conninfo(user=role, password=self._password(role), dbname=database, **place)

    @contextmanager
    def _at(self, database: str | None = None) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        own: dict[str, Any] = dict(self._server)
        if database:
            own["dbname"] = database
        # The time limit is the last option that counts; others of the address are not lost.
        options = f"{own.pop('options', '') or ''} -c statement_timeout={LONGEST_S}s".strip()
        conninfo = make_conninfo(**own, options=options, connect_timeout=10)
        with psycopg.connect(conninfo, autocommit=True) as link:
            yield link

    def check(self) -> None:
        with self._at() as link:
            row = link.execute(
                "select rolsuper, current_setting('wal_level') from pg_roles"
                " where rolname = current_user"
            ).fetchone()
            version = link.info.server_version
        is_superuser, wal_level = row or (False, "")
        if version < OLDEST_SERVER:
            raise RefusedError("Node databases need PostgreSQL 16 or newer.")
        if not is_superuser:
            raise RefusedError("Node databases need a database user with superuser rights.")
        if wal_level != "logical":
            raise RefusedError(
                f"Node databases need a server with wal_level = logical, not {wal_level}."
            )

    def make_publisher(self, node: str, content: Content) -> None:
        self._make_database(node)
        with self._at() as link:
            self._make_role(link, self._replicator, "login replication")
            _run(link, "grant connect on database {} to {}", self.name(node), self._replicator)
        with self._at(self.name(node)) as link:
            _run(link, "grant select on all tables in schema public to {}", self._replicator)
            _fill(link, content)
            known = link.execute("select 1 from pg_publication where pubname = %s", [PUBLICATION])
            if known.fetchone() is None:
                _run(link, "create publication {} for tables in schema public", PUBLICATION)

    def make_subscriber(self, node: str, publisher: str) -> None:
        self._make_database(node)
        with self._at() as link:
            _run(link, "grant connect on database {} to {}", self.name(publisher), self.name(node))
        source = self._url(self._replicator, self.name(publisher))
        with self._at(self.name(publisher)) as origin, self._at(self.name(node)) as link:
            _run(origin, "grant select on all tables in schema public to {}", self.name(node))
            found = link.execute(SUBSCRIBED_TO, [self.name(node)]).fetchone()
            if found is None or not _has_slot(origin, self.name(node)):
                _subscribe(origin, link, name=self.name(node), source=source)
            elif found[0] != source:
                _run(link, "alter subscription {} connection {text}", self.name(node), text=source)

    def _make_database(self, node: str) -> None:
        name = self.name(node)
        with self._at() as link:
            self._make_role(link, name, "login")
            there = link.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
            if there is None:
                _run(link, "create database {}", name)
                _run(link, "revoke connect, temporary on database {} from public", name)
            _run(link, "grant connect on database {} to {}", name, name)
        with self._at(name) as link:
            link.execute(TABLES)
            _run(link, "grant select on all tables in schema public to {}", name)

    def _make_role(self, link: psycopg.Connection[Any], role: str, rights: str) -> None:
        there = link.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
        verb = "create" if there is None else "alter"
        secret = self._password(role)
        _run(link, f"{verb} role {{}} {rights} password {{text}}", role, text=secret)


SUBSCRIBED_TO = """
select subconninfo from pg_subscription where subname = %s
   and subdbid = (select oid from pg_database where datname = current_database())
"""


def _word(name: str) -> str:
    """As a replication slot may be called."""
    return re.sub(r"[^a-z0-9_]", "_", name.lower())


def _run(link: psycopg.Connection[Any], statement: str, *names: str, text: str = "") -> None:
    query = sql.SQL(statement)
    link.execute(query.format(*map(sql.Identifier, names), text=sql.Literal(text)))


def _fill(link: psycopg.Connection[Any], content: Content) -> None:
    first = content.nodes[0].name
    nodes = [(node.name, node.address, node.port, node.name == first) for node in content.nodes]
    with link.transaction(), link.cursor() as cursor:
        cursor.executemany(KEPT_NODES, nodes)
        cursor.executemany(KEPT_USERS, list(content.users.items()))
        cursor.execute(
            "delete from enterprise_node where name <> all (%s)", [[n[0] for n in nodes]]
        )
        cursor.execute("delete from presence_user where userid <> all (%s)", [[*content.users]])


def _has_slot(origin: psycopg.Connection[Any], name: str) -> bool:
    kept = origin.execute(
        "select 1 from pg_replication_slots where slot_name = %s and wal_status <> 'lost'", [name]
    )
    return kept.fetchone() is not None


def _subscribe(
    origin: psycopg.Connection[Any], link: psycopg.Connection[Any], *, name: str, source: str
) -> None:
    """From the beginning, whatever was there before."""
    if link.execute(SUBSCRIBED_TO, [name]).fetchone() is not None:
        _run(link, "alter subscription {} disable", name)
        _run(link, "alter subscription {} set (slot_name = none)", name)
        _run(link, "drop subscription {}", name)
    origin.execute(
        "select pg_terminate_backend(active_pid, 5000) from pg_replication_slots"
        " where slot_name = %s and active_pid is not null",
        [name],
    )
    origin.execute(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = %s",
        [name],
    )
    link.execute("truncate enterprise_node, presence_user")
    # On one server, CREATE SUBSCRIPTION would wait for itself if it made the slot.
    origin.execute("select pg_create_logical_replication_slot(%s, 'pgoutput')", [name])
    _run(
        link,
        "create subscription {} connection {text} publication "
        f'"{PUBLICATION}" with (create_slot = false)',
        name,
        text=source,
    )
