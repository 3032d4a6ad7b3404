"""What somebody sent after the session had ended is handed back, to be sent again.

It travels in the page, signed: nothing is kept on the server for somebody who is not signed in, and
nobody else can put words into the mouth of whoever signs in. Passwords and files do not travel.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core import signing
from django.http import HttpRequest

SALT = "accounts.resend"
FIELD = "resend"
"""Name of the field of the sign-in form that carries it."""
MOST = 200_000
"""Characters that are carried; a page must not grow without limit."""
OLDEST_S = 86_400


@dataclass(frozen=True, slots=True)
class Resend:
    address: str
    values: tuple[tuple[str, str], ...]


def kept(request: HttpRequest) -> str:
    """What was sent as a token; empty where it cannot be kept."""
    if request.method != "POST" or request.FILES:
        return ""
    token_name = "csrfmiddlewaretoken"  # noqa: S105 - the name of a field
    values = [
        (name, value)
        for name, every in request.POST.lists()
        for value in every
        if name != token_name
    ]
    secret = any("password" in name for name, _value in values)
    if not values or secret or sum(len(n) + len(v) for n, v in values) > MOST:
        return ""
    return signing.dumps([request.get_full_path(), values], salt=SALT, compress=True)


def taken(token: str) -> Resend | None:
    """None when the token was made by nobody or is too old."""
    try:
        address, values = signing.loads(token, salt=SALT, max_age=OLDEST_S)
    except signing.BadSignature:
        return None
    return Resend(address, tuple((name, value) for name, value in values))
