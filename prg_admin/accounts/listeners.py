"""Signing in and out by Django's own hands."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.timezone import now

from prg_admin.accounts.idle import SEEN
from prg_admin.accounts.services import tell
from prg_admin.accounts.signals import AccountEvent
from prg_admin.lib.actor import Actor, address_of


@receiver(user_logged_in)
def signed_in(*, request: HttpRequest, user: AbstractBaseUser, **_more: Any) -> None:
    request.session[SEEN] = now().timestamp()
    _tell(AccountEvent.SIGNED_IN, request, user)


@receiver(user_logged_out)
def signed_out(*, request: HttpRequest, user: AbstractBaseUser | None, **_more: Any) -> None:
    if user is not None:
        _tell(AccountEvent.SIGNED_OUT, request, user)


def _tell(event: AccountEvent, request: HttpRequest, user: AbstractBaseUser) -> None:
    name = user.get_username()
    tell(event, actor=Actor(name, address_of(request)), username=name)
