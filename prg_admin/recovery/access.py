"""Loads what a person may see or act upon, or answers 404."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.shortcuts import get_object_or_404

from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.recovery.models import Event

Person = AbstractBaseUser | AnonymousUser


def get_group_or_404(_user: Person, group_id: int) -> PresenceRedundancyGroup:
    return get_object_or_404(PresenceRedundancyGroup, pk=group_id)


def get_member_or_404(_user: Person, node_id: int) -> Member:
    return get_object_or_404(Member.objects.select_related("group", "node"), node_id=node_id)


def get_event_or_404(_user: Person, event_id: int) -> Event:
    return get_object_or_404(Event.objects.select_related("group"), pk=event_id)
