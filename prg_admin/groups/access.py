"""Loading groups for a person: what they may not see is not there."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import Http404

from prg_admin.groups.models import PresenceRedundancyGroup


def get_group_or_404(user: AbstractBaseUser | AnonymousUser, pk: int) -> PresenceRedundancyGroup:
    """Every administrator sees every group; roles come between here later."""
    groups = PresenceRedundancyGroup.objects.select_related("cluster")
    group = groups.filter(pk=pk).first() if user.is_authenticated else None
    if group is None:
        raise Http404
    return group
