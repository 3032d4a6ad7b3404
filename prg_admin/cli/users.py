"""``utils users server``: who serves a user now, and who would if a node failed."""

from __future__ import annotations

import json
from argparse import _SubParsersAction
from typing import Any

from django.core.management.base import CommandError, CommandParser

from prg_admin.users.listing import UserRow, listed_users, user_rows

AREA = "users"
NOBODY = "nobody"


def add_arguments(areas: _SubParsersAction[CommandParser]) -> None:
    verbs = areas.add_parser(AREA, help="presence users").add_subparsers(
        dest="verb", required=True, metavar="command"
    )
    server = verbs.add_parser("server", help="who serves a user now, and who would")
    server.add_argument("userid", metavar="userid")
    server.add_argument("--failed", default="", metavar="NODE", help="if this node failed")
    server.add_argument("--cluster", default="", help="where several have a user of this name")
    server.add_argument("--json", action="store_true", help="print JSON")


def run(*, userid: str, failed: str, cluster: str, **options: Any) -> str:
    """What the command prints. Raises CommandError."""
    rows = _found(userid, cluster)
    found = [_document(row, failed) for row in rows]
    if options["json"]:
        return json.dumps(found, indent=2, ensure_ascii=False)
    return "\n\n".join(map(_text, found))


def _found(userid: str, cluster: str) -> list[UserRow]:
    users = listed_users().filter(userid__iexact=userid).order_by("cluster__name")
    if cluster:
        users = users.filter(cluster__name__iexact=cluster)
    rows = user_rows(users)
    if not rows:
        where = f" in cluster {cluster!r}" if cluster else ""
        raise CommandError(f"There is no presence user {userid!r}{where}.")
    return rows


def _document(row: UserRow, failed: str) -> dict[str, Any]:
    outlook = dict(row.outlook)
    if failed:
        names = {node.lower(): node for node in outlook}
        if failed.lower() not in names:
            known = ", ".join(outlook) or "none"
            raise CommandError(
                f"Node {failed!r} has nothing to do with {row.user.userid}. Nodes of the user's "
                f"group: {known}."
            )
        outlook = {names[failed.lower()]: outlook[names[failed.lower()]]}
    return {
        "userid": row.user.userid,
        "cluster": row.user.cluster.name,
        "home": row.home or None,
        "group": row.group.name if row.group else None,
        "served_by": row.served_by or None,
        "if_failed": {node: server or None for node, server in outlook.items()},
    }


def _text(found: dict[str, Any]) -> str:
    lines = [
        f"User ID: {found['userid']} Cluster: {found['cluster']}",
        f"Home node: {found['home'] or 'unassigned'} Subcluster Name: {found['group'] or '-'}",
        f"Served by: {found['served_by'] or NOBODY}",
    ]
    for node, server in found["if_failed"].items():
        lines.append(f"If {node} failed, served by: {server or NOBODY}")
    return "\n".join(lines)
