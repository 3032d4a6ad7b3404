"""The people who sign in, and what their roles let them do."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """From the least to the most; each may do all that the ones before it may.

    They stand for the access control groups of the original:

    ==============  =============================  ==========================================
    role            there                          may
    ==============  =============================  ==========================================
    read only       Standard CCM Read Only         see every page, change nothing
    serviceability  Standard Serviceability        also what stands under Serviceability:
                                                   start, stop, restart and activate services
    administrator   Standard CCM Admin Users       everything: configuration, failover,
                    with Standard CCM Super Users  fallback, recover, people
    ==============  =============================  ==========================================

    Failover and fallback stand on the page of the group there, which is part of the
    administration and not of Serviceability; so they are an administrator's here.
    """

    READ_ONLY = "read-only", _("Read only")
    SERVICEABILITY = "serviceability", _("Serviceability")
    ADMINISTRATOR = "administrator", _("Administrator")

    def includes(self, other: Role) -> bool:
        every = list(Role)
        return every.index(self) >= every.index(other)


class UserManager(DjangoUserManager["User"]):
    def create_superuser(self, *args: Any, **fields: Any) -> User:
        fields.setdefault("role", Role.ADMINISTRATOR)
        return super().create_superuser(*args, **fields)

    create_superuser.alters_data = True  # type: ignore[attr-defined]


class User(AbstractUser):
    """Our own user table from the first migration on, so that it can grow without surgery."""

    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.READ_ONLY)

    objects: ClassVar[UserManager] = UserManager()

    class Meta(AbstractUser.Meta):
        constraints = (
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values),
                name="user_role_valid",
                violation_error_message=_("Role must be one of the list."),
            ),
            models.CheckConstraint(
                condition=models.Q(is_superuser=False) | models.Q(role=Role.ADMINISTRATOR),
                name="user_superuser_administers",
                violation_error_message=_(
                    "A superuser's role must be Administrator: a superuser may do everything."
                ),
            ),
        )

    def may(self, role: Role) -> bool:
        """Whether this person may do what ``role`` may."""
        return self.is_active and Role(self.role).includes(role)


class SignInFailure(models.Model):
    """Failed attempts to sign in as somebody, known or not, from one address."""

    username = models.CharField(max_length=150)
    """Without regard to case: ``accounts.selectors.lock_key``."""
    address = models.CharField(max_length=45, blank=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-last_at",)
        verbose_name = _("failed sign-in")
        verbose_name_plural = _("failed sign-ins")
        constraints = (
            models.UniqueConstraint(fields=("username", "address"), name="sign_in_failure_unique"),
        )

    def __str__(self) -> str:
        return f"{self.username} {self.address}"
