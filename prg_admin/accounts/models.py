"""The people who sign in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Our own user table from the first migration on, so that it can grow without surgery."""
