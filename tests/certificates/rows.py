"""Rows of the tables of certificates, with nothing in their lists."""

from __future__ import annotations

from django.utils import timezone

from prg_admin.certificates.models import Certificate, Roll
from prg_admin.recovery.models import Event
from prg_admin.topology.models import Node


def create_certificate(event: Event) -> Certificate:
    return Certificate.objects.create(
        group=event.group,
        group_name=event.group_name,
        begun=event,
        before_at=event.at,
        homes_before=b"",
        rolls_before=b"",
    )


def create_roll(node: Node) -> Roll:
    at = timezone.now()
    return Roll.objects.create(
        node=node, boot_id="boot", revision=1, taken_at=at, confirmed_at=at, users=b""
    )
