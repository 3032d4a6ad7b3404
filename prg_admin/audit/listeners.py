"""Accounts stand below the audit log and cannot call it; it listens."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from prg_admin.accounts.signals import AccountEvent, account_event
from prg_admin.audit.models import Action, Kind
from prg_admin.audit.services import record
from prg_admin.lib.actor import Actor


@receiver(account_event)
def note(
    *,
    actor: Actor,
    event: AccountEvent,
    username: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    **_more: Any,
) -> None:
    record(
        actor=actor,
        action=Action(event.value),
        kind=Kind.ACCOUNT,
        name=username,
        before=before,
        after=after,
    )
