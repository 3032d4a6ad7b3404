"""Loading nodes for a person: what they may not see is not there."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import Http404

from prg_admin.topology.models import Node
from prg_admin.topology.selectors import node_list

MOST_DIGITS = 18


def get_node_or_404(user: AbstractBaseUser | AnonymousUser, pk: int) -> Node:
    """The node with cluster, last report, group and number of users."""
    node = node_list().filter(pk=pk).first() if user.is_authenticated else None
    if node is None:
        raise Http404
    return node


def choose_node(user: AbstractBaseUser | AnonymousUser, wanted: str) -> tuple[Node | None, str]:
    """The node a drop-down names, as ``get_node_or_404`` loads it; else what was asked for."""
    if not wanted:
        return None, ""
    is_key = wanted.isascii() and wanted.isdigit() and len(wanted) <= MOST_DIGITS
    if not (is_key and user.is_authenticated):
        return None, wanted
    node = node_list().filter(pk=int(wanted)).first()
    return node, "" if node else wanted
