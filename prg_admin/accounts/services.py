"""What happens to accounts. Each tells ``account_event`` in its own transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from prg_admin.accounts.models import Role, SignInFailure, User
from prg_admin.accounts.selectors import lock_key, lock_time
from prg_admin.accounts.signals import AccountEvent, account_event
from prg_admin.lib.actor import Actor

SHOWN = ("username", "role", "is_active", "is_staff", "is_superuser", "email")
"""Fields of an account that the records keep."""


def tell(
    event: AccountEvent,
    *,
    actor: Actor,
    username: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    account_event.send(
        User, event=event, actor=actor, username=username, before=before, after=after
    )


def account_values(user: User) -> dict[str, Any]:
    return {field: getattr(user, field) for field in SHOWN}


@transaction.atomic
def sign_in_failed(*, username: str, address: str, now: datetime) -> None:
    """Counts a wrong password; with the last allowed one the name is locked from that address."""
    key, actor = lock_key(username), Actor(username, address)
    failures = SignInFailure.objects.select_for_update()
    failure, _new = failures.get_or_create(username=key, address=address, defaults={"last_at": now})
    failure.count = 1 if failure.last_at <= now - lock_time() else failure.count + 1
    failure.last_at = now
    failure.save(update_fields=["count", "last_at"])
    tell(AccountEvent.SIGN_IN_FAILED, actor=actor, username=username)
    if failure.count == settings.LOCKOUT_FAILURES:
        after = {"minutes": settings.LOCKOUT_MINUTES}
        tell(AccountEvent.LOCKED, actor=actor, username=username, after=after)


def sign_in_succeeded(*, username: str, address: str) -> None:
    """What failed before from there is forgotten; failures from elsewhere still count."""
    SignInFailure.objects.filter(username=lock_key(username), address=address).delete()


@transaction.atomic
def person_unlock(*, username: str, actor: Actor) -> bool:
    """Whether there was anything to forget."""
    deleted, _by_model = SignInFailure.objects.filter(username=lock_key(username)).delete()
    if deleted:
        tell(AccountEvent.UNLOCKED, actor=actor, username=username)
    return bool(deleted)


@transaction.atomic
def person_add(*, username: str, role: Role, password: str, actor: Actor) -> User:
    """Raises ``ValidationError`` for a name or a password that breaks the rules."""
    user = User(username=username, role=role)
    user.full_clean(exclude=["password"])
    validate_password(password, user)
    user.set_password(password)
    user.save(force_insert=True)
    tell(AccountEvent.ADDED, actor=actor, username=username, after=account_values(user))
    return user


@transaction.atomic
def role_change(*, username: str, role: Role, actor: Actor) -> User:
    """Raises ``User.DoesNotExist`` and ``ValidationError``."""
    user = User.objects.select_for_update().get(username=username)
    before = account_values(user)
    user.role = role
    user.full_clean(exclude=["password"])
    user.save(update_fields=["role"])
    after = account_values(user)
    tell(AccountEvent.CHANGED, actor=actor, username=username, before=before, after=after)
    return user


def failures_prune(*, now: datetime) -> int:
    """Forgets what is not counted any more."""
    deleted, _by_model = SignInFailure.objects.filter(last_at__lte=now - lock_time()).delete()
    return deleted
