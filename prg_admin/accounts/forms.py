"""The sign-in form."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.forms import TextInput
from django.utils.translation import gettext_lazy as _


class LoginForm(AuthenticationForm):
    username = UsernameField(label=_("User name"), widget=TextInput(attrs={"autofocus": True}))

    error_messages = {
        "invalid_login": _(
            "User name or password is wrong. Mind capital letters in both; nobody was signed in."
        ),
        "inactive": _("This account is switched off. Ask another administrator to switch it on."),
    }
