"""Who is locked out, and for how long yet."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from prg_admin.accounts.models import SignInFailure

FROM_EVERYWHERE = 10
"""So many times the limit of one address, from all addresses together, locks a name everywhere: so
guessing from many machines ends too, and one machine alone locks nobody out elsewhere."""


def lock_key(username: str) -> str:
    """What failures are counted under; a name is not guessed anew in other letters."""
    return unicodedata.normalize("NFKC", username).casefold().replace("\x00", "")[:150]


def lock_time() -> timedelta:
    return timedelta(minutes=settings.LOCKOUT_MINUTES)


def lock_left(username: str, address: str, *, now: datetime) -> timedelta | None:
    """How long signing in as this user from this address stays refused; None when it is not."""
    failures = SignInFailure.objects.filter(
        username=lock_key(username), last_at__gt=now - lock_time()
    )
    return left_of(list(failures), address, now=now)


def left_of(failures: Iterable[SignInFailure], address: str, *, now: datetime) -> timedelta | None:
    """As ``lock_left``, from the failures of one name that are still counted."""
    limit = settings.LOCKOUT_FAILURES
    every = list(failures)
    counted = [f for f in every if f.address == address and f.count >= limit]
    if sum(f.count for f in every) >= limit * FROM_EVERYWHERE:
        counted = every
    return max((f.last_at + lock_time() - now for f in counted), default=None)
