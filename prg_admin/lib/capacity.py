"""What would be left to serve whom, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prg_admin.domain.assignment import Survivor


def survivor_text(survivor: Survivor) -> str:
    return _("If %(failed)s fails, %(node)s would serve %(users)s of %(limit)s users.") % {
        "failed": survivor.failed,
        "node": survivor.node,
        "users": f"{survivor.users:,}",
        "limit": f"{survivor.limit:,}",
    }


def either_text(survivor: Survivor) -> str:
    """The same of both nodes of a pair, where there is little room."""
    return _("if one node fails, the other would serve %(users)s of %(limit)s users") % {
        "users": f"{survivor.users:,}",
        "limit": f"{survivor.limit:,}",
    }
