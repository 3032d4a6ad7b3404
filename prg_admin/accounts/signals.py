"""What happens to accounts, told to whoever keeps the records: those apps stand above this one."""

from __future__ import annotations

from enum import StrEnum

from django.dispatch import Signal


class AccountEvent(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"
    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a name, not a secret


account_event = Signal()
"""Sent in the transaction of the event with ``actor`` (lib.actor.Actor), ``event``, ``username``,
``before`` and ``after`` (values by field, or None)."""
