"""The forms of signing in and of one's own password."""

from __future__ import annotations

from math import ceil
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UsernameField
from django.core.exceptions import ValidationError
from django.forms import TextInput
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from prg_admin.accounts.selectors import lock_left
from prg_admin.lib.actor import address_of


class TellsOfLock(AuthenticationForm):
    """Says how long somebody is locked out, instead of that the password is wrong."""

    locked_s = 0.0
    """Seconds left; 0 while nobody is locked out."""

    def get_invalid_login_error(self) -> ValidationError:
        address = address_of(self.request) if self.request else ""
        left = lock_left(self.cleaned_data.get("username") or "", address, now=now())
        if left is None:
            return super().get_invalid_login_error()
        self.locked_s = left.total_seconds()
        minutes = ceil(self.locked_s / 60)
        text = ngettext(
            "There were too many failed attempts: signing in as this user is locked for another "
            "%(minutes)s minute. An administrator can unlock it.",
            "There were too many failed attempts: signing in as this user is locked for another "
            "%(minutes)s minutes. An administrator can unlock it.",
            minutes,
        )
        return ValidationError(text, code="locked", params={"minutes": minutes})


class LoginForm(TellsOfLock):
    username = UsernameField(label=_("User name"), widget=TextInput(attrs={"autofocus": True}))

    error_messages = {
        "invalid_login": _(
            "User name or password is wrong. Mind capital letters in both; nobody was signed in."
        ),
        "inactive": _("This account is switched off. Ask another administrator to switch it on."),
    }


class SupportLoginForm(TellsOfLock, AdminAuthenticationForm):
    """Of the support pages."""


class PasswordForm(PasswordChangeForm):
    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": _("Current password: it is wrong. Nothing was changed."),
        "password_mismatch": _("New password: the two do not match. Nothing was changed."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = _("Current password")
        self.fields["new_password1"].label = _("New password")
        self.fields["new_password2"].label = _("New password, once more")
        self.fields["new_password2"].help_text = ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        new, old = cleaned.get("new_password1"), cleaned.get("old_password")
        if new and new == old:
            text = _("New password: it is the same as the current one.")
            self.add_error("new_password1", ValidationError(text, code="password_same"))
        return cleaned
