"""The one place where passwords are checked, whatever the door: pages, support pages, APIs."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now

from prg_admin.accounts.models import SignInFailure, User
from prg_admin.accounts.selectors import lock_key, lock_left
from prg_admin.accounts.services import sign_in_failed, sign_in_succeeded
from prg_admin.lib.actor import address_of
from prg_admin.lib.statements import Prepared


def _by_key(pk: int) -> QuerySet[User]:
    return User.objects.filter(pk=pk)


PERSON = Prepared(_by_key, int)


class LockingBackend(ModelBackend):
    """Django's own, refusing to look at passwords while a name is locked from an address.

    A small one of our own, because the well-known library answers the lock-out of an asynchronous
    server with a wrong argument, keeps what was typed into forms, and does not speak Japanese.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> User | None:
        username = more.get(User.USERNAME_FIELD) if username is None else username
        if username is None or password is None or "\x00" in username:
            return None
        address = "" if request is None else address_of(request)
        with transaction.atomic():
            # Whoever goes on guessing in parallel waits here: nobody gets more than the limit.
            known = SignInFailure.objects.select_for_update()
            seen = list(known.filter(username=lock_key(username), address=address))
            if lock_left(username, address, now=now()) is None:
                return self._checked(request, username, password, address, seen)
        # No other backend is asked, and Django signs nobody in.
        raise PermissionDenied

    async def aauthenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> User | None:
        check = sync_to_async(self.authenticate)
        return await check(request, username=username, password=password, **more)

    def get_user(self, user_id: int) -> User | None:
        """As Django's: every request asks who somebody is."""
        found = PERSON(user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None

    def _checked(
        self,
        request: HttpRequest | None,
        username: str,
        password: str,
        address: str,
        seen: list[SignInFailure],
    ) -> User | None:
        user = super().authenticate(request, username=username, password=password)
        if not isinstance(user, User):
            sign_in_failed(username=username, address=address, now=now())
            return None
        if seen:
            sign_in_succeeded(username=username, address=address)
        return user
