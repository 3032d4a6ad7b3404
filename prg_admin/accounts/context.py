"""What templates know about the rights of the person: buttons nobody may use are not shown."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest
from django.utils.timezone import now

from prg_admin.accounts.idle import left_s, limit_s
from prg_admin.accounts.models import Role, User


@dataclass(frozen=True, slots=True)
class May:
    """``{% if may.change %}``: administrators. ``{% if may.operate %}``: also serviceability."""

    user: AbstractBaseUser | AnonymousUser | None

    @property
    def change(self) -> bool:
        return self._may(Role.ADMINISTRATOR)

    @property
    def operate(self) -> bool:
        return self._may(Role.SERVICEABILITY)

    def _may(self, role: Role) -> bool:
        return isinstance(self.user, User) and self.user.may(role)


@dataclass(frozen=True, slots=True)
class Idle:
    """``{{ idle.left_s }}``: until the person who does nothing is signed out."""

    request: HttpRequest

    @property
    def left_s(self) -> int:
        return int(left_s(self.request, now=now()))

    @property
    def limit_s(self) -> int:
        return limit_s()


def idle(request: HttpRequest) -> dict[str, Idle]:
    return {"idle": Idle(request)}


def may(request: HttpRequest) -> dict[str, May]:
    """A context processor. Templates included with ``only`` are handed ``may=may``."""
    return {"may": May(getattr(request, "user", None))}
