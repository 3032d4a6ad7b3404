"""Loading groups for a person: what they may not see is not there."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import Http404

from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.groups.selectors import group_with_members


def get_group_or_404(user: AbstractBaseUser | AnonymousUser, pk: int) -> PresenceRedundancyGroup:
    """Every administrator sees every group; roles come between here later."""
    groups = PresenceRedundancyGroup.objects.select_related("cluster")
    group = groups.filter(pk=pk).first() if user.is_authenticated else None
    if group is None:
        raise Http404
    return group


def get_whole_group_or_404(
    user: AbstractBaseUser | AnonymousUser, pk: int
) -> PresenceRedundancyGroup:
    """With the members and all that is shown of their nodes, in one query."""
    group = group_with_members(pk) if user.is_authenticated else None
    return group or get_group_or_404(user, pk)
