"""Secrets that have to be read again, such as a directory's password, as the database keeps them.

Sealed with a key derived from ``SECRET_KEY``: who has a copy of the database alone has no secret.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):  # noqa: N818 - what it is, not that it is an error
    """It was sealed with another key."""


def seal(secret: str) -> str:
    """Nothing stays nothing."""
    return _box().encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str) -> str:
    """Raises ``Unreadable``."""
    if not sealed:
        return ""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def _box() -> Fernet:
    derived = HKDF(hashes.SHA256(), length=32, salt=None, info=b"prg_admin sealed secrets")
    key = derived.derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))
